import { describe, expect, it } from 'vitest';
import type { Call, Setback, StoredAction } from '../../src/core/delivery.ts';
import { heldUp } from '../../src/queue/held-up.ts';

const DETAIL = 'L2L knows no machine PRESS-99';

function entry(rule: string, reason: Call['reason'], setback: Setback | null = null, due = 1000) {
  const action = { rule, cause: { rule, where: 'old.yaml:3', text: '', values: [] } } as unknown as StoredAction;
  return {
    call: { reason, detail: DETAIL, lanes: [`cycles:${rule}`], actions: [action] } as unknown as Call,
    setback,
    due,
  };
}

describe('what L2L holds up', () => {
  it('is one thing to correct, however many calls wait for it, with where its rules are written now', () => {
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

  it('is also a call in doubt that may not be looked up, and none that failed for another reason since', () => {
    const rights: Setback = { kind: 'retry', reason: 'rights', detail: 'give the right in L2L' };
    const network: Setback = { kind: 'retry', reason: 'network', detail: 'away' };
    const found = heldUp([entry('a', 'timeout', rights), entry('b', 'code', network)], () => undefined);
    expect(found.map(({ reason, detail }) => [reason, detail])).toEqual([['rights', 'give the right in L2L']]);
  });
});
