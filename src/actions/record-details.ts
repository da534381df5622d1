import { z } from 'zod';
import { spanFacts, sumOf } from './facts.ts';
import { Code, Instant, Quantity } from './fields.ts';
import { defineKind } from './kind.ts';
import { UnknownProductField } from './unknown-product.ts';

/** Sets in one batch. */
const MOST_SETS = 50;

/** Records what a line made in an interval (`pitchdetails/record_details_batch`). Sets of many lines share a call. */
export const recordDetails = defineKind({
  kind: 'record_details',
  destination: 'l2l',
  params: z.object({
    line: Code,
    start: Instant,
    end: Instant,
    /** Good parts; at most two decimals. */
    actual: Quantity,
    scrap: Quantity,
    /** null: L2L finds the product itself (product_autodetect). */
    product: Code.nullable(),
    unknownProduct: UnknownProductField,
    operatorCount: Quantity.exactOptional(),
    /** The interval spans a time in which nothing was seen. */
    blind: z.boolean().exactOptional(),
    /** Why the product is uncertain: another one ran after the blind time than before it. */
    uncertainProduct: z.string().exactOptional(),
  }),
  lane: { family: 'production', place: 'line' },
  times: { fields: ['start', 'end'], areSent: true, areIntervals: true, expire: true },
  chain: { role: 'none' },
  decision: {
    unit: 'action',
    superseded: 'overlap',
    isGuardedWhenRetried: true,
    product: {
      unknown: ({ unknownProduct }) => unknownProduct,
      named: (params, product) => ({ ...params, product }),
    },
  },
  // The batch itself, then its status and its errors.
  policy: { priority: 2, repeatable: false, maxActions: MOST_SETS, acrossLanes: true, requests: 3 },
  words: {
    name: 'record production',
    long: ({ actual, scrap, product, unknownProduct, line }) => {
      const of = product ?? (unknownProduct ? 'a product that is not known' : 'the product L2L finds');
      return `record ${actual} good, ${scrap} scrap of ${of} on ${line}`;
    },
    short: ({ actual, scrap }) => `${actual} good, ${scrap} scrap`,
    would: () => 'record production',
    done: () => 'production recorded',
    accepted: 'production accepted',
    notDone: 'no production sent',
    facts: all => ({
      line: distinct(all.map(({ line }) => line)),
      sets: all.length,
      good: sumOf(all.map(({ actual }) => actual)),
      scrap: sumOf(all.map(({ scrap }) => scrap)),
      product: distinct(
        all.map(({ product, unknownProduct }) => product ?? (unknownProduct ? 'not known' : 'found by L2L')),
      ),
      ...spanFacts(all.map(({ start, end }) => ({ from: start, to: end }))),
    }),
  },
});

function distinct(texts: readonly string[]): string {
  return [...new Set(texts)].join(', ');
}
