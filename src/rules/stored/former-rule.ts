import { totalOf, uncertaintyOf } from '../counting/blind-product.ts';
import { knownUntil } from '../counting/counters.ts';
import { tellPending } from '../counting/cycle-count.ts';
import type { ProductionState } from '../counting/production-state.ts';
import { tellInterval } from '../counting/record-set.ts';
import type { DispatchState } from '../dispatch/dispatch-state.ts';
import { closeAction } from '../dispatch/episode.ts';
import { type Step, tell } from '../engine/step.ts';
import { formerTeller } from '../engine/teller.ts';
import type { StoredState } from './stored-state.ts';

const SECOND = 1000;
const REMOVED = 'the rule was removed from the config';

/**
 * A dispatch that its rule opened, and does not want closed when it is removed: its state is all that is known of it, so it is
 * kept and shown.
 */
export function leavesDispatch(state: StoredState): boolean {
  return state.kind === 'dispatch' && state.episode !== null && state.episode.onRemove === 'leave';
}

/**
 * Ends what a rule left behind that is not configured any more, or is one of another kind now: nothing it counted stays untold,
 * and its episode is over. Nothing is known since `lastAlive`; a dispatch to be left open is told nothing.
 */
export function endFormerRule(name: string, state: StoredState, lastAlive: number, at: number, step: Step): void {
  switch (state.kind) {
    case 'dispatch':
      endEpisode(name, state, lastAlive, step);
      break;
    case 'cycles':
      if (state.pending > 0) tellPending(state, formerTeller(name), `${state.pending} counted; ${REMOVED}`, at, step);
      break;
    case 'production':
      endLine(name, state, lastAlive, at, step);
      break;
  }
}

function endEpisode(
  name: string,
  { episode, told, delay, held, time }: DispatchState,
  lastAlive: number,
  step: Step,
): void {
  if (episode === null) return;
  const { machine, type, reported, onRemove, whenCleared } = episode;
  const knownUntil = held ? (time ?? lastAlive) : lastAlive - (delay?.lag ?? 0);
  const completed = Math.max(knownUntil, told ?? reported);
  const how = onRemove === 'close' ? whenCleared : 'leave';
  const text = `${REMOVED} while its dispatch was open; it is ended when the gateway last saw it`;
  const moment = { at: completed, time: 'received' } as const;
  step.actions.push(closeAction(episode, { completed, how, text }, formerTeller(name), moment));
  const words = how === 'leave' ? 'is left open in L2L' : 'is ended';
  tell(step, { name }, completed, 'removed', `${REMOVED}; its dispatch ${type} on ${machine} ${words}`);
}

/** Every interval is told until the time that was seen; what has no parts per count can't be. */
function endLine(name: string, state: ProductionState, lastAlive: number, at: number, step: Step): void {
  const { quantity, held, intervals, waiting, judging } = state;
  const seenUntil = Math.min(knownUntil(quantity?.at ?? null, held, lastAlive), quantity?.blindFrom ?? Infinity);
  for (const interval of intervals) {
    const seen = Math.max(Math.floor(seenUntil / SECOND) * SECOND, interval.start + SECOND);
    const told = { ...interval, end: Math.min(interval.end, seen) };
    tellInterval(state, told, formerTeller(name), `counted; ${REMOVED}`, at, step);
  }
  if (judging !== null) {
    // Nobody reads any more which product runs on that line now.
    const { span, amount } = totalOf(judging);
    const uncertain = uncertaintyOf(judging.before, null);
    const start = Math.max(Math.floor(span.from / SECOND) * SECOND, state.toldUntil, intervals.at(-1)?.end ?? 0);
    const end = Math.max(Math.ceil(span.to / SECOND) * SECOND, start + SECOND);
    const told = { start, end, ...amount, blind: true, ...(uncertain && { uncertain }) };
    tellInterval(state, told, formerTeller(name), `counted; ${REMOVED}`, at, step);
  }
  const counts = waiting.reduce((sum, { count }) => sum + count, 0);
  if (counts === 0) return;
  const lost = `${counts} counts without parts per count`;
  tell(step, { name }, at, 'removed', `${REMOVED}; ${lost} were never sent and are forgotten now`);
}
