import { totalOf } from './blind-product.ts';
import type { FollowedCounter } from './followed-counter.ts';
import type { Interval } from './intervals.ts';
import type { ProductionState } from './production-state.ts';

/** The present state of a production rule in one sentence. `perCount`: parts per count, or the signal with it. */
export function productionWords(
  state: Pick<ProductionState, 'judging' | 'waiting' | 'moments' | 'uncertain'>,
  intervals: readonly Interval[],
  counters: readonly Pick<FollowedCounter, 'counter'>[],
  perCount: number | string,
): string {
  const unjudged = state.judging ? totalOf(state.judging).amount : { parts: 0, scrap: 0 };
  const together = sum(state.moments, one => one.count * (one.per ?? 1));
  const made = unjudged.parts + sum(intervals, interval => interval.parts) + together;
  const scrap = unjudged.scrap + sum([...intervals, ...state.moments], one => one.scrap);
  const waiting = sum(state.waiting, one => one.count);
  const unsure = sum(counters, one => one.counter.waiting?.count ?? 0);
  const skipped = sum(counters, one => one.counter.quarantined);
  return [
    `${made} parts, ${scrap} scrap not sent yet`,
    ...(waiting > 0 ? [`${waiting} counts wait for ${perCount}`] : []),
    ...(unsure > 0 ? [`${unsure} counts wait for the next reading`] : []),
    ...(skipped > 0 ? [`${skipped} implausible counts left out`] : []),
    ...(state.uncertain > 0 ? [`the product of ${state.uncertain} parts is uncertain`] : []),
  ].join('; ');
}

export function sum<Of>(all: readonly Of[], amount: (one: Of) => number): number {
  return all.reduce((total, one) => total + amount(one), 0);
}
