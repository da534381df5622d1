import { type Entry, READ_WITHIN, totalOf, uncertaintyOf } from './blind-product.ts';
import type { Intervals, Span } from './intervals.ts';
import type { Product } from './product-runs.ts';
import type { ProductionRule } from './production-rule.ts';
import type { ProductionState } from './production-state.ts';

/** Puts counts into the intervals of a line. Counts over a blind time wait until the product after it is read. */
export interface Placing {
  place(entry: Entry): void;
  /** `after`: the product after the blind time; null: it was not read soon enough. False: no count waited for it. */
  judge(after: Product | null): boolean;
  /** The end of the wait for the product (ms since 1970); Infinity: no count waits. */
  judgedBy(): number;
}

/** `state`: keeps the counts that wait. */
export function createPlacing(
  { every, afterGap }: Pick<ProductionRule, 'every' | 'afterGap'>,
  state: Pick<ProductionState, 'judging'>,
  intervals: Intervals,
): Placing {
  /** The blind time of a movement, if it crosses the end of an interval. */
  function blindSpan(from: number | null, to: number): Span | null {
    return from !== null && from < to && Math.floor(from / every) !== Math.floor(to / every) ? { from, to } : null;
  }

  function put({ count, per, scrap, categories, blindFrom, at }: Entry): void {
    const span = blindSpan(blindFrom, at);
    const scrapped = { scrap, ...(categories && { categories }) };
    const amount = { parts: count * per, ...scrapped };
    if (span === null) intervals.add(at, amount);
    else if (afterGap === 'one') intervals.addSpan(span, amount);
    else intervals.spread(span, { parts: count, ...scrapped }, per);
  }

  return {
    place(entry) {
      if (entry.count === 0 && entry.scrap === 0) return;
      const { blindFrom, before, at } = entry;
      if (before !== null) state.judging ??= { from: blindFrom ?? at, since: at, before, entries: [] };
      if (state.judging === null) put(entry);
      else state.judging.entries.push(entry);
    },
    judge(after) {
      const { judging } = state;
      if (judging === null) return false;
      state.judging = null;
      const uncertain = uncertaintyOf(judging.before, after);
      if (uncertain === null) {
        for (const entry of judging.entries) put(entry);
        return true;
      }
      const { span, amount } = totalOf(judging);
      intervals.addSpan(span, amount, uncertain);
      return true;
    },
    judgedBy: () => (state.judging === null ? Infinity : state.judging.since + READ_WITHIN),
  };
}
