import { z } from 'zod';
import { KeptLag } from '../common/kept-lag.ts';
import { Judging } from './blind-product.ts';
import { CounterState } from './counter-state.ts';
import { Interval } from './intervals.ts';
import { Moment } from './moments.ts';
import { Product, Run } from './product-runs.ts';
import type { ProductionRule } from './production-rule.ts';

/** Counts that wait for parts per count, with the blind time they span. */
const Waiting = z.object({
  at: z.number(),
  count: z.number(),
  blindFrom: z.number().nullable(),
  before: Product.nullable().default(null),
});

type Waiting = z.infer<typeof Waiting>;

/** The stored state of a production rule. */
export const ProductionState = z.object({
  kind: z.literal('production'),
  line: z.string(),
  /** The config of the intervals, for the case that the rule is removed. Product null: L2L finds it. */
  of: z.enum(['total', 'good']).default('total'),
  product: z.string().nullable().default(null),
  /** The rule's own time; null: no reading yet. */
  time: z.number().nullable(),
  clock: z.enum(['source', 'received']),
  quantity: CounterState.nullable(),
  scrap: z.record(z.string(), CounterState),
  /** The config of the scrap: its counters have categories. */
  byCategory: z.boolean().default(false),
  waiting: z.array(Waiting),
  intervals: z.array(Interval),
  toldUntil: z.number(),
  runs: z.array(Run),
  /** Good parts not sent yet: the rest of the rounding, or scrap beyond the parts of its interval (then negative). */
  carry: z.number(),
  /** The gateway's mode while it was counted; null in states of earlier versions. */
  countedIn: z.enum(['live', 'shadow']).nullable().default(null),
  lag: KeptLag,
  /** The config for parts whose product is uncertain. */
  blindProduct: z.enum(['old', 'park']).default('old'),
  /** The product at the beginning of the blind time; null: there is none. */
  beforeBlind: Product.nullable().default(null),
  /** The same, before the first reading that waits for the next one. */
  beforeDoubt: Product.nullable().default(null),
  /** Readings with a count that waits for the next one, oldest first. */
  moments: z.array(Moment).default([]),
  /** Counts that wait for the product after a blind time. */
  judging: Judging.nullable().default(null),
  /** Parts sent so far, scrap included, whose product was uncertain. */
  uncertain: z.number().default(0),
  /** A source of the rule was catching up. */
  held: z.boolean(),
});
export type ProductionState = z.infer<typeof ProductionState>;

/** The state of a rule that has counted nothing yet. */
export function newProductionState({
  line,
  quantity,
  product,
  blindProduct,
  byCategory,
}: ProductionRule): ProductionState {
  return {
    kind: 'production',
    line,
    of: quantity.of,
    product: product?.text ?? null,
    time: null,
    clock: 'received',
    quantity: null,
    scrap: {},
    byCategory,
    waiting: [],
    intervals: [],
    toldUntil: 0,
    runs: [],
    carry: 0,
    countedIn: null,
    lag: null,
    blindProduct,
    beforeBlind: null,
    beforeDoubt: null,
    moments: [],
    judging: null,
    uncertain: 0,
    held: false,
  };
}

/** Adds counts to those that wait for parts per count. The counts of one interval of `every` ms wait as one entry. */
export function keepWaiting(waiting: Waiting[], every: number, counts: Waiting): void {
  const last = waiting.at(-1);
  const sameInterval = last && Math.floor(last.at / every) === Math.floor(counts.at / every);
  if (last && sameInterval && last.blindFrom === null && counts.blindFrom === null) last.count += counts.count;
  else waiting.push(counts);
}
