import { shiftTime, type TimeShift } from '../core/time-shift.ts';
import type { CounterState } from './counting/counter-state.ts';
import type { CyclesState } from './counting/cycles-state.ts';
import type { ProductionState } from './counting/production-state.ts';
import type { DelayState } from './dispatch/delay.ts';
import type { DispatchState } from './dispatch/dispatch-state.ts';
import type { Episode } from './dispatch/episode.ts';
import { shiftLag } from './engine/kept-lag.ts';
import { parseState, type StoredState } from './stored/stored-state.ts';

type Move = (at: number) => number;

/** A source further from the gateway's clock than this (ms) is not believed, by the default of max_skew. */
const MOST_SKEW = 5 * 60_000;
const SECOND = 1000;

/**
 * A rule's state after the gateway's clock was corrected: what was recorded by it moves along, so delays keep the time that has
 * passed and counters the time between two readings. `text` is returned as it is when no rule of this version wrote it.
 * `toldMoves`: what was told by that clock waited for this, and moves along.
 */
export function shiftState(text: string, shift: TimeShift, toldMoves = false): string {
  const data = parseState(text);
  if (data === undefined) return text;
  return JSON.stringify({ ...shiftByKind(data, shift, toldMoves), lag: shiftLag(data.lag, shift, MOST_SKEW) });
}

function shiftByKind(data: StoredState, shift: TimeShift, toldMoves: boolean): StoredState {
  switch (data.kind) {
    case 'dispatch':
      return shiftDispatch(data, shift, toldMoves);
    case 'cycles':
      return shiftCycles(data, shift, toldMoves);
    case 'production':
      return shiftProduction(data, shift, toldMoves);
  }
}

/**
 * A rule by a source's own clock is not concerned by a step of the gateway's, while the source can still be believed after it.
 * Beyond that the source has stepped as well, or the gateway's clock takes its place: in both cases the rule's time moves along.
 * `isDoubted`: the step ends a doubt. Until then time went on from the journal's, and a source that shares the wrong clock of the
 * machine was not believed: what was believed has a clock of its own, however large the step is.
 */
function hasOwnClock(time: 'source' | 'received' | undefined, { by }: TimeShift, isDoubted: boolean): boolean {
  return time === 'source' && (isDoubted || Math.abs(by) <= MOST_SKEW);
}

function shiftDispatch(state: DispatchState, shift: TimeShift, toldMoves: boolean): DispatchState {
  const { told, delay, episode, still } = state;
  const own = hasOwnClock(delay?.time, shift, toldMoves);
  const move = (at: number) => (own ? at : shiftTime(at, shift));
  const keepDistance = (at: number) => (own ? at : at + shift.by);
  return {
    ...state,
    time: shiftOwnTime(state, shift, keepDistance),
    // L2L was told these; but a clock set back must not hold what comes next until it has caught up with them.
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

function shiftCycles(state: CyclesState, shift: TimeShift, toldMoves: boolean): CyclesState {
  // `sightAt` stays: it is part of the chain's name.
  const move = (at: number) => (hasOwnClock(state.time, shift, toldMoves) ? at : shiftTime(at, shift));
  const { counter, from, to, due } = state;
  return {
    ...state,
    counter: shiftCounter(counter, move, move),
    from: move(from),
    to: move(to),
    due: orNull(due, move),
  };
}

function shiftProduction(state: ProductionState, shift: TimeShift, toldMoves: boolean): ProductionState {
  // Sets that were told in a doubt move, so what comes after them moves with them, whoever stamped it.
  if (hasOwnClock(state.clock, shift, false)) return state;
  const move = (at: number) => shiftTime(at, shift);
  const place = placing(state, shift, toldMoves);
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
    // Else what was told stays told: moved forward it would hold up what a clock set right again places before it.
    toldUntil: toldMoves && shift.by > 0 ? place(state.toldUntil) : state.toldUntil,
    runs: state.runs.map(run => ({ ...run, from: place(run.from), at: orNull(run.at, place) })),
  };
}

/**
 * Where an edge of an interval goes: all of them by the same whole seconds, so they keep their order, their lengths and their
 * products. Back not further than to the end of what was told. Forward less by what they are ahead of the latest count: they are
 * only where they could not go back, and with each step there and back they would get further ahead of the clock.
 */
function placing(
  { intervals, time, toldUntil }: ProductionState,
  shift: TimeShift,
  toldMoves: boolean,
): (at: number) => number {
  const whole = Math.round(shift.by / SECOND) * SECOND;
  const first = intervals[0]?.start;
  if (shift.by > 0) {
    const ahead = toldMoves ? 0 : Math.max(0, (first ?? -Infinity) - (time ?? Infinity));
    const by = Math.max(0, whole - Math.ceil(ahead / SECOND) * SECOND);
    return at => shiftTime(at, { from: shift.from, by });
  }
  const room = Math.max(0, (first ?? Infinity) - toldUntil);
  const back = Math.max(whole, -room);
  return at => Math.max(0, at + back);
}

/** `place`: where what it counts goes. */
function shiftCounter(counter: CounterState | null, move: Move, place: Move): CounterState | null {
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

function orNull(at: number | null, move: (at: number) => number): number | null {
  return at === null ? null : move(at);
}
