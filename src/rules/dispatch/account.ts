import { formatDuration } from '../../core/fields.ts';
import type { SignalCell } from '../common/signal-table.ts';
import { note, report, type Step } from '../common/step.ts';
import type { Part, Truth } from '../program.ts';
import type { Conditions } from './conditions.ts';
import { knownTime } from './delay.ts';
import type { DispatchRule } from './dispatch-rule.ts';
import type { DispatchState } from './dispatch-state.ts';
import { isReasoned, partsValues, partsWords, unknownReasons } from './parts.ts';

/** What stands with a rule between its actions. */
type Situation = 'idle' | 'pending' | 'blocked' | 'unknown' | 'active' | 'clearing';

/**
 * Says why a rule does what it does, and why it does nothing: each change once, with the values that decided. What changes no state
 * asks for no commit of its own.
 */
export interface Account {
  /** A delay began to run: to open, or to clear. */
  begins(step: Step): void;
  /** What was waited for is false again before the delay ended. `known`: it was seen all the time. */
  returns(at: number, known: boolean, step: Step): void;
  /** A signal that has to stand still moved again while the delay ran. */
  movedAgain(at: number, step: Step): void;
  /** The delay stood still while something was unknown, and goes on; or begins anew. */
  goesOn(isOld: boolean, at: number, step: Step): void;
  /** After each look: what it came to, when nothing above says so. */
  looked(truth: Truth, at: number, step: Step): void;
  held(held: boolean, step: Step): void;
  stoodStill(from: number, to: number, goesOn: boolean, step: Step): void;
  /** Nothing is known any more. */
  restart(): void;
}

export type AccountOptions = {
  readonly rule: DispatchRule;
  /** Of the rule; read only. */
  readonly state: DispatchState;
  readonly conditions: Conditions;
  readonly cells: ReadonlyMap<string, SignalCell>;
};

