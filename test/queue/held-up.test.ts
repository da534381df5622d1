import { describe, expect, it } from 'vitest';
import type { Call, Setback, StoredAction } from '../../src/core/delivery.ts';
import { heldUp } from '../../src/queue/held-up.ts';

const DETAIL = 'L2L knows no machine PRESS-99';

function entry(rule: string, reason: Call['reason'], setback: Setback | null = null, due = 1000, isRefused = false) {
  const action = { rule, cause: { rule, where: 'old.yaml:3', text: '', values: [] } } as unknown as StoredAction;
  return {
    call: { reason, detail: DETAIL, lanes: [`cycles:${rule}`], actions: [action] } as unknown as Call,
    setback,
    due,
    isRefused,
  };
}

describe('calls that L2L holds up', () => {
  it('many calls with one cause are shown as one entry, with the present lines of their rules', () => {
    const entries = [entry('a', 'code', null, 2000), entry('b', 'code'), entry('c', 'network'), entry('d', null)];
    expect(heldUp(entries, rule => (rule === 'a' ? 'plant.yaml:31' : undefined))).toEqual([
      {
        reason: 'code',
        detail: DETAIL,
        rules: [
          { rule: 'a', where: 'plant.yaml:31' },
          { rule: 'b', where: 'old.yaml:3' },
        ],
        lanes: ['cycles:a', 'cycles:b'],
        nextTry: 1000,
      },
    ]);
  });

  it('a call that L2L refuses alone is shown as held up, but not one that L2L refuses only for the moment', () => {
    const entries = [
      entry('a', 'refused', null, 1000, true),
      entry('b', 'refused'),
      entry('c', 'timeout', null, 0, true),
    ];
    expect(heldUp(entries, () => undefined).map(({ rules }) => rules[0]?.rule)).toEqual(['a']);
  });

  it('a call in doubt is shown as held up while its look-up lacks a right, but not when the look-up failed for another reason', () => {
    const rights: Setback = { kind: 'retry', reason: 'rights', detail: 'give the right in L2L' };
    const network: Setback = { kind: 'retry', reason: 'network', detail: 'away' };
    const found = heldUp([entry('a', 'timeout', rights), entry('b', 'code', network)], () => undefined);
    expect(found.map(({ reason, detail }) => [reason, detail])).toEqual([['rights', 'give the right in L2L']]);
  });
});
