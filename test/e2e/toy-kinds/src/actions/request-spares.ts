import { z } from 'zod';
import { spanFacts, sumOf } from './facts.ts';
import { Code, Instant, Quantity } from './fields.ts';
import { defineKind } from './kind.ts';

/** Requests spares for a line (`spares/request_issue`). */
export const requestSpares = defineKind({
  kind: 'request_spares',
  destination: 'l2l',
  params: z.object({ line: Code, quantity: Quantity, part: Code.exactOptional(), at: Instant }),
  lane: { family: 'spares', place: 'line' },
  times: { fields: ['at'], areSent: true, expire: true },
  chain: { role: 'none' },
  decision: { unit: 'action', superseded: 'never' },
  policy: { priority: 2, repeatable: false, maxActions: 1, acrossLanes: false },
  words: {
    name: 'request spares',
    long: ({ quantity, part, line }) => `request ${quantity} spares${part === undefined ? '' : ` ${part}`} for ${line}`,
    short: ({ quantity }) => `+${quantity} spares`,
    would: () => 'request spares',
    done: () => 'spares requested',
    notDone: 'no spares requested',
    facts: all => ({
      line: all[0].line,
      quantity: sumOf(all.map(({ quantity }) => quantity)),
      ...spanFacts(all.map(({ at }) => ({ from: at, to: at }))),
    }),
  },
});
