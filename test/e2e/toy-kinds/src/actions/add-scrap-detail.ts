import { z } from 'zod';
import { spanFacts, sumOf } from './facts.ts';
import { Code, Instant, Quantity } from './fields.ts';
import { defineKind } from './kind.ts';

/** Adds scrap to a line (`scrapdetail/add_scrap_detail`). */
export const addScrapDetail = defineKind({
  kind: 'add_scrap_detail',
  destination: 'l2l',
  params: z.object({ line: Code, scrap: Quantity, category: Code.exactOptional(), at: Instant }),
  lane: { family: 'scrap', place: 'line' },
  times: { fields: ['at'], areSent: true, expire: true },
  chain: { role: 'none' },
  decision: { unit: 'action', superseded: 'never' },
  policy: { priority: 2, repeatable: false, maxActions: 1, acrossLanes: false },
  words: {
    name: 'add scrap',
    long: ({ scrap, category, line }) => `add ${scrap} scrap${category === undefined ? '' : ` ${category}`} to ${line}`,
    short: ({ scrap }) => `+${scrap} scrap`,
    would: () => 'add scrap',
    done: () => 'scrap added',
    notDone: 'no scrap added',
    facts: all => ({
      line: all[0].line,
      scrap: sumOf(all.map(({ scrap }) => scrap)),
      ...spanFacts(all.map(({ at }) => ({ from: at, to: at }))),
    }),
  },
});
