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

/** Reads the codes of an action from its rule as the config has it now. Times, counts and texts stay. */
export function recodeBy({ rules, signals }: Pick<Program, 'rules' | 'signals'>): Recode {
  /** The values of that time, as far as the action kept them. */
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

/** Where a rule is written, as `file:line`, by its name or its former one. */
export function whereRulesAre(rules: readonly CompiledRule[]): (rule: string) => string | undefined {
  const places = new Map<string, string>();
  for (const { name, renamedFrom, place } of rules) {
    const where = `${place.file}:${place.line}`;
    if (renamedFrom !== null) places.set(renamedFrom, where);
    places.set(name, where);
  }
  return rule => places.get(rule);
}

/** Gives what L2L certainly does not have, for want of a code it knows, the codes that its rule has now. */
export interface Corrector {
  /**
   * At the start: what still waits because L2L did not know a code, and was never sent. Never rejects: what could not be changed waits
   * as it was.
   */
  waiting(): Promise<void>;
  /**
   * What rules had counted under the codes of an earlier file is made into an action after the start. Once L2L says that it does not
   * know them, the file was corrected. True: the call is over, and its actions wait again with the new codes. Rejects when the journal does.
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
    log.info({ actions, change }, 'the rule has other codes by now: what L2L did not know is sent with them');
  return {
    async waiting() {
      try {
        for (const correction of await corrections.recodeWaiting(recode)) notify(correction);
      } catch (error) {
        log.error(
          { error: errorMessage(error) },
          'what waits for an unknown code could not be given the codes of its rule',
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
