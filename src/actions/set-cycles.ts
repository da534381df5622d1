import { z } from 'zod';
import { Code, Instant } from './fields.ts';
import { defineKind } from './kind.ts';

/** Sets the count of a machine (`machines/set_cycle_count`) to its count at first sight plus all cycles since. */
export const setCycles = defineKind({
  kind: 'set_cycles',
  destination: 'l2l',
  params: z.object({
    machine: Code,
    /** Cycles since the rule first saw its counter. L2L's count at first sight is added before sending: never a raw PLC value. */
    movement: z.number(),
    at: Instant,
  }),
  lane: { family: 'cycles', place: 'machine' },
  times: { fields: ['at'], areSent: false, expire: true },
  chain: { role: 'anchors' },
  decision: { unit: 'call', superseded: 'newer' },
  policy: { priority: 1, repeatable: true, maxActions: 1000, acrossLanes: false },
  words: {
    name: 'set cycles',
    long: ({ machine, movement }) => `set cycles of ${machine} to ${movement} above its count at first sight`,
    short: ({ movement }) => `set cycles, ${movement} moved`,
    would: () => 'send cycle count',
    done: () => 'cycle count sent',
    notDone: 'no cycle count sent',
    // When counts share a call, only the newest is sent.
    facts: all => {
      const { machine, movement, at } = all.at(-1) ?? all[0];
      return { machine, sinceFirstSight: movement, at: new Date(at) };
    },
  },
});
