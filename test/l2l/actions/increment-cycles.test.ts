import { describe, expect, it } from 'vitest';
import { type Call, NO_CHAIN } from '../../../src/core/delivery.ts';
import { recordingLogger } from '../../support/recording-logger.ts';
import { answer, frozenCall, NEVER, scripted, stored } from '../calls.ts';
import { actionContract } from '../contract.ts';

const add = (count: number) =>
  stored('increment_cycles', { machine: 'PRESS-01', count, from: 0, to: 1000 }, { chain: null });
const BASE = { cycleCount: 1000, at: 0 };
const machine = (cyclecount: number | null) =>
  answer({ success: true, data: [{ id: 1, code: 'PRESS-01', cyclecount }] });

actionContract('increment_cycles', () => ({
  actions: [add(12)],
  fields: { base: BASE },
  success: { success: true, machine: { id: 1, code: 'PRESS-01', cyclecount: 1012 } },
}));

describe('increment_cycles', () => {
  it('waiting increments are sent as one sum', () => {
    const { delivery } = scripted(() => machine(0));
    const { request } = frozenCall(delivery, [add(12), add(3), add(0)]);
    expect(request.path).toBe('/api/1.0/machines/increment_cycle_count/');
    expect(Object.fromEntries(new URLSearchParams(request.body))).toEqual({
      site: '43',
      code: 'PRESS-01',
      cyclecount: '15',
    });
  });

  it('an increment of 0 is not sent', () => {
    const { delivery } = scripted(() => machine(0));
    expect(delivery.freeze([add(0), add(0)], NO_CHAIN).kind).toBe('nothing');
  });

  it('an increment reads the count before the first send, and a machine without one stands at 0', async () => {
    for (const [count, base] of [
      [1000, 1000],
      [null, 0],
    ] as const) {
      const { delivery, sent, clock } = scripted(() => machine(count));
      const prepared = await delivery.prepare(frozenCall(delivery, [add(1)]), NEVER);
      expect(prepared).toEqual({ kind: 'send', base: { cycleCount: base, at: clock.now() } });
      expect(sent).toMatchObject([{ path: 'machines/', fields: { site: '43', code: 'PRESS-01' } }]);
    }
  });

  it('an increment takes the count of the last answer for 15 minutes, then reads again', async () => {
    const { delivery, sent, clock } = scripted(({ method }) =>
      method === 'POST' ? answer({ success: true, machine: { cyclecount: 1005 } }) : machine(2000),
    );
    const answeredAt = clock.now();
    const send = () => delivery.send({ ...frozenCall(delivery, [add(5)]), base: BASE }, NEVER);
    expect(await send()).toMatchObject({ kind: 'delivered', result: { cycleCount: 1005 } });
    clock.advance(14 * 60_000);
    const base = { cycleCount: 1005, at: answeredAt };
    expect(await delivery.prepare(frozenCall(delivery, [add(5)]), NEVER)).toEqual({ kind: 'send', base });
    expect(sent.filter(({ method }) => method === 'GET')).toEqual([]);
    await send();
    clock.advance(16 * 60_000);
    const read = { cycleCount: 2000, at: clock.now() };
    expect(await delivery.prepare(frozenCall(delivery, [add(5)]), NEVER)).toEqual({ kind: 'send', base: read });
  });

  it('an increment does not trust the last answer after a later one was lost', async () => {
    let isLost = false;
    const { delivery } = scripted(({ method }) => {
      if (method === 'GET') return machine(1010);
      if (isLost) return { kind: 'failed', left: true, reason: 'reset', detail: 'gone' };
      return answer({ success: true, machine: { cyclecount: 1005 } });
    });
    const one = frozenCall(delivery, [add(5)]);
    await delivery.send({ ...one, base: BASE }, NEVER);
    await delivery.prepare(one, NEVER);
    isLost = true;
    await delivery.send({ ...one, base: BASE }, NEVER);
    expect(await delivery.prepare(frozenCall(delivery, [add(5)]), NEVER)).toMatchObject({ base: { cycleCount: 1010 } });
  });

  it.each([
    ['base and sum', 1015, 'applied'],
    ['the base', 1000, 'absent'],
    ['something else', 1007, 'undecided'],
  ])('a look-up decides: %s', async (_what, now, kind) => {
    const { delivery } = scripted(() => machine(now));
    const call: Call = frozenCall(delivery, [add(12), add(3)], NO_CHAIN, { base: BASE });
    const look = await delivery.look(call, NEVER);
    expect(look.kind).toBe(kind);
    if (look.kind === 'undecided') expect(look.detail).toMatch(/1000.*1007.*15.*1015/);
  });

  it('a look-up is undecided without a base, and waits for a machine that L2L does not know', async () => {
    const known = scripted(() => machine(1000));
    expect((await known.delivery.look(frozenCall(known.delivery, [add(1)]), NEVER)).kind).toBe('undecided');
    const unknown = scripted(() => answer({ success: true, data: [] }));
    const prepared = await unknown.delivery.prepare(frozenCall(unknown.delivery, [add(1)]), NEVER);
    expect(prepared).toMatchObject({ kind: 'failed', outcome: { kind: 'retry', detail: /no machine PRESS-01/ } });
  });

  it('the log says when somebody else changes the count too', async () => {
    const log = recordingLogger();
    const { delivery } = scripted(() => answer({ success: true, machine: { cyclecount: 1050 } }), { log });
    await delivery.send(frozenCall(delivery, [add(5)], NO_CHAIN, { base: BASE }), NEVER);
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { machine: 'PRESS-01', expected: 1005, stored: 1050 } }]);
  });
});
