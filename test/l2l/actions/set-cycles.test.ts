import { describe, expect, it } from 'vitest';
import { type ChainState, NO_CHAIN } from '../../../src/core/delivery.ts';
import { recordingLogger } from '../../support/recording-logger.ts';
import { answer, frozenCall, NEVER, scripted, stored } from '../calls.ts';
import { actionContract } from '../contract.ts';

const set = (movement: number) =>
  stored('set_cycles', { machine: 'PRESS-01', movement, at: 1000 }, { chain: 'press1#1' });
const ANCHORED: ChainState = { ...NO_CHAIN, result: { cycleCount: 1012, cycleAnchor: 1000 } };
const machine = (cyclecount: number) => answer({ success: true, data: [{ id: 1, code: 'PRESS-01', cyclecount }] });
const done = (cyclecount: number) => answer({ success: true, machine: { cyclecount } });

actionContract('set_cycles (first of its chain)', () => ({
  actions: [set(12)],
  fields: { base: { cycleCount: 1000, at: 0 } },
  success: { success: true, machine: { cyclecount: 1012 } },
}));

actionContract('set_cycles (anchor known)', () => ({
  actions: [set(12), set(20)],
  chain: ANCHORED,
  success: { success: true, machine: { cyclecount: 1020 } },
}));

describe('set_cycles', () => {
  it('a set count sends the anchor plus the newest movement', () => {
    const { delivery } = scripted(() => machine(0));
    const { request } = frozenCall(delivery, [set(12), set(20)], ANCHORED);
    expect(request.path).toBe('/api/1.0/machines/set_cycle_count/');
    expect(Object.fromEntries(new URLSearchParams(request.body))).toEqual({
      site: '43',
      code: 'PRESS-01',
      cyclecount: '1020',
    });
  });

  it('a set count reads the anchor once, before the first call of its chain', async () => {
    const { delivery, sent, clock } = scripted(({ method }) => (method === 'POST' ? done(1012) : machine(1000)));
    const call = frozenCall(delivery, [set(12)]);
    const prepared = await delivery.prepare(call, NEVER);
    expect(prepared).toEqual({ kind: 'send', base: { cycleCount: 1000, at: clock.now() } });
    const ready = { ...call, base: { cycleCount: 1000, at: clock.now() } };
    expect(await delivery.prepare(ready, NEVER)).toEqual({ kind: 'send', base: ready.base });

    const outcome = await delivery.send(ready, NEVER);
    expect(outcome).toMatchObject({ kind: 'delivered', result: { cycleCount: 1012, cycleAnchor: 1000 } });
    expect(sent.map(({ method, fields }) => [method, fields.cyclecount])).toEqual([
      ['GET', undefined],
      ['POST', '1012'],
    ]);

    const next = frozenCall(delivery, [set(30)], ANCHORED);
    expect(await delivery.prepare(next, NEVER)).toEqual({ kind: 'send', base: null });
    expect(sent).toHaveLength(2);
  });

  it('later calls use the anchor of the first one', async () => {
    const { delivery } = scripted(() => done(1030));
    const outcome = await delivery.send(frozenCall(delivery, [set(30)], ANCHORED), NEVER);
    expect(outcome).toMatchObject({ result: { cycleAnchor: 1000 } });
  });

  it('a set count sends nothing without a chain or an anchor, and never the raw movement', async () => {
    const { delivery, sent } = scripted(() => done(12));
    const unchained = stored('set_cycles', { machine: 'PRESS-01', movement: 12, at: 0 }, { chain: null });
    expect(delivery.freeze([unchained], NO_CHAIN).kind).toBe('held');
    expect((await delivery.send(frozenCall(delivery, [set(12)]), NEVER)).kind).toBe('retry');
    expect(sent).toEqual([]);
  });

  it('the log says when L2L answers a set count with another count', async () => {
    const log = recordingLogger();
    const { delivery } = scripted(() => done(2024), { log });
    await delivery.send(frozenCall(delivery, [set(12)], ANCHORED), NEVER);
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { expected: 1012, stored: 2024 } }]);
  });

  it.each([
    [1012, 'applied'],
    [1000, 'absent'],
  ])('a look-up finds the machine at %i', async (now, kind) => {
    const { delivery } = scripted(() => machine(now));
    expect((await delivery.look(frozenCall(delivery, [set(12)], ANCHORED), NEVER)).kind).toBe(kind);
  });
});
