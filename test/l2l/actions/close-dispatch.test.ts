import { describe, expect, it } from 'vitest';
import { type CallResult, type ChainState, NO_CHAIN } from '../../../src/core/delivery.ts';
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

describe('close_dispatch', () => {
  it.each(['close', 'complete'] as const)('asks to %s by the id the open was given', how => {
    const { delivery } = scripted(() => answer({}));
    const { request } = frozenCall(delivery, [close(at('2026-03-02 06:09:30'), how)], OPENED);
    expect(request.path).toBe(`/api/1.0/dispatches/${how}/57001`);
    expect(Object.fromEntries(new URLSearchParams(request.body))).toEqual({ completed: '2026-03-02 06:09:30' });
  });

  it.each<[string, ChainState, string]>([
    ['its open is under way', { ...NO_CHAIN, open: 'pending' }, 'held'],
    ['its open is a dead letter', { ...NO_CHAIN, open: 'dead' }, 'held'],
    ['there was no open', NO_CHAIN, 'nothing'],
    ['a person had one open', opened({ foundOpen: 8001 }), 'nothing'],
    ['nothing was opened', opened(null), 'nothing'],
  ])('sends nothing when %s', (_what, chain, kind) => {
    const { delivery } = scripted(() => answer({}));
    expect(delivery.freeze([ACTION], chain).kind).toBe(kind);
  });

  it('never ends before it began in the hour that comes twice', () => {
    const { delivery } = scripted(() => answer({}));
    const reported = Date.parse('2026-11-01T07:50:00Z'); // 01:50, first time
    const completed = Date.parse('2026-11-01T08:10:00Z'); // 01:10, second time
    const { request } = frozenCall(delivery, [close(completed)], opened({ dispatchId: 1, reported }));
    expect(Object.fromEntries(new URLSearchParams(request.body))).toEqual({ completed: '2026-11-01 01:50:01' });
  });

  it.each(['Dispatch is already completed', 'Dispatch already closed', 'The dispatch has already been closed.'])(
    'takes "%s" for done',
    async error => {
      const { delivery } = scripted(() => answer({ success: false, error }));
      const outcome = await delivery.send(frozenCall(delivery, [ACTION], OPENED), NEVER);
      expect(outcome).toMatchObject({ kind: 'delivered', result: { dispatchId: 57001, nothing: error } });
    },
  );

  it('takes no other refusal for done', async () => {
    const { delivery } = scripted(() => answer({ success: false, error: 'Dispatch is already set to this type' }));
    const outcome = await delivery.send(frozenCall(delivery, [ACTION], OPENED), NEVER);
    expect(outcome.kind).toBe('rejected');
  });

  it('does not count the close of another dispatch as its own', async () => {
    const { delivery } = scripted(() => answer({ success: true, data: { id: 99 } }));
    const outcome = await delivery.send(frozenCall(delivery, [ACTION], OPENED), NEVER);
    expect(outcome).toMatchObject({ kind: 'rejected', detail: expect.stringMatching(/57001.*99/) });
  });

  it.each([
    ['closed', 'close', { closed: '2026-03-02 06:10:00' }, 'applied'],
    ['open', 'close', { closed: null }, 'absent'],
    ['completed', 'close', { completed: '2026-03-02 06:10:00' }, 'absent'],
    ['completed', 'complete', { completed: '2026-03-02 06:10:00' }, 'applied'],
  ] as const)('looks: %s after a lost answer to %s', async (_what, how, fields, kind) => {
    const { delivery, sent } = scripted(() => answer({ success: true, data: [{ id: 57001, ...fields }] }));
    const call = frozenCall(delivery, [close(at('2026-03-02 06:09:30'), how)], OPENED);
    expect((await delivery.look(call, NEVER)).kind).toBe(kind);
    expect(sent[0]?.fields).toMatchObject({ site: '43', id: '57001' });
  });

  it('looks: leaves it to a person when the dispatch is not listed', async () => {
    const { delivery } = scripted(() => answer({ success: true, data: [] }));
    expect((await delivery.look(frozenCall(delivery, [ACTION], OPENED), NEVER)).kind).toBe('undecided');
  });
});
