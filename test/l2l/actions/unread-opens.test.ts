import { describe, expect, it } from 'vitest';
import { answer, at, frozenCall, NEVER, scripted, stored } from '../calls.ts';

const REPORTED = at('2026-03-02 06:00:00');
const PARAMS = {
  machine: 'M1',
  type: 'DOWN',
  description: 'stopped',
  reported: REPORTED,
  ifFoundOpen: 'leave',
} as const;

/** One open where L2L may not be read, and L2L's answer to it. `guarded`: an earlier call of it had no answer. */
async function opened(body: object, guarded = false) {
  const { delivery, sent } = scripted(() => answer(body), { reads: 'never' });
  const call = frozenCall(delivery, [stored('open_dispatch', PARAMS, { guarded })]);
  expect(await delivery.prepare(call, NEVER)).toEqual({ kind: 'send', base: null });
  const outcome = await delivery.send(call, NEVER);
  expect(sent.map(({ method, fields }) => [method, fields.prevent_duplicates])).toEqual([['POST', 'true']]);
  return outcome;
}

describe('an open where L2L may not be read', () => {
  it('an answer with an id alone is the dispatch of a first call, and in doubt after a lost answer', async () => {
    const body = { success: true, data: { id: 7, dispatchnumber: 70 } };
    expect(await opened(body)).toMatchObject({ kind: 'delivered', result: { dispatchId: 7, dispatchNumber: 70 } });
    expect(await opened(body, true)).toMatchObject({ kind: 'unknown', reason: 'undecided' });
  });

  it('an answer with the description of another dispatch is found open, and in doubt after a lost answer', async () => {
    const body = { success: true, data: { id: 7, dispatchnumber: 70, description: 'seen by kim' } };
    const first = await opened(body);
    expect(first).toMatchObject({ kind: 'delivered', result: { foundOpen: 70 } });
    expect(first).not.toHaveProperty('result.dispatchId');
    expect(await opened(body, true)).toMatchObject({ kind: 'unknown', detail: expect.stringContaining('dispatch 70') });
  });

  it.each([
    'There is already an open dispatch 70',
    'Duplicate dispatch',
    'Dispatch 70 was completed after the reported time',
  ])(
    'a refusal of a first call for another dispatch (%s) opens none, and is in doubt after a lost answer',
    async error => {
      expect(await opened({ success: false, error })).toMatchObject({
        kind: 'delivered',
        result: { nothing: expect.stringContaining(error) },
      });
      expect(await opened({ success: false, error }, true)).toMatchObject({ kind: 'unknown', reason: 'undecided' });
    },
  );

  it('a refusal of a first call in other words is a refusal', async () => {
    expect(await opened({ success: false, error: 'no reason HYDR' })).toMatchObject({ kind: 'rejected' });
  });
});
