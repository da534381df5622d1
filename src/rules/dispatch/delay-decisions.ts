import { formatDuration } from '../../core/fields.ts';
import { note, report, type Step } from '../common/step.ts';
import { knownTime } from './delay.ts';
import { partsValues, partsWords } from './parts.ts';
import type { RunningDispatch } from './running-dispatch.ts';

/** A delay began to run: to open, or to clear. */
export function recordBegin({ rule, state, acts, conditions, cells, account }: RunningDispatch, step: Step): void {
  const { delay } = state;
  if (delay === null) return;
  account.recordedIn = step.serial;
  const isClearing = state.phase === 'clearing';
  const parts = conditions.partsOf(isClearing ? 'clearing' : 'when');
  const length = formatDuration(isClearing ? rule.offDelay : rule.onDelay);
  const shadow = step.mode === 'shadow' && !isClearing ? ', in shadow mode only in the journal,' : '';
  const follows = isClearing ? 'clears' : `${acts.words.follows}${shadow}`;
  const text = `${partsWords(parts, cells)}: ${follows} if it stays so for ${length}`;
  const values = partsValues(parts, cells);
  report(step, rule, delay.since, isClearing ? 'clearing' : 'pending', text, { values });
}

/** The condition is false again before the end of the delay. `isKnown`: it was known all the time. */
export function recordReturn(run: RunningDispatch, at: number, isKnown: boolean, step: Step): void {
  const { rule, state, acts, conditions, cells, account } = run;
  const isClearing = state.phase === 'clearing';
  // The decision after the evaluation names the block.
  if (!isClearing && conditions.isBlocked) return;
  account.recordedIn = step.serial;
  const parts = conditions.partsOf(isClearing ? 'clearing' : 'when');
  const words = partsWords(parts, cells);
  const lasted = lastedUntil(run, at);
  const comesTo = isClearing ? acts.words.stays : acts.words.none;
  const text = isKnown
    ? `${words} after ${formatDuration(lasted)}, before ${delayWords(run)} ended: ${comesTo}`
    : `${words} when it was known again; how long the condition held is not known: ${comesTo}`;
  const values = partsValues(parts, cells);
  report(step, rule, at, isClearing ? 'kept_open' : 'returned', text, { values, lasted });
}

/** A signal that has to stand still moved again while the delay ran. */
export function recordMovedAgain(run: RunningDispatch, at: number, step: Step): void {
  const { rule, acts } = run;
  const lasted = lastedUntil(run, at);
  const names = rule.when.still.join(', ');
  const text = `${names} moved again after ${formatDuration(lasted)}, before ${delayWords(run)} ended: ${acts.words.none}`;
  note(step, rule, at, 'returned', text, { lasted });
}

/** The condition is known again: the delay goes on after its pause, or begins anew. */
export function recordResumed(run: RunningDispatch, goesOn: boolean, at: number, step: Step): void {
  const { rule, state, conditions, cells, account } = run;
  account.recordedIn = step.serial;
  const parts = conditions.partsOf(state.phase === 'clearing' ? 'clearing' : 'when');
  const how = goesOn
    ? `${delayWords(run)} goes on after ${formatDuration(lastedUntil(run, at))}`
    : `${delayWords(run)} starts again, because nobody knows what happened meanwhile`;
  const since = account.was === 'unknown' ? ` after ${formatDuration(at - account.unknownFrom)}` : '';
  const text = `${partsWords(parts, cells)}: known again${since}, ${how}`;
  report(step, rule, at, 'known', text, { values: partsValues(parts, cells) });
}

/** The process stood still, and so did the delay. */
export function recordStandstill(run: RunningDispatch, from: number, to: number, goesOn: boolean, step: Step): void {
  const how = goesOn ? 'that time does not count' : `${delayWords(run)} starts again`;
  report(step, run.rule, to, 'stood_still', `the gateway stood still for ${formatDuration(to - from)}: ${how}`);
}

/** A source of the rule began or ended its catch-up while a delay ran. */
export function recordHold(run: RunningDispatch, held: boolean, step: Step): void {
  if (run.state.delay === null) return;
  const text = held
    ? `a source is catching up: ${delayWords(run)} waits until what was kept for the gateway is read`
    : `what was kept for the gateway is read: ${delayWords(run)} runs again`;
  note(step, run.rule, step.at, held ? 'catching_up' : 'caught_up', text);
}

/** `on_delay (2m)`: the running delay. */
export function delayWords({ rule, state }: RunningDispatch): string {
  return state.phase === 'clearing'
    ? `off_delay (${formatDuration(rule.offDelay)})`
    : `on_delay (${formatDuration(rule.onDelay)})`;
}

/** Known time that the delay has counted (ms); 0: none runs. */
export function lastedUntil({ state }: RunningDispatch, at: number): number {
  return state.delay === null ? 0 : knownTime(state.delay, at);
}
