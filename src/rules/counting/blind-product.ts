import { z } from 'zod';
import { isSameProduct, Product } from './product-runs.ts';

/** What was counted at once; `per`: parts per count. */
export const Entry = z.object({
  at: z.number(),
  count: z.number(),
  per: z.number(),
  scrap: z.number(),
  blindFrom: z.number().nullable(),
  /** The product that ran when the sight was lost; null: nothing was lost, or the product can be no other one. */
  before: Product.nullable(),
});
export type Entry = z.infer<typeof Entry>;

/** The two products at the ends of a blind time; `after` is null when it was not read soon enough. */
export const Uncertain = z.object({ before: Product, after: Product.nullable() });
export type Uncertain = z.infer<typeof Uncertain>;

/**
 * What was counted from a blind time on, until the product is read that runs after it and no reading of that moment is doubted any
 * more. `since`: when counting went on.
 */
export const Judging = z.object({
  from: z.number(),
  since: z.number(),
  before: Product,
  entries: z.array(Entry),
  /** The product that runs after it, and when it was read; null: not yet. */
  after: z.object({ product: Product, at: z.number() }).nullable().default(null),
});
export type Judging = z.infer<typeof Judging>;

/** After a blind time the product is read within so long (ms). */
export const READ_WITHIN = 30_000;

/** The products at both ends when they differ, or when the second one is not known; null: the product is certain. */
export function uncertaintyOf(before: Product, after: Product | null): Uncertain | null {
  return after !== null && isSameProduct(before, after) ? null : { before, after };
}

/** What may be of either product comes to, in parts and scrap, and until when it reaches. */
export function totalOf(judging: Judging) {
  const entries = judging.entries.filter(entry => !isCertain(judging, entry));
  return {
    span: { from: judging.from, to: Math.max(judging.from, ...entries.map(({ at }) => at)) },
    amount: {
      parts: entries.reduce((all, { count, per }) => all + count * per, 0),
      scrap: entries.reduce((all, { scrap }) => all + scrap, 0),
    },
  };
}

/** Counted after the next product was read, so it is of that one. */
export function isCertain({ after }: Judging, { at }: Entry): boolean {
  return after !== null && at > after.at;
}
