import type { Action } from '../actions/action.ts';
import { laneOf, placeOf } from '../actions/words.ts';
import type { Call } from '../core/delivery.ts';
import { errorMessage } from '../core/errors.ts';
import type { HistoryEntry, Recode, Recoded } from '../core/history.ts';
import type { Logger } from '../core/logger.ts';
import type { Value } from '../core/sample.ts';
import type { Journal } from '../journal/journal.ts';
import type { Correction } from '../journal/people/corrections.ts';
import { recodedBy } from '../rules/about-rules.ts';
import type { CodeTemplate, CompiledRule, Program } from '../rules/program.ts';

/** Gives an action the codes that its rule has in the config now. Times, counts and texts stay. */
export function recodeBy({ rules, signals }: Pick<Program, 'rules' | 'signals'>): Recode {
  /** The code that the action's own signal values give. Undefined: the action did not keep all of them. */
  function codeOf(template: CodeTemplate, { cause }: HistoryEntry): { readonly code: string | null } | undefined {
    const kept = new Map<string, Value>();
    for (const { signal, value } of cause.values) {
      if (value === null) continue;
      // 64-bit numbers are kept as text.
      const isNumber = typeof value === 'string' && signals.get(signal)?.type === 'number' && /^-?\d+$/.test(value);
      kept.set(signal, isNumber ? BigInt(value) : value);
    }
    if (!template.signals.every(signal => kept.has(signal))) return undefined;
    const found = template.resolve(signal => kept.get(signal));
    return { code: 'code' in found ? found.code : null };
  }

  return entry => {
    const rule = rules.find(({ name, renamedFrom }) => entry.rule === name || entry.rule === renamedFrom);
    if (!rule) return { why: `the config has no rule ${entry.rule} any more` };
    const params = recodedBy(rule, entry, template => codeOf(template, entry));
    if (!params) return { why: `rule ${rule.name} makes another kind of call by now` };
    const { kind } = entry;
    return { lane: laneOf(kind, placeOf({ kind, params } as Action)), params } satisfies Recoded;
  };
}

/** Where a rule stands in the config, as `file:line`, found by its name or its former name. */
export function whereRulesAre(rules: readonly CompiledRule[]): (rule: string) => string | undefined {
  const places = new Map<string, string>();
  for (const { name, renamedFrom, place } of rules) {
    const where = `${place.file}:${place.line}`;
    if (renamedFrom !== null) places.set(renamedFrom, where);
    places.set(name, where);
  }
  return rule => places.get(rule);
}

/**
 * Gives an action the codes that its rule has now. It does so only when L2L did not know a code, because then L2L certainly does not have
 * the action.
 */
export interface Corrector {
  /**
   * At the start: corrects the actions that wait because L2L did not know a code. Never rejects: an action that cannot be corrected waits
   * as before.
   */
  waiting(): Promise<void>;
  /**
   * After the start, a rule may still send counts under the codes of an earlier config. When L2L does not know such a code, the call is
   * over, and its actions wait again with the present codes; then it resolves to true. Rejects when the journal does.
   */
  call(call: Call, detail: string): Promise<boolean>;
}

export function createCorrector(
  { corrections }: Pick<Journal, 'corrections'>,
  program: Pick<Program, 'rules' | 'signals'>,
  log: Logger,
): Corrector {
  const recode = recodeBy(program);
  const notify = ({ actions, words: change }: Correction) =>
    log.info(
      { actions, change },
      'L2L did not know a code, and the rule has another one now: the action is sent with it',
    );
  return {
    async waiting() {
      try {
        for (const correction of await corrections.recodeWaiting(recode)) notify(correction);
      } catch (error) {
        log.error(
          { error: errorMessage(error) },
          'actions that wait for an unknown code could not get the present codes of their rules',
        );
      }
    },
    async call(call, detail) {
      const correction = await corrections.recodeCall(call, detail, recode);
      if (correction !== null) notify(correction);
      return correction !== null;
    },
  };
}
