import type { TimeShift } from '../../core/time-shift.ts';

export type Move = (at: number) => number;

/** By the default of `max_skew`, a source whose clock is further off than this (ms) is not believed. */
export const MOST_SKEW = 5 * 60_000;

/**
 * A rule by a source's own clock is not concerned by a step of the gateway's, while the source can still be believed after it.
 * Beyond that the source has stepped as well, or the gateway's clock takes its place: in both cases the rule's time moves along.
 * `isDoubted`: the step ends a doubt. Until then time went on from the journal's, and a source that shares the wrong clock of the
 * machine was not believed: what was believed has a clock of its own, however large the step is.
 */
export function hasOwnClock(time: 'source' | 'received' | undefined, { by }: TimeShift, isDoubted: boolean): boolean {
  return time === 'source' && (isDoubted || Math.abs(by) <= MOST_SKEW);
}

export function orNull(at: number | null, move: (at: number) => number): number | null {
  return at === null ? null : move(at);
}
