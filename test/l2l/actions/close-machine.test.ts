import { describe, expect, it } from 'vitest';
import { NO_CHAIN } from '../../../src/core/delivery.ts';
import { shortMemory } from '../../../src/core/site-memory.ts';
import { answer, at, frozenCall, NEVER, scripted, stored } from '../calls.ts';
import { actionContract } from '../contract.ts';

const RAN = '2026-03-02 06:09:30';
const PARAMS = { machine: 'PRESS-01', type: 'DOWN', completed: at(RAN) };
const ACTION = stored('close_machine', PARAMS);
const row = (id: number, reported: string, fields: object = {}) => ({
  id,
  dispatchnumber: id - 49_000,
  machinecode: 'PRESS-01',
  dispatchtypecode: 'DOWN',
  description: 'seen by kim',
  reported,
  open: 'T',
  completed: null,
  closed: null,
  deleted: null,
  ...fields,
});
const EARLY = row(57001, '2026-03-02 06:01:00');
const SECOND = row(57002, '2026-03-02 06:02:00');
const LATER = row(57003, '2026-03-02 06:09:30');

/** An L2L with these open dispatches. It takes every write, and answers a close of all with `closed`. */
function l2l(
  listed: readonly object[],
  { closed = [], memory = shortMemory() }: { closed?: object[]; memory?: ReturnType<typeof shortMemory> } = {},
) {
  return scripted(({ method }) => answer({ success: true, data: method === 'GET' ? listed : closed }), {
    memory: () => memory,
  });
}

actionContract('close_machine', () => ({
  actions: [ACTION],
  success: { success: true, data: [{ id: 57001, dispatchnumber: 8001 }] },
}));

describe('close_machine', () => {
  it('a close of all names machine and type by their codes, with the true time and the texts for people', () => {
    const { delivery } = l2l([]);
    const action = stored('close_machine', { ...PARAMS, note: 'running again', comment: 'closed' });
    const { request } = frozenCall(delivery, [action]);
    expect(request.path).toBe('/api/1.0/dispatches/closemachine/');
    expect(Object.fromEntries(new URLSearchParams(request.body))).toEqual({
      site: '43',
      machinecode: 'PRESS-01',
      dispatchtypecode: 'DOWN',
      completed: RAN,
      note: 'running again',
      comment: 'closed',
    });
  });

  it('a close of all waits while a person decides whether L2L has an open of the machine and type', () => {
    const { delivery } = l2l([]);
    expect(delivery.freeze([ACTION], { ...NO_CHAIN, inDoubt: ['press1_down'] })).toEqual({
      kind: 'held',
      why: 'a person decides first whether L2L has the dispatch of press1_down, which is parked',
    });
  });

  it.each(['dead', 'dropped', 'delivered', 'none'] as const)(
    'a close of all is sent when the open of its rule is %s',
    open => {
      const { delivery } = l2l([]);
      expect(delivery.freeze([ACTION], { ...NO_CHAIN, open }).kind).toBe('request');
    },
  );

  it('a close of all sends nothing when no dispatch of the machine and type is open', async () => {
    const { delivery } = l2l([LATER]);
    expect(await delivery.prepare(frozenCall(delivery, [ACTION]), NEVER)).toEqual({
      kind: 'done',
      result: { nothing: 'no dispatch DOWN of PRESS-01 is left to close; 8003 began later and stays open' },
    });
  });

  it('a close of all closes them by one call, and names all ids and those that no gateway opened', async () => {
    const own = row(57002, '2026-03-02 06:02:00', { description: 'stopped [gw 0123456789]' });
    const closed = [EARLY, own].map(one => ({ ...one, completed: RAN, closed: '2026-03-02 06:09:40' }));
    const { delivery, sent } = l2l([EARLY, own], { closed });
    const call = frozenCall(delivery, [ACTION]);
    expect(await delivery.prepare(call, NEVER)).toEqual({ kind: 'send', base: null });
    expect(await delivery.send(call, NEVER)).toMatchObject({
      kind: 'delivered',
      result: { closed: [57001, 57002], closedOfPeople: [57001] },
    });
    expect(sent.at(-1)?.path).toBe('dispatches/closemachine/');
  });

  it('when a newer dispatch is open, the older ones are closed by their ids, one after the other', async () => {
    const { delivery, sent } = l2l([EARLY, SECOND, LATER]);
    const call = frozenCall(delivery, [ACTION]);
    const prepared = await delivery.prepare(call, NEVER);
    if (prepared.kind !== 'send') throw new Error(prepared.kind);
    const sending = { ...call, attempt: 1, base: prepared.base };
    expect(await delivery.send(sending, NEVER)).toMatchObject({ kind: 'again', reason: null, after: 0 });
    expect(sent.at(-1)).toMatchObject({ path: 'dispatches/close/57001', fields: { completed: RAN } });
    // The end of one dispatch may be repeated without a look-up, but the end of all may not.
    expect([delivery.mayRepeat(sending), delivery.mayRepeat(call)]).toEqual([true, false]);
  });

  it('when a close loses the time, each dispatch is completed, and a completed one is closed', async () => {
    const memory = { ...shortMemory(), facts: () => ({ closeLosesCompleted: true }) as const };
    const pathOf = async (dispatch: object) => {
      const { delivery, sent } = l2l([dispatch], { memory });
      const call = frozenCall(delivery, [ACTION]);
      const prepared = await delivery.prepare(call, NEVER);
      await delivery.send({ ...call, attempt: 1, base: prepared.kind === 'send' ? prepared.base : null }, NEVER);
      return sent.at(-1)?.path;
    };
    expect(await pathOf(EARLY)).toBe('dispatches/complete/57001');
    expect(await pathOf({ ...EARLY, completed: RAN })).toBe('dispatches/close/57001');
  });

  it('an answer with the present time as completed teaches that a close loses the time', async () => {
    const memory = shortMemory();
    const closed = [{ ...EARLY, completed: '2026-03-02 07:00:00', closed: '2026-03-02 07:00:00' }];
    const { delivery } = l2l([EARLY], { closed, memory });
    await delivery.send(frozenCall(delivery, [ACTION]), NEVER);
    expect(memory.facts().closeLosesCompleted).toBe(true);
  });

  it.each<[string, object[], object]>([
    ['nothing is left', [], { kind: 'applied' }],
    ['only a newer one is open', [LATER], { kind: 'applied' }],
    ['an older one is open', [EARLY, LATER], { kind: 'absent', detail: 'still open: 8001' }],
  ])('a look-up after a lost answer: %s', async (_what, listed, look) => {
    const { delivery } = l2l(listed);
    expect(await delivery.look(frozenCall(delivery, [ACTION]), NEVER)).toMatchObject(look);
  });

  it('a refusal counts as success when no dispatch is left to close, whatever its words', async () => {
    const refusing = (listed: object[]) =>
      scripted(({ method }) =>
        answer(method === 'GET' ? { success: true, data: listed } : { success: false, error: 'E-17' }),
      );
    const outcome = async (listed: object[]) => {
      const { delivery } = refusing(listed);
      return (await delivery.send(frozenCall(delivery, [ACTION]), NEVER)).kind;
    };
    expect([await outcome([]), await outcome([EARLY])]).toEqual(['delivered', 'rejected']);
  });
});
