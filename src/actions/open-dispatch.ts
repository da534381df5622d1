import { z } from 'zod';
import { Code, Instant } from './fields.ts';
import { defineKind } from './kind.ts';

/** Opens a dispatch, or finds an open one that the episode uses (`dispatches/open`, `dispatches/add`). */
export const openDispatch = defineKind({
  kind: 'open_dispatch',
  destination: 'l2l',
  params: z.object({
    machine: Code,
    type: Code,
    trade: Code.exactOptional(),
    reason: Code.exactOptional(),
    description: z.string().min(1),
    /** When the condition began. */
    reported: Instant,
    /**
     * What to do when a person has an open dispatch of this machine and type. leave: open none, and never close that one. adopt: use it
     * as the episode's own. open: open another one beside it.
     */
    ifFoundOpen: z.enum(['leave', 'adopt', 'open']),
    /** What to send when the episode was over before it could be sent: an open and a close, one finished dispatch, or nothing. */
    ifMissed: z.enum(['open_and_close', 'add', 'nothing']).exactOptional(),
  }),
  lane: { family: 'dispatch', place: 'machine' },
  times: { fields: ['reported'], areSent: true, expire: true },
  chain: { role: 'opens' },
  decision: { unit: 'episode', superseded: 'never' },
  policy: { priority: 0, repeatable: false, maxActions: 1, acrossLanes: false, guardedRepeat: true, requests: 2 },
  words: {
    name: 'open dispatch',
    long: ({ type, machine }) => `open dispatch ${type} at ${machine}`,
    short: ({ type }) => `open ${type}`,
    would: () => 'open dispatch',
    done: () => 'dispatch opened',
    notDone: 'no dispatch opened',
    facts: ([{ machine, type, trade, reason, description, reported }]) => ({
      machine,
      type,
      ...(trade !== undefined && { trade }),
      ...(reason !== undefined && { reason }),
      description,
      reported: new Date(reported),
    }),
  },
});
