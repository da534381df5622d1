import { z } from 'zod';
import { spanFacts } from './facts.ts';
import { Code, Instant } from './fields.ts';
import { defineKind } from './kind.ts';

/** Adds cycles to the count of a machine (`machines/increment_cycle_count`). Increments that wait are sent as one sum. */
export const incrementCycles = defineKind({
  kind: 'increment_cycles',
  destination: 'l2l',
  params: z.object({ machine: Code, count: z.number().nonnegative(), from: Instant, to: Instant }),
  lane: { family: 'cycles', place: 'machine' },
  times: { fields: ['from', 'to'], areSent: false, expire: true },
  chain: { role: 'none' },
  decision: {
    unit: 'call',
    superseded: 'never',
    sum: all => ({ ...all[0], count: all.reduce((total, { count }) => total + count, 0) }),
  },
  policy: { priority: 1, repeatable: false, maxActions: 1000, acrossLanes: false, requests: 2 },
  words: {
    name: 'add cycles',
    long: ({ count, machine }) => `add ${cycles(count)} to ${machine}`,
    short: ({ count }) => `+${cycles(count)}`,
    would: () => 'send cycle count',
    done: () => 'cycle count sent',
    notDone: 'no cycle count sent',
    facts: all => ({
      machine: all[0].machine,
      added: all.reduce((total, { count }) => total + count, 0),
      ...spanFacts(all),
    }),
  },
});

function cycles(count: number): string {
  return `${count} ${count === 1 ? 'cycle' : 'cycles'}`;
}
