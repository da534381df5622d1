import { z } from 'zod';
import { KeptLag } from '../engine/kept-lag.ts';
import type { ProductionRule } from '../program.ts';
import { CounterState } from './counters.ts';
import { Interval } from './intervals.ts';
import { Run } from './product-runs.ts';

/** Counts that wait for parts per count, with the blind time they span. */
const Waiting = z.object({ at: z.number(), count: z.number(), blindFrom: z.number().nullable() });

/** A production rule as kept over a restart. */
export const ProductionState = z.object({
  kind: z.literal('production'),
  line: z.string(),
  /** What the config says of the intervals, for when it does not any more. Product null: L2L finds it. */
  of: z.enum(['total', 'good']).default('total'),
  product: z.string().nullable().default(null),
  /** The rule's own time; null before the first reading. */
  time: z.number().nullable(),
  clock: z.enum(['source', 'received']),
  quantity: CounterState.nullable(),
  scrap: z.record(z.string(), CounterState),
  waiting: z.array(Waiting),
  intervals: z.array(Interval),
  toldUntil: z.number(),
  runs: z.array(Run),
  /** Good parts not told yet: what rounding left, or scrap that exceeded the parts of its interval (then negative). */
  carry: z.number(),
  /** The gateway's mode while it was counted; null in states written before it was kept. */
  countedIn: z.enum(['live', 'shadow']).nullable().default(null),
  lag: KeptLag,
  /** A source it reads was catching up. */
  held: z.boolean(),
});
export type ProductionState = z.infer<typeof ProductionState>;

/** Of a rule that has counted nothing yet. */
export function newProductionState({ line, quantity, product }: ProductionRule): ProductionState {
  return {
    kind: 'production',
    line,
    of: quantity.of,
    product: product?.text ?? null,
    time: null,
    clock: 'received',
    quantity: null,
    scrap: {},
    waiting: [],
    intervals: [],
    toldUntil: 0,
    runs: [],
    carry: 0,
    countedIn: null,
    lag: null,
    held: false,
  };
}
