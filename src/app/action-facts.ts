import type { Action } from '../actions/action.ts';
import { kindOf } from '../actions/registry.ts';

/** What a line of the log says of an action: machine or line, reason, true times, rule. Pure. */
export function actionFacts({ kind, params, rule, cause }: Action): object {
  const { words, decision } = kindOf(kind);
  const facts = { ...words.facts([params]), rule };
  return decision.unit === 'episode' ? { ...facts, why: cause.text } : facts;
}
