import type { Action, Cause, CauseValue } from '../../actions/action.ts';
import type { Value } from '../../core/sample.ts';
import { plainValue } from '../../core/sample.ts';
import type { CompiledRule } from '../program.ts';
import type { SignalCell } from './signal-table.ts';

/** Whoever has actions made: a rule, or what is left of one that is not configured any more. */
export type ActionAuthor = Pick<CompiledRule, 'name' | 'maxAge' | 'onUnknown'> & {
  /** Why an action is made, with the values as they are now; of the signals in `then` with those. */
  cause(text: string, then?: ReadonlyMap<string, Value>): Cause;
};

/** `cells`: of every signal whose value is part of the cause. */
export function authorOf(rule: CompiledRule, cells: readonly SignalCell[]): ActionAuthor {
  const { name, maxAge, onUnknown } = rule;
  return { name, maxAge, onUnknown, cause: (text, then) => causeOf(rule, cells, text, then) };
}

function causeOf(
  rule: CompiledRule,
  cells: readonly SignalCell[],
  text: string,
  then: ReadonlyMap<string, Value> = new Map(),
): Cause {
  const values: CauseValue[] = cells.map(cell => ({
    signal: cell.definition.name,
    value: plainValue(then.get(cell.definition.name) ?? cell.value),
    quality: cell.quality,
    at: cell.at,
  }));
  return { rule: rule.name, where: `${rule.place.file}:${rule.place.line}`, text, values };
}

/** Its place in the config and its values are gone; what it had not sent is sent however old it is. */
export function formerAuthor(name: string): ActionAuthor {
  const where = 'not configured any more';
  return { name, maxAge: null, onUnknown: 'park', cause: text => ({ rule: name, where, text, values: [] }) };
}

/** How long an action may still be sent that says what happened at `at`; an end or a newest count is always worth it. */
export function expiryOf({ maxAge }: ActionAuthor, at: number): Pick<Action, 'expiresAt'> {
  return maxAge === null ? {} : { expiresAt: at + maxAge };
}

/** What is done when nobody can say whether L2L took the action; park goes without saying. */
export function unknownOf({ onUnknown }: ActionAuthor): Pick<Action, 'onUnknown'> {
  return onUnknown === 'park' ? {} : { onUnknown };
}
