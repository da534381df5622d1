import { describe, expect, it } from 'vitest';
import type { CallResult } from '../../../src/actions/result.ts';
import { type ChainState, NO_CHAIN } from '../../../src/core/delivery.ts';
import { shortMemory } from '../../../src/core/site-memory.ts';
import { isMarked } from '../../../src/l2l/dispatch-mark.ts';
import { answer, at, frozenCall, NEVER, scripted, stored } from '../calls.ts';
import { actionContract } from '../contract.ts';

const close = (completed: number, how: 'close' | 'complete' = 'close') =>
  stored('close_dispatch', { machine: 'PRESS-01', type: 'DOWN', completed, how });
const ACTION = close(at('2026-03-02 06:09:30'));
const opened = (result: CallResult | null): ChainState => ({ ...NO_CHAIN, open: 'delivered', result });
const OPENED = opened({ dispatchId: 57001, dispatchNumber: 8001, reported: at('2026-03-02 06:01:00') });

actionContract('close_dispatch', () => ({
  actions: [ACTION],
  chain: OPENED,
  success: { success: true, data: { id: 57001, dispatchnumber: 8001 } },
}));

actionContract('close_dispatch, noted', () => ({
  actions: [stored('close_dispatch', { machine: 'PRESS-01', type: 'DOWN', completed: 0, how: 'note' })],
  chain: OPENED,
  success: { success: true, data: { id: 57001, dispatchnumber: 8001 } },
}));

