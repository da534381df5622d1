import { shiftTime, type TimeShift } from '../../core/time-shift.ts';
import { hasOwnClock, type Move, orNull } from '../common/shift-moves.ts';
import type { CounterState } from './counter-state.ts';
import type { CyclesState } from './cycles-state.ts';
import type { ProductionState } from './production-state.ts';

const SECOND = 1000;

/** A cycles rule after the clock was corrected. */
export function shiftCycles(state: CyclesState, shift: TimeShift, sentMoves: boolean): CyclesState {
  // `sightAt` stays: it is part of the chain's name.
  const move = (at: number) => (hasOwnClock(state.time, shift, sentMoves) ? at : shiftTime(at, shift));
  const { counter, from, to, due } = state;
  return {
    ...state,
    counter: shiftCounter(counter, move, move),
    from: move(from),
    to: move(to),
    due: orNull(due, move),
  };
}

/** A production rule after the clock was corrected. */
export function shiftProduction(state: ProductionState, shift: TimeShift, sentMoves: boolean): ProductionState {
  // Sets that were sent with a doubtful clock move, so all later counts move with them, whatever clock they are from.
  if (hasOwnClock(state.clock, shift, false)) return state;
  const move = (at: number) => shiftTime(at, shift);
  const place = placing(state, shift, sentMoves);
  return {
    ...state,
    time: orNull(state.time, move),
    quantity: shiftCounter(state.quantity, move, place),
    scrap: Object.fromEntries(
      Object.entries(state.scrap).map(([category, counter]) => [
        category,
        shiftCounter(counter, move, place) ?? counter,
      ]),
    ),
    moments: state.moments.map(one => ({ ...one, at: place(one.at), blindFrom: orNull(one.blindFrom, place) })),
    waiting: state.waiting.map(one => ({ ...one, at: place(one.at), blindFrom: orNull(one.blindFrom, place) })),
    judging: state.judging && {
      ...state.judging,
      from: place(state.judging.from),
      since: place(state.judging.since),
      entries: state.judging.entries.map(entry => ({
        ...entry,
        at: place(entry.at),
        blindFrom: orNull(entry.blindFrom, place),
      })),
    },
    intervals: state.intervals.map(interval => ({
      ...interval,
      start: place(interval.start),
      end: place(interval.end),
    })),
    // Otherwise the end of the sent sets stays. Moved forward, it would delay later counts once the clock is corrected back.
    toldUntil: sentMoves && shift.by > 0 ? place(state.toldUntil) : state.toldUntil,
    runs: state.runs.map(run => ({ ...run, from: place(run.from), at: orNull(run.at, place) })),
  };
}

/**
 * Where an edge of an interval goes: all of them by the same whole seconds, so they keep their order, their lengths and their products.
 * They move back no further than to the end of the sent sets. They move forward less by their lead over the latest count: they are ahead
 * only because they could not move back, and with each pair of steps they would get further ahead of the clock.
 */
function placing(
  { intervals, time, toldUntil }: ProductionState,
  shift: TimeShift,
  sentMoves: boolean,
): (at: number) => number {
  const whole = Math.round(shift.by / SECOND) * SECOND;
  const first = intervals[0]?.start;
  if (shift.by > 0) {
    const ahead = sentMoves ? 0 : Math.max(0, (first ?? -Infinity) - (time ?? Infinity));
    const by = Math.max(0, whole - Math.ceil(ahead / SECOND) * SECOND);
    return at => shiftTime(at, { from: shift.from, by });
  }
  const room = Math.max(0, (first ?? Infinity) - toldUntil);
  const back = Math.max(whole, -room);
  return at => Math.max(0, at + back);
}

/** `place`: puts its counts into the intervals. */
export function shiftCounter(counter: CounterState | null, move: Move, place: Move): CounterState | null {
  if (counter === null) return null;
  const gaps = counter.gaps.map(gap => ({ ...gap, at: move(gap.at) }));
  const doubted = counter.doubted.map(one => ({
    ...one,
    at: move(one.at),
    moment: place(one.moment),
    from: move(one.from),
    blindFrom: orNull(one.blindFrom, place),
  }));
  return { ...counter, at: move(counter.at), blindFrom: orNull(counter.blindFrom, move), doubted, gaps };
}
