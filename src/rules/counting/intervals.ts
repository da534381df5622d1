import { z } from 'zod';
import { Uncertain } from './blind-product.ts';
import { bothCategories, Categories, mappedCategories, sumOfCategories } from './categories.ts';
import type { Change } from './product-runs.ts';

/** The counts of a line between two instants; ms since 1970, the end not included. */
export const Interval = z.object({
  start: z.number(),
  end: z.number(),
  parts: z.number(),
  scrap: z.number(),
  /** The part of the scrap that has a category. */
  categories: Categories.exactOptional(),
  /** It spans a time without readings. */
  blind: z.boolean(),
  /** The product at the end of that time differs from that at its beginning. */
  uncertain: Uncertain.exactOptional(),
});
export type Interval = z.infer<typeof Interval>;

/** What was counted. */
export type Amount = { readonly parts: number; readonly scrap: number; readonly categories?: Categories };

/** A time in which nothing was seen. */
export type Span = { readonly from: number; readonly to: number };

const SECOND = 1000;

/**
 * The intervals of one line that are not sent yet [P4]. They are clock-aligned and cut where the product changes. They never overlap each
 * other or a sent interval. Only intervals with counts exist. All edges are whole seconds, because L2L's times
 * are.
 */
export interface Intervals {
  /** Puts an amount at its time, or at the first later time that is not sent yet and belongs to its product. */
  add(at: number, amount: Amount, blind?: boolean): void;
  /**
   * A separate interval for a blind time, with the counts over it. An interval whose product
   * is uncertain ends at the change of product at the latest.
   */
  addSpan(span: Span, amount: Amount, uncertain?: Uncertain): void;
  /** Divides whole parts and scrap over the clock intervals of a span by time; the sum is exact. */
  spread(span: Span, counts: Amount, partsPerCount: number): void;
  /** Cuts at a change of product. Returns the instant from which the new product counts. */
  cutAt(at: number): number;
  /** Ends the oldest interval at `at`. False: no length would be left, and nothing changed. */
  shorten(at: number): boolean;
  oldest(): Interval | undefined;
  /** Removes the oldest interval to send it. No later count is placed before its end [P4]. */
  take(): Interval | undefined;
  readonly toldUntil: number;
  readonly all: readonly Interval[];
}

export type IntervalsOptions = {
  readonly every: number;
  readonly restored: readonly Interval[];
  readonly toldUntil: number;
  /** The changes of product, oldest first. No interval crosses the instant from which the next product is recorded. */
  readonly changes: () => readonly Change[];
};

/** `restored` and `toldUntil`: the state of an earlier process. Lengths and times in ms. */
export function createIntervals({ every, restored, toldUntil: told, changes }: IntervalsOptions): Intervals {
  const intervals: Interval[] = restored.map(interval => ({ ...interval }));
  let toldUntil = told;
  const edges = () => changes().map(({ from }) => from);

  function insert(interval: Interval): Interval {
    const index = intervals.findIndex(other => other.start > interval.start);
    intervals.splice(index < 0 ? intervals.length : index, 0, interval);
    return interval;
  }

  function at(time: number): Interval {
    const product = changes().findLast(change => change.at <= time);
    const instant = Math.max(time, toldUntil, product?.from ?? -Infinity);
    const found = intervals.find(interval => interval.start <= instant && instant < interval.end);
    if (found) return found;
    const aligned = Math.floor(instant / every) * every;
    let start = Math.max(aligned, toldUntil);
    let end = aligned + every;
    for (const edge of [...edges(), ...intervals.flatMap(interval => [interval.start, interval.end])]) {
      if (edge <= instant) start = Math.max(start, edge);
      else end = Math.min(end, edge);
    }
    return insert({ start, end, parts: 0, scrap: 0, blind: false });
  }

  function add(time: number, amount: Amount, blind = false): void {
    const { parts, scrap } = amount;
    if (parts === 0 && scrap === 0) return;
    const interval = at(time);
    interval.parts += parts;
    interval.scrap += scrap;
    Object.assign(interval, bothCategories(interval, amount));
    interval.blind ||= blind;
  }

  return {
    add,
    addSpan({ from, to }, amount, uncertain) {
      if (amount.parts === 0 && amount.scrap === 0) return;
      const start = Math.max(floorSecond(from), toldUntil);
      const change = uncertain && edges().find(edge => edge > start);
      const end = Math.min(Math.max(ceilSecond(to), start + SECOND), change ?? Infinity);
      const span: Interval = { start, end, ...amount, blind: true, ...(uncertain && { uncertain }) };
      for (const interval of [...intervals]) {
        if (interval.end <= start || interval.start >= end) continue;
        if (interval.start < start) {
          interval.end = start;
          continue;
        }
        // Another counter counted while this one was blind: two sets of a line can't share a time.
        span.parts += interval.parts;
        span.scrap += interval.scrap;
        Object.assign(span, bothCategories(span, interval));
        intervals.splice(intervals.indexOf(interval), 1);
      }
      insert(span);
    },
    spread({ from, to }, counts, partsPerCount) {
      let start = from;
      let parts = 0;
      let scrap = 0;
      let categories: Categories = {};
      while (start < to) {
        const end = Math.min(to, (Math.floor(start / every) + 1) * every);
        const share = (end - from) / (to - from);
        const partsSoFar = Math.round(counts.parts * share);
        // Each category is whole by itself, and all of them are a part of the scrap.
        const soFar = mappedCategories(counts, one => Math.round(one * share));
        const without = Math.round((counts.scrap - sumOfCategories(counts)) * share);
        const scrapSoFar = without + sumOfCategories(soFar);
        const before = categories;
        add(
          start,
          {
            parts: (partsSoFar - parts) * partsPerCount,
            scrap: scrapSoFar - scrap,
            ...mappedCategories(soFar, (one, category) => one - (before[category] ?? 0)),
          },
          true,
        );
        parts = partsSoFar;
        scrap = scrapSoFar;
        categories = soFar.categories ?? {};
        start = end;
      }
    },
    cutAt(time) {
      let cut = Math.max(floorSecond(time), toldUntil);
      const last = edges().at(-1);
      if (last !== undefined) cut = Math.max(cut, last + SECOND);
      const found = intervals.find(interval => interval.start <= cut && cut < interval.end);
      if (found === undefined) return cut;
      cut = Math.max(cut, found.start + SECOND);
      found.end = Math.min(found.end, cut);
      return cut;
    },
    shorten(time) {
      const [interval] = intervals;
      const end = floorSecond(time);
      if (interval === undefined || end <= interval.start) return false;
      interval.end = Math.min(interval.end, end);
      return true;
    },
    oldest: () => intervals[0],
    take() {
      const interval = intervals.shift();
      if (interval) toldUntil = Math.max(toldUntil, interval.end);
      return interval;
    },
    get toldUntil() {
      return toldUntil;
    },
    get all() {
      return intervals;
    },
  };
}

function floorSecond(time: number): number {
  return Math.floor(time / SECOND) * SECOND;
}

function ceilSecond(time: number): number {
  return Math.ceil(time / SECOND) * SECOND;
}
