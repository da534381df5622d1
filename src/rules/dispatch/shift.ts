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
    // L2L got these; but a clock set back must not hold what comes next until it has caught up with them.
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
 * Only a delay has to keep its distance to it. Without one it just holds back what is older; moved forward beyond the time of a
 * source's own clock it would hold back what comes next.
 */
function shiftOwnTime({ time, delay }: DispatchState, shift: TimeShift, keepDistance: Move): number | null {
  if (delay !== null) return orNull(time, keepDistance);
  return shift.by > 0 ? time : orNull(time, at => shiftTime(at, shift));
}

/**
 * What had passed of it counts, the step does not, whichever process saw it: a message that waited for the gateway, or an earlier
 * process, may have been before `from`. What a source stamped is true whatever the gateway's clock did.
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
 * Only back, as `told`: an episode never ends before `reported`, and one that is later than it was would hold up the end. Its close
 * finds its open by the chain; without one of its own (written by an earlier version) that is made of `reported`.
 */
function shiftReported({ chain, reported }: Episode, { by }: TimeShift, move: (at: number) => number): number {
  return chain === '' || by > 0 ? reported : move(reported);
}

/**
 * A delay that began by a clock nobody can correct any more, after `from` (ms since 1970), begins anew. One that a source stamped goes
 * on, and so does one that began before. null: nothing is forgotten.
 */
export function forgetDelay(state: DispatchState, from: number): DispatchState | null {
  const { delay, phase } = state;
  if (delay === null || delay.time === 'source' || delay.since <= from) return null;
  return { ...state, phase: phase === 'clearing' ? 'active' : 'inactive', delay: null, time: null, anew: true };
}
