import { z } from 'zod';
import { Code, Instant } from './fields.ts';
import { defineKind } from './kind.ts';

const WOULD_END = {
  close: 'close dispatch',
  complete: 'complete dispatch',
  note: 'write note on dispatch',
  leave: 'leave dispatch open',
} as const;

const ENDED = {
  close: 'dispatch closed',
  complete: 'dispatch completed',
  note: 'note written on dispatch',
  leave: 'dispatch left open',
} as const;

/** Ends the dispatch that the open of its chain opened (`dispatches/close`, `dispatches/complete`, `dispatches/add_comment`). */
export const closeDispatch = defineKind({
  kind: 'close_dispatch',
  destination: 'l2l',
  params: z.object({
    machine: Code,
    type: Code,
    /** When the condition ended. */
    completed: Instant,
    /** note: write a comment, and people close the dispatch. leave: send nothing. */
    how: z.enum(['close', 'complete', 'note', 'leave']),
    /** Also ends a dispatch that a person had opened and the episode adopted. */
    closeAdopted: z.boolean().exactOptional(),
  }),
  lane: { family: 'dispatch', place: 'machine' },
  // A dispatch that is open is closed however late.
  times: { fields: ['completed'], areSent: true, expire: false },
  chain: { role: 'ends' },
  decision: { unit: 'episode', superseded: 'never' },
  policy: { priority: 0, repeatable: true, maxActions: 1, acrossLanes: false },
  words: {
    name: 'close dispatch',
    long: ({ type, machine }) => `close dispatch ${type} at ${machine}`,
    short: ({ type }) => `close ${type}`,
    would: ({ how }) => WOULD_END[how],
    done: ({ how }) => ENDED[how],
    notDone: 'no dispatch closed',
    facts: ([{ machine, type, completed }]) => ({ machine, type, completed: new Date(completed) }),
  },
});
