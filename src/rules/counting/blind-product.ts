import { z } from 'zod';
import { bothCategories, Categories, type Scrapped } from './categories.ts';
import { isSameProduct, Product } from './product-runs.ts';

/** Counts and scrap of one reading; `per`: parts per count. */
export const Entry = z.object({
  at: z.number(),
  count: z.number(),
  per: z.number(),
  scrap: z.number(),
  categories: Categories.exactOptional(),
  blindFrom: z.number().nullable(),
  /** The product at the beginning of the blind time; null: there was no blind time, or the product cannot have changed. */
  before: Product.nullable(),
});
export type Entry = z.infer<typeof Entry>;

/** The products at both ends of a blind time. `after` is null when the product was not read soon enough. */
export const Uncertain = z.object({ before: Product, after: Product.nullable() });
export type Uncertain = z.infer<typeof Uncertain>;

/**
 * Counts since a blind time whose product is not known yet. They wait until the product after it is read. `since`: when counting went on.
 */
export const Judging = z.object({
  from: z.number(),
  since: z.number(),
  before: Product,
  entries: z.array(Entry),
});
export type Judging = z.infer<typeof Judging>;

/** Longest wait for the product after a blind time (ms). */
export const READ_WITHIN = 30_000;

/** The products at both ends when they differ, or when the second one is unknown; null: the product is certain. */
export function uncertaintyOf(before: Product, after: Product | null): Uncertain | null {
  return after !== null && isSameProduct(before, after) ? null : { before, after };
}

/** The sum of all entries in parts and scrap, and the time that they span. */
export function totalOf({ from, entries }: Judging) {
  return {
    span: { from, to: Math.max(...entries.map(({ at }) => at)) },
    amount: {
      parts: entries.reduce((all, { count, per }) => all + count * per, 0),
      scrap: entries.reduce((all, { scrap }) => all + scrap, 0),
      ...entries.reduce<Scrapped>(bothCategories, {}),
    },
  };
}
