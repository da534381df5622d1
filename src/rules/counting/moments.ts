import { z } from 'zod';
import { bothCategories, Categories } from './categories.ts';
import type { Counted } from './counter-track.ts';
import { Product } from './product-runs.ts';

/**
 * Parts and scrap that were read at one time. They are placed together, because the scrap is taken off these parts and both belong to
 * one product. So they wait while the count of one of the counters waits for its next reading.
 */
export const Moment = z.object({
  /** The rule's own time. */
  at: z.number(),
  /** Counts and scrap that no longer wait. */
  count: z.number(),
  scrap: z.number(),
  /** The part of the scrap that has a category. */
  categories: Categories.exactOptional(),
  /** Parts per count at that time; null: unknown then. */
  per: z.number().nullable(),
  /** Since when the parts were unknown before it; null: they were known all the time. */
  blindFrom: z.number().nullable(),
  /** The product at the beginning of the blind time, and the product read at that time; null: none or unknown. */
  before: Product.nullable(),
  after: Product.nullable(),
});
export type Moment = z.infer<typeof Moment>;

export function momentAt(at: number, per: number | null): Moment {
  return { at, count: 0, scrap: 0, per, blindFrom: null, before: null, after: null };
}

/** The products that ran before the blind times that a step ends: before this reading, and before the first doubted one. */
export type Lost = { readonly now: Product | null; readonly doubt: Product | null };

/** Counted scrap. `category` null: it has none. */
export type ScrapCount = Pick<Counted, 'at' | 'moved'> & { readonly category: string | null };

/** Adds what was counted to the moment in which it was read. `at`: time of this step. */
export function addTo(
  moments: Moment[],
  made: readonly Pick<Counted, 'kind' | 'at' | 'moved' | 'blindFrom'>[],
  scrapped: readonly ScrapCount[],
  at: number,
  lost: Lost,
): void {
  function momentOf(time: number): Moment {
    const found = moments.find(one => one.at === time) ?? momentAt(time, null);
    if (!moments.includes(found)) moments.push(found);
    return found;
  }
  for (const counted of made) {
    if (counted.moved === 0) continue;
    const moment = momentOf(counted.at);
    moment.count += counted.moved;
    moment.blindFrom ??= counted.blindFrom;
    moment.before ??= beforeOf(counted, at, lost);
  }
  for (const { at: time, moved, category } of scrapped) {
    if (moved <= 0) continue;
    const moment = momentOf(time);
    moment.scrap += moved;
    if (category !== null) Object.assign(moment, bothCategories(moment, { categories: { [category]: moved } }));
  }
}

/** The product before the blind time that a movement spans; null: it spans none. */
function beforeOf(
  { kind, at, blindFrom }: Pick<Counted, 'kind' | 'at' | 'blindFrom'>,
  now: number,
  lost: Lost,
): Product | null {
  if (blindFrom === null) return null;
  if (kind === 'wrong_reading') return lost.doubt ?? lost.now;
  return at === now ? lost.now : lost.doubt;
}