export function createAccount({ rule, state, conditions, cells }: AccountOptions): Account {
  /** Null: not known since the start. */
  let was: Situation | null = null;
  let blockedBy = '';
  let unknownFrom = 0;
  /** By signal, as it was noted last. */
  let unknownBecause: ReadonlyMap<string, string> = new Map();
  /** Serial of the step in which something was noted that says what a look came to. */
  let notedIn = -1;

  const words = (parts: readonly Part[]) => partsWords(parts, cells);
  const values = (parts: readonly Part[]) => ({ values: partsValues(parts, cells) });
  const onDelay = formatDuration(rule.onDelay);
  const offDelay = formatDuration(rule.offDelay);
  const delayWords = () => (state.phase === 'clearing' ? `off_delay (${offDelay})` : `on_delay (${onDelay})`);
  const counted = (at: number) => formatDuration(state.delay === null ? 0 : knownTime(state.delay, at));

  function situation(truth: Truth): Situation {
    if (truth === 'unknown') return 'unknown';
    if (state.phase !== 'inactive') return state.phase;
    return conditions.isBlocked ? 'blocked' : 'idle';
  }

  function noteUnknown(at: number, step: Step): void {
    const parts = conditions.partsOf('unknown');
    // After a start that is the plain case until everything was read once.
    if (step.ending || (was === null && !isReasoned(parts, cells))) return;
    const reasons = unknownReasons(parts, cells);
    // A source that is back has said nothing of its signals yet: it is another reason when it does.
    const isOther = ([name, why]: readonly [string, string]) => (unknownBecause.get(name) ?? why) !== why;
    if (was === 'unknown' && ![...reasons].some(isOther)) return;
    unknownBecause = reasons;
    const isOpen = state.phase === 'active' || state.phase === 'clearing';
    const stands = state.delay === null ? '' : `; ${delayWords()} stands still after ${counted(at)}`;
    const text = `${words(parts)}: nothing ${isOpen ? 'closes' : 'opens'} while it is unknown${stands}`;
    note(step, rule, at, 'unknown', text, values(parts));
    if (was !== 'unknown') unknownFrom = at;
    was = 'unknown';
  }

  function noteBlocked(at: number, step: Step): void {
    const { label, parts } = conditions.blocking();
    const by = parts.map(({ text }) => text).join('\n');
    if (was === 'blocked' && by === blockedBy) return;
    blockedBy = by;
    const when = conditions.partsOf('when');
    const text = `${words(when)}, but ${words(parts)} (${label}): no dispatch is opened`;
    note(step, rule, at, 'blocked', text, values([...when, ...parts]));
  }

  function noteKnown(now: Situation, at: number, step: Step): void {
    const parts = conditions.partsOf(now === 'idle' ? 'when' : 'clearing');
    const comesTo = now === 'idle' ? 'the condition is false' : 'the dispatch stays open';
    const since = was === null ? 'first seen since the start' : `known again after ${formatDuration(at - unknownFrom)}`;
    note(step, rule, at, 'known', `${words(parts)}: ${comesTo} (${since})`, values(parts));
  }

  return {
    begins(step) {
      const { delay } = state;
      if (delay === null) return;
      notedIn = step.serial;
      const isClearing = state.phase === 'clearing';
      const parts = conditions.partsOf(isClearing ? 'clearing' : 'when');
      const length = isClearing ? offDelay : onDelay;
      const shadow = step.mode === 'shadow' && !isClearing ? ', in shadow mode only in the journal,' : '';
      const text = `${words(parts)}: ${isClearing ? 'clears' : `opens a dispatch${shadow}`} if it stays so for ${length}`;
      report(step, rule, delay.since, isClearing ? 'clearing' : 'pending', text, values(parts));
    },
    returns(at, known, step) {
      const isClearing = state.phase === 'clearing';
      // Why it is blocked is noted after the look.
      if (!isClearing && conditions.isBlocked) return;
      notedIn = step.serial;
      const parts = conditions.partsOf(isClearing ? 'clearing' : 'when');
      const lasted = state.delay === null ? 0 : knownTime(state.delay, at);
      const comesTo = isClearing ? 'the dispatch stays open' : 'no dispatch';
      const text = known
        ? `${words(parts)} after ${formatDuration(lasted)}, before ${delayWords()} ended: ${comesTo}`
        : `${words(parts)} when it was known again; how long the condition held is not known: ${comesTo}`;
      report(step, rule, at, isClearing ? 'kept_open' : 'returned', text, { ...values(parts), lasted });
    },
    movedAgain(at, step) {
      const lasted = state.delay === null ? 0 : knownTime(state.delay, at);
      const names = rule.when.still.join(', ');
      const text = `${names} moved again after ${formatDuration(lasted)}, before ${delayWords()} ended: no dispatch`;
      note(step, rule, at, 'returned', text, { lasted });
    },
    goesOn(isOld, at, step) {
      notedIn = step.serial;
      const parts = conditions.partsOf(state.phase === 'clearing' ? 'clearing' : 'when');
      const how = isOld
        ? `${delayWords()} goes on after ${counted(at)}`
        : `${delayWords()} begins anew, since what happened meanwhile is not known`;
      const since = was === 'unknown' ? ` after ${formatDuration(at - unknownFrom)}` : '';
      report(step, rule, at, 'known', `${words(parts)}: known again${since}, ${how}`, values(parts));
    },
    looked(truth, at, step) {
      const now = situation(truth);
      if (now === 'unknown') {
        noteUnknown(at, step);
        return;
      }
      if (now === 'blocked') noteBlocked(at, step);
      else if (notedIn === step.serial) blockedBy = '';
      else if ((was === 'unknown' || was === null) && (now === 'idle' || now === 'active')) noteKnown(now, at, step);
      else if (was === 'blocked' && now === 'idle') {
        const parts = conditions.partsOf('when');
        note(step, rule, at, 'condition_false', `${words(parts)}: the condition is false`, values(parts));
      }
      was = now;
    },
    held(held, step) {
      if (state.delay === null) return;
      const text = held
        ? `a source is catching up: ${delayWords()} waits until what was kept for the gateway is read`
        : `what was kept for the gateway is read: ${delayWords()} runs again`;
      note(step, rule, step.at, held ? 'catching_up' : 'caught_up', text);
    },
    stoodStill(from, to, goesOn, step) {
      const how = goesOn ? 'that time does not count' : `${delayWords()} begins anew`;
      report(step, rule, to, 'stood_still', `the gateway stood still for ${formatDuration(to - from)}: ${how}`);
    },
    restart() {
      was = null;
      blockedBy = '';
    },
  };
}