describe('close_dispatch', () => {
  it.each(['close', 'complete'] as const)(
    'a close asks L2L to %s the dispatch by the id that its open was given',
    how => {
      const { delivery } = scripted(() => answer({}));
      const { request } = frozenCall(delivery, [close(at('2026-03-02 06:09:30'), how)], OPENED);
      expect(request.path).toBe(`/api/1.0/dispatches/${how}/57001`);
      expect(Object.fromEntries(new URLSearchParams(request.body))).toEqual({ completed: '2026-03-02 06:09:30' });
    },
  );

  it('when a close loses the time, a restart after the first of the two calls goes on with the second one', () => {
    const memory = { ...shortMemory(), facts: () => ({ closeLosesCompleted: true }) as const };
    const { delivery } = scripted(() => answer({}), { memory: () => memory });
    const pathOf = (guarded: boolean) => frozenCall(delivery, [{ ...ACTION, guarded }], OPENED).request.path;
    expect(pathOf(false)).toBe('/api/1.0/dispatches/complete/57001');
    // The journal keeps `guarded` with the action.
    expect(pathOf(true)).toBe('/api/1.0/dispatches/close/57001');
  });

  it.each<[string, ChainState, string]>([
    ['its open is under way', { ...NO_CHAIN, open: 'pending' }, 'held'],
    ['its open is a dead letter', { ...NO_CHAIN, open: 'dead' }, 'held'],
    ['there was no open', NO_CHAIN, 'nothing'],
    ['a person had one open', opened({ dispatchId: 57001, foundOpen: 8001 }), 'nothing'],
    ['a person had one open, found by an older version', opened({ foundOpen: 8001 }), 'nothing'],
    ['it adopted one without the right to end it', opened({ dispatchId: 57001, adopted: true }), 'nothing'],
    ['others hold its dispatch', { ...OPENED, heldBy: ['oil'], isOurs: true }, 'nothing'],
    ['nothing was opened', opened(null), 'nothing'],
    ['its open was dropped', { ...NO_CHAIN, open: 'dropped' }, 'nothing'],
  ])('a close sends nothing when %s', (_what, chain, kind) => {
    const { delivery } = scripted(() => answer({}));
    expect(delivery.freeze([ACTION], chain).kind).toBe(kind);
  });

  it('a close whose open was dropped does not claim that nothing was opened', () => {
    const { delivery } = scripted(() => answer({}));
    expect(delivery.freeze([ACTION], { ...NO_CHAIN, open: 'dropped' })).toMatchObject({
      why: 'its open was dropped: if L2L has the dispatch all the same, a person closes it',
    });
  });

  it.each<[string, CallResult, boolean, boolean]>([
    ['found, and no episode is left that holds it', { dispatchId: 57001, foundOpen: 8001 }, true, false],
    ['adopted, and its rule ends those', { dispatchId: 57001, adopted: true }, false, true],
    ['adopted, and the rule of another episode ends those', { dispatchId: 57001, adopted: true }, true, false],
  ])('a close ends a dispatch that it %s', (_what, result, isOurs, closeAdopted) => {
    const { delivery } = scripted(() => answer({}));
    const action = stored('close_dispatch', {
      machine: 'PRESS-01',
      type: 'DOWN',
      completed: 0,
      how: 'close',
      closeAdopted,
    });
    const { request } = frozenCall(delivery, [action], { ...opened(result), isOurs });
    expect(request.path).toBe('/api/1.0/dispatches/close/57001');
  });

  it.each<[ChainState['open'], string]>([
    ['pending', 'held'],
    ['dead', 'nothing'],
    ['delivered', 'nothing'],
  ])('a close sends nothing when people close the dispatch and its open is final (%s: %s)', (open, kind) => {
    const { delivery } = scripted(() => answer({}));
    const action = stored('close_dispatch', { machine: 'PRESS-01', type: 'DOWN', completed: 0, how: 'leave' });
    expect(delivery.freeze([action], { ...OPENED, open }).kind).toBe(kind);
  });

  describe('note', () => {
    const completed = at('2026-03-02 06:09:30');
    const note = stored(
      'close_dispatch',
      { machine: 'PRESS-01', type: 'DOWN', completed, how: 'note' },
      { key: 'down#7:close' },
    );

    it('a note gives the time when the condition was over, and its mark differs from that of an open', () => {
      const { delivery } = scripted(() => answer({}));
      const { request } = frozenCall(delivery, [note], OPENED);
      expect(request.path).toBe('/api/1.0/dispatches/add_comment/57001');
      const { comment } = Object.fromEntries(new URLSearchParams(request.body));
      expect(comment).toMatch(/^over at 2026-03-02 06:09:30 \[gw note [0-9a-f]{10}\]$/);
      expect(isMarked(comment ?? '')).toBe(false);
    });

    it('a note is not sent twice without a look-up, which finds it by its mark', async () => {
      let description = 'Press 1 stopped';
      const { delivery } = scripted(() => answer({ success: true, data: [{ id: 57001, description }] }));
      const call = frozenCall(delivery, [note], OPENED);
      expect(delivery.mayRepeat(call)).toBe(false);
      expect(delivery.mayRepeat(frozenCall(delivery, [ACTION], OPENED))).toBe(true);
      expect((await delivery.look(call, NEVER)).kind).toBe('absent');
      description += `\n${new URLSearchParams(call.request.body).get('comment')}`;
      expect((await delivery.look(call, NEVER)).kind).toBe('applied');
    });
  });

  it('the end is never before the beginning in the repeated hour', () => {
    const { delivery } = scripted(() => answer({}));
    const reported = Date.parse('2026-11-01T07:50:00Z'); // 01:50, first time
    const completed = Date.parse('2026-11-01T08:10:00Z'); // 01:10, second time
    const { request } = frozenCall(delivery, [close(completed)], opened({ dispatchId: 1, reported }));
    expect(Object.fromEntries(new URLSearchParams(request.body))).toEqual({ completed: '2026-11-01 01:50:01' });
  });

  it.each(['Dispatch is already completed', 'Dispatch already closed', 'The dispatch has already been closed.'])(
    'a close takes "%s" as done',
    async error => {
      const { delivery } = scripted(() => answer({ success: false, error }));
      const outcome = await delivery.send(frozenCall(delivery, [ACTION], OPENED), NEVER);
      expect(outcome).toMatchObject({ kind: 'delivered', result: { dispatchId: 57001, nothing: error } });
    },
  );

  it('no other refusal counts as done', async () => {
    const { delivery } = scripted(() => answer({ success: false, error: 'Dispatch is already set to this type' }));
    const outcome = await delivery.send(frozenCall(delivery, [ACTION], OPENED), NEVER);
    expect(outcome.kind).toBe('rejected');
  });

  it('a close does not count the close of another dispatch as its own', async () => {
    const { delivery } = scripted(() => answer({ success: true, data: { id: 99 } }));
    const outcome = await delivery.send(frozenCall(delivery, [ACTION], OPENED), NEVER);
    expect(outcome).toMatchObject({ kind: 'rejected', detail: expect.stringMatching(/57001.*99/) });
  });

  it.each([
    ['lists it as deleted', [{ id: 57001, deleted: 'Y' }], 'delivered'],
    ['does not list it', [], 'rejected'],
    ['lists it as open', [{ id: 57001, deleted: '' }], 'rejected'],
  ])('a refused close is decided by a read when L2L %s', async (_what, data, kind) => {
    const refusal = { success: false, error: 'Dispatch 57001 does not exist' };
    const { delivery } = scripted(({ method }) => answer(method === 'POST' ? refusal : { success: true, data }));
    const outcome = await delivery.send(frozenCall(delivery, [ACTION], OPENED), NEVER);
    expect(outcome.kind).toBe(kind);
  });

  it.each([
    ['completed', 'complete', { completed: '2026-03-02 06:10:00' }, 'delivered'],
    ['completed', 'close', { completed: '2026-03-02 06:10:00' }, 'rejected'],
    ['closed', 'close', { closed: '2026-03-02 06:10:00' }, 'delivered'],
    ['open', 'complete', { completed: null }, 'rejected'],
  ] as const)(
    'words that say nothing, for a dispatch that is %s: the answer to %s is decided by a read',
    async (_what, how, fields, kind) => {
      const refusal = { success: false, error: 'Problem with the request' };
      const data = [{ id: 57001, ...fields }];
      const { delivery } = scripted(({ method }) => answer(method === 'POST' ? refusal : { success: true, data }));
      const outcome = await delivery.send(frozenCall(delivery, [close(at('2026-03-02 06:09:30'), how)], OPENED), NEVER);
      expect(outcome.kind).toBe(kind);
    },
  );

  it.each([
    [1, 502, 'rejected'],
    [2, 502, 'retry'],
    [2, 403, 'rejected'],
  ])('attempt %s of a close is refused, and the read after it fails with %s: %s', async (attempt, status, kind) => {
    const refusal = { success: false, error: 'Problem with the request' };
    const { delivery } = scripted(({ method }) =>
      method === 'POST' ? answer(refusal) : answer({ success: false }, status),
    );
    const outcome = await delivery.send({ ...frozenCall(delivery, [ACTION], OPENED), attempt }, NEVER);
    expect(outcome.kind).toBe(kind);
  });

  it.each([
    ['deleted', 'close', { deleted: 'Y' }, 'applied'],
    ['closed', 'close', { closed: '2026-03-02 06:10:00' }, 'applied'],
    ['open', 'close', { closed: null }, 'absent'],
    ['completed', 'close', { completed: '2026-03-02 06:10:00' }, 'absent'],
    ['completed', 'complete', { completed: '2026-03-02 06:10:00' }, 'applied'],
  ] as const)('a look-up finds the dispatch %s after a lost answer to %s', async (_what, how, fields, kind) => {
    const { delivery, sent } = scripted(() => answer({ success: true, data: [{ id: 57001, ...fields }] }));
    const call = frozenCall(delivery, [close(at('2026-03-02 06:09:30'), how)], OPENED);
    expect((await delivery.look(call, NEVER)).kind).toBe(kind);
    expect(sent[0]?.fields).toMatchObject({ site: '43', id: '57001' });
  });

  it('a look-up leaves the close to a person when L2L does not list the dispatch', async () => {
    const { delivery } = scripted(() => answer({ success: true, data: [] }));
    expect((await delivery.look(frozenCall(delivery, [ACTION], OPENED), NEVER)).kind).toBe('undecided');
  });
});
