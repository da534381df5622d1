import type { Stop } from './machine.ts';
import { type BlindSpan, joinable, longestSight, noticed, type Tolerance } from './sight.ts';

/** A dispatch of L2L (ms since 1970). */
export type Dispatch = {
  readonly id: number;
  readonly reported: number;
  readonly completed: number | null;
  readonly closed: number | null;
};

export type Watch = {
  /** When nobody looked at the machine. */
  readonly blind: readonly BlindSpan[];
  readonly tolerance: Tolerance;
  /** How long a stop has to be watched without a break (ms) before it has to be in L2L. */
  readonly delay: number;
};

export type MatchedStops = {
  /** Stops that have no dispatch of their own and need none. */
  readonly unseen: number;
  readonly closed: number;
  /** Openings and closings that L2L does not have. */
  readonly lost: number;
  /** Dispatches for no stop. */
  readonly doubled: number;
  /** Largest distance of a time in L2L from the true one (ms); null: there was none. */
  readonly worstTime: number | null;
};

/**
 * Gives each stop of one machine its dispatch. Where nobody may have seen the machine run between two stops, the dispatch decides
 * whether they are one: it is closed at the end of the first or of a later one. Each such pair is decided for itself. A dispatch that
 * may be of two stops is of the one at whose end it was closed.
 */
export function matchStops(
  stops: readonly Stop[],
  dispatches: readonly Dispatch[],
  { blind, tolerance, delay }: Watch,
): MatchedStops {
  const unmatched = dispatches.toSorted((a, b) => a.reported - b.reported || a.id - b.id);
  const distances: number[] = [];
  let unseen = 0;
  let closed = 0;
  let lost = 0;
  const agrees = (time: number | null, truly: number | null) => {
    if (time === null || truly === null) return false;
    const { earliest, latest } = noticed(truly, blind, tolerance);
    return time >= earliest && time <= latest;
  };
  const hasDispatch = ({ start }: Stop) => unmatched.some(({ reported }) => agrees(reported, start));

  for (let rest = stops, taken = 1; rest[0] !== undefined; rest = rest.slice(taken)) {
    const [first] = rest;
    taken = 1;
    const joined = joinable(rest, blind, tolerance);
    const lastOf = (one: Dispatch) => joined.find(({ end }) => agrees(completedOf(one), end));
    const isOfLater = (one: Dispatch) => rest.slice(joined.length).some(({ start }) => agrees(one.reported, start));
    const possible = unmatched.filter(({ reported }) => agrees(reported, first.start));
    const dispatch = possible.find(lastOf) ?? possible.find(one => !isOfLater(one));
    if (dispatch === undefined) {
      if (longestSight(first, blind) < delay + tolerance.late) unseen += 1;
      else lost += 2;
      continue;
    }
    distances.push(Math.abs(dispatch.reported - first.start));
    unmatched.splice(unmatched.indexOf(dispatch), 1);
    const completed = completedOf(dispatch);
    const last = lastOf(dispatch);
    if (last?.end != null && completed !== null) {
      distances.push(Math.abs(completed - last.end));
      closed += 1;
      taken = joined.indexOf(last) + 1;
    } else {
      lost += 1;
      // No end agrees: it is the dispatch of all stops up to one that has another dispatch.
      const other = joined.findIndex((stop, at) => at > 0 && hasDispatch(stop));
      taken = other < 0 ? joined.length : other;
    }
    unseen += taken - 1;
  }
  return {
    unseen,
    closed,
    lost,
    doubled: unmatched.length,
    worstTime: distances.length === 0 ? null : Math.max(...distances),
  };
}

function completedOf({ completed, closed }: Dispatch): number | null {
  return closed === null ? null : completed;
}
