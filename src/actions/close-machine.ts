import { z } from 'zod';
import { Code, Instant } from './fields.ts';
import { defineKind } from './kind.ts';

/** Closes every open dispatch of a machine and a type, also those that people opened (`dispatches/closemachine`). */
export const closeMachine = defineKind({
  kind: 'close_machine',
  destination: 'l2l',
  params: z.object({
    machine: Code,
    type: Code,
    /** When the condition ended, or began to hold. A dispatch that was reported later stays open. */
    completed: Instant,
    /** Text of a note for each dispatch. */
    note: z.string().min(1).exactOptional(),
    /** Text that is added to the description of each dispatch. */
    comment: z.string().min(1).exactOptional(),
  }),
  lane: { family: 'dispatch', place: 'machine' },
  times: { fields: ['completed'], areSent: true, expire: true },
  chain: { role: 'joins' },
  decision: { unit: 'action', superseded: 'never' },
  // A repeat is another call, because what L2L lists as open decides which dispatches it may close.
  policy: { priority: 0, repeatable: false, maxActions: 1, acrossLanes: false, guardedRepeat: true, requests: 2 },
  words: {
    name: 'close machine',
    long: ({ type, machine }) => `close every dispatch ${type} at ${machine}`,
    short: ({ type }) => `close every ${type}`,
    would: () => 'close every dispatch',
    done: () => 'every dispatch of the machine and type closed',
    notDone: 'no dispatch closed',
    facts: ([{ machine, type, completed }]) => ({ machine, type, completed: new Date(completed) }),
  },
});
