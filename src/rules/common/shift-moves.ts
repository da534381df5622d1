import type { TimeShift } from '../../core/time-shift.ts';

export type Move = (at: number) => number;

/** The default of `max_skew`: the time of a source whose clock is further off than this (ms) is not used. */
export const MOST_SKEW = 5 * 60_000;

/**
 * A step of the gateway's clock does not change a rule with a source's clock, while the source's time can still be used after it.
 * Beyond that the source has stepped as well, or the gateway's clock takes its place: in both cases the rule's time moves along.
 * `isDoubted`: the step ends a doubt. Until then time went on from the journal's, and the time of a source with the wrong clock of the
 * host was not used. So a used time came from a separate clock, however large the step is.
 */
export function hasOwnClock(time: 'source' | 'received' | undefined, { by }: TimeShift, isDoubted: boolean): boolean {
  return time === 'source' && (isDoubted || Math.abs(by) <= MOST_SKEW);
}

export function orNull(at: number | null, move: (at: number) => number): number | null {
  return at === null ? null : move(at);
}
