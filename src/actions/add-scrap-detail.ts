import { z } from 'zod';
import { sumOf } from './facts.ts';
import { Code, Instant, Quantity } from './fields.ts';
import { defineKind } from './kind.ts';
import { UnknownProductField } from './unknown-product.ts';

/** Adds the scrap of one category that a line made in an interval (`scrapdetail/add_scrap_detail`). */
export const addScrapDetail = defineKind({
  kind: 'add_scrap_detail',
  destination: 'l2l',
  params: z.object({
    line: Code,
    /** Code of the scrap category. */
    category: Code,
    scrap: Quantity,
    /** The last second of the interval in which it was counted. */
    scrapped: Instant,
    /** null: L2L finds the product itself (product_autodetect). */
    product: Code.nullable(),
    unknownProduct: UnknownProductField,
  }),
  // L2L adds it to what it has, so it needs no place between the sets of its line.
  lane: { family: 'scrap', place: 'line' },
  times: { fields: ['scrapped'], areSent: true, expire: true },
  chain: { role: 'none' },
  decision: {
    unit: 'action',
    superseded: 'never',
    product: {
      unknown: ({ unknownProduct }) => unknownProduct,
      named: (params, product) => ({ ...params, product }),
    },
  },
  policy: { priority: 2, repeatable: false, maxActions: 1, acrossLanes: false, requests: 2 },
  words: {
    name: 'add scrap',
    long: ({ scrap, category, line }) => `add ${scrap} scrap ${category} to ${line}`,
    short: ({ scrap, category }) => `+${scrap} scrap ${category}`,
    would: () => 'add scrap',
    done: () => 'scrap added',
    notDone: 'no scrap added',
    facts: all => ({
      line: all[0].line,
      category: all[0].category,
      scrap: sumOf(all.map(({ scrap }) => scrap)),
      scrapped: new Date(all[0].scrapped),
    }),
  },
});
