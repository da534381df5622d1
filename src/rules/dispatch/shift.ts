import { shiftTime, type TimeShift } from '../../core/time-shift.ts';
import { hasOwnClock, type Move, orNull } from '../common/shift-moves.ts';
import type { DelayState } from './delay.ts';
import type { DispatchState } from './dispatch-state.ts';
import type { Episode } from './episode.ts';

/** A dispatch rule after the clock was corrected. */
export function shiftDispatch(state: DispatchState, shift: TimeShift, sentMoves: boolean): DispatchState {
  const { told, delay, episode, still } = state;
  const own = hasOwnClock(delay?.time, shift, sentMoves);
  const move = (at: number) => (own ? at : shiftTime(at, shift));
  const keepDistance = (at: number) => (own ? at : at + shift.by);
  return {
    ...state,
    time: shiftOwnTime(state, shift, keepDistance),
    // L2L has this time. It moves back with the clock; otherwise the next actions would wait until the clock has caught up.
    told: shift.by < 0 ? orNull(told, move) : told,
    delay: delay && {
      ...shiftDelay(delay, shift, keepDistance),
      lag: own ? delay.lag + shift.by : delay.lag,
    },
    episode: episode && { ...episode, reported: shiftReported(episode, shift, move) },
    still: Object.fromEntries(
      Object.entries(still).map(([name, one]) => [name, { ...one, changedAt: move(one.changedAt) }]),
    ),
  };
}

/**
 * A delay keeps its distance to the rule's own time. Without a delay this time only holds back older samples. Moved forward beyond a
 * source's own clock, it would hold back the next samples too.
 */
function shiftOwnTime({ time, delay }: DispatchState, shift: TimeShift, keepDistance: Move): number | null {
  if (delay !== null) return orNull(time, keepDistance);
  return shift.by > 0 ? time : orNull(time, at => shiftTime(at, shift));
}

/**
 * The passed time counts, and the step of the clock does not. This holds for each process, because a queued message or an earlier
 * process may have been before `from`. A time of a source stays right, whatever the gateway's clock did.
 */
function shiftDelay(delay: DelayState, shift: TimeShift, keepDistance: Move): DelayState {
  const { time, since, runningFrom, pausedAt } = delay;
  return {
    ...delay,
    since: time === 'source' ? since : shiftTime(since, shift),
    runningFrom: orNull(runningFrom, keepDistance),
    pausedAt: orNull(pausedAt, keepDistance),
  };
}

/**
 * It moves only back, like `told`: an episode never ends before `reported`, so a later `reported` would delay the end. A close finds
 * its open by the chain. A state of an earlier version has no chain. Its chain is made from `reported`, which therefore stays.
 */
function shiftReported({ chain, reported }: Episode, { by }: TimeShift, move: (at: number) => number): number {
  return chain === '' || by > 0 ? reported : move(reported);
}

/**
 * A delay that began after `from` (ms since 1970) by a clock with an unknown offset begins anew [T6]. A delay with a time of its source
 * goes on, and so does a delay that began before. null: nothing is forgotten.
 */
export function forgetDelay(state: DispatchState, from: number): DispatchState | null {
  const { delay, phase } = state;
  if (delay === null || delay.time === 'source' || delay.since <= from) return null;
  return { ...state, phase: phase === 'clearing' ? 'active' : 'inactive', delay: null, time: null, anew: true };
}
