import { describe, expect, it } from 'vitest';
import type { CloseDispatchParams, OpenDispatchParams } from '../../../src/actions/action.ts';
import { type ChainState, NO_CHAIN, type StoredAction } from '../../../src/core/delivery.ts';
import type { DeliveryOptions } from '../../../src/l2l/delivery.ts';
import { markOf } from '../../../src/l2l/dispatch-mark.ts';
import { answer, at, frozenCall, NEVER, type Sent, scripted, stored } from '../calls.ts';
import { actionContract } from '../contract.ts';

const REPORTED = at('2026-03-02 06:01:00');
const PARAMS: OpenDispatchParams = {
  machine: 'PRESS-01',
  type: 'DOWN',
  trade: 'MAINT',
  reason: 'HYDR',
  description: 'Press 1: oil & pressure',
  reported: REPORTED + 250,
  ifFoundOpen: 'leave',
};
const ACTION = stored('open_dispatch', PARAMS, { key: 'press1_down#7:open' });
const TOKEN = markOf({ key: ACTION.key, at: PARAMS.reported });

const listed = (fields: object = {}) => ({
  id: 57001,
  dispatchnumber: 8001,
  description: 'by a person',
  reported: '2026-03-02 05:00:00',
  completed: null,
  closed: null,
  deleted: '',
  open: 'T',
  createdby: 'kim',
  machinecode: 'PRESS-01',
  dispatchtypecode: 'DOWN',
  ...fields,
});
const list = (...records: object[]) => answer({ success: true, data: records });

actionContract('open_dispatch', () => ({
  actions: [ACTION],
  success: { success: true, data: { id: 57001, dispatchnumber: 8001 } },
}));

actionContract('open_dispatch, sent as a finished dispatch', () => {
  const action = stored('open_dispatch', { ...PARAMS, ifMissed: 'add' });
  const params: CloseDispatchParams = { machine: 'PRESS-01', type: 'DOWN', completed: REPORTED + 1000, how: 'close' };
  const waiting = [action, stored('close_dispatch', params)];
  const success = { success: true, data: { id: 57001, dispatchnumber: 8001 } };
  return { actions: [action], chain: { ...NO_CHAIN, open: 'pending', waiting }, success };
});

describe('open_dispatch', () => {
  it('an open has type, machine, time, user and mark, in site time', () => {
    const { delivery } = scripted(() => list());
    const { request } = frozenCall(delivery, [ACTION]);
    expect(request.path).toBe('/api/1.0/dispatches/open/');
    expect(Object.fromEntries(new URLSearchParams(request.body))).toEqual({
      site: '43',
      dispatchtypecode: 'DOWN',
      machinecode: 'PRESS-01',
      description: `Press 1: oil & pressure ${TOKEN}`,
      tradecode: 'MAINT',
      trade_required: 'true',
      reasoncode: 'HYDR',
      user: 'gateway',
      reported: '2026-03-02 06:01:00',
    });
  });

  it('an open asks L2L not to open a second one only after an earlier call may have opened it', () => {
    const { delivery } = scripted(() => list());
    expect(frozenCall(delivery, [ACTION]).request.body).not.toContain('prevent_duplicates');
    const guarded = frozenCall(delivery, [stored('open_dispatch', PARAMS, { guarded: true })]);
    expect(guarded.request.body).toMatch(/&prevent_duplicates=true$/);
  });

  it('an open is guarded once when only a part of the open dispatches could be read', async () => {
    const { delivery } = scripted(() =>
      answer({ success: true, limit: 1, data: [{ id: 7, dispatchtypecode: 'SETUP' }] }),
    );
    const call = frozenCall(delivery, [ACTION]);
    expect(await delivery.prepare(call, NEVER)).toMatchObject({
      kind: 'again',
      detail: expect.stringContaining('too many'),
    });
    expect(await delivery.prepare(call, NEVER)).toEqual({ kind: 'send', base: null });
  });

  describe('an episode that ended before its open could be sent', () => {
    const COMPLETED = at('2026-03-02 06:09:30');
    const over = (
      open: Partial<OpenDispatchParams>,
      close: Partial<CloseDispatchParams> = {},
      fields: Partial<StoredAction> = {},
    ) => {
      const action = stored('open_dispatch', { ...PARAMS, ...open }, { key: ACTION.key, ...fields });
      const params: CloseDispatchParams = { machine: 'PRESS-01', type: 'DOWN', completed: COMPLETED, how: 'close' };
      const closing = stored('close_dispatch', { ...params, ...close });
      const chain: ChainState = { ...NO_CHAIN, open: 'pending', waiting: [action, closing] };
      const freeze = scripted(() => list()).delivery.freeze([action], chain);
      return { freeze, closing, path: freeze.kind === 'request' ? freeze.request.path.slice(9) : freeze.kind };
    };

    it('a missed episode is one finished dispatch in whole minutes, with the seconds in its text', () => {
      const { freeze, closing } = over({ ifMissed: 'add' });
      if (freeze.kind !== 'request') throw new Error(freeze.kind);
      expect(freeze.and).toEqual([closing]);
      expect(freeze.request.path).toBe('/api/1.0/dispatches/add/');
      expect(Object.fromEntries(new URLSearchParams(freeze.request.body))).toEqual({
        site: '43',
        dispatchtypecode: 'DOWN',
        machinecode: 'PRESS-01',
        description: `Press 1: oil & pressure (2026-03-02 06:01:00 to 2026-03-02 06:09:30) ${TOKEN}`,
        resource: 'gateway',
        tradecode: 'MAINT',
        reasoncode: 'HYDR',
        reported: '2026-03-02 06:01',
        completed: '2026-03-02 06:09',
        externalid: expect.stringMatching(new RegExp(`^gw-${TOKEN.slice(4, 10)}[0-9a-f]{10}$`)),
      });
    });

    it('the end is never before the beginning in the repeated hour', () => {
      const reported = Date.parse('2026-11-01T07:50:00Z'); // 01:50, first time
      const completed = Date.parse('2026-11-01T08:10:00Z'); // 01:10, second time
      const { freeze } = over({ ifMissed: 'add', reported }, { completed });
      expect(freeze).toMatchObject({ request: { body: expect.stringContaining('completed=2026-11-01%2001%3A50') } });
    });

    it.each<[string, string, Parameters<typeof over>]>([
      ['open and close by default', 'dispatches/open/', [{}]],
      ['open and close', 'dispatches/open/', [{ ifMissed: 'open_and_close' }]],
      ['nothing', 'nothing', [{ ifMissed: 'nothing' }]],
      ['nothing, whoever closes it', 'nothing', [{ ifMissed: 'nothing' }, { how: 'leave' }]],
      ['open when people close it', 'dispatches/open/', [{ ifMissed: 'add' }, { how: 'leave' }]],
      ['open when people close it after a note', 'dispatches/open/', [{ ifMissed: 'add' }, { how: 'note' }]],
      ['add what is completed', 'dispatches/add/', [{ ifMissed: 'add' }, { how: 'complete' }]],
      ['add what could be adopted', 'dispatches/add/', [{ ifMissed: 'add', ifFoundOpen: 'adopt' }]],
      [
        'open what could be adopted and closed',
        'dispatches/open/',
        [{ ifMissed: 'add', ifFoundOpen: 'adopt' }, { closeAdopted: true }],
      ],
      ['open what may have arrived after all', 'dispatches/open/', [{ ifMissed: 'nothing' }, {}, { guarded: true }]],
      ['open what may have arrived after all', 'dispatches/open/', [{ ifMissed: 'add' }, {}, { guarded: true }]],
    ])('an episode that ended before its open is sent as its rule says: %s', (_what, expected, given) => {
      const { freeze, path, closing } = over(...given);
      expect(path).toBe(expected);
      const both = expected !== 'dispatches/open/';
      expect(freeze).toEqual(
        both ? expect.objectContaining({ and: [closing] }) : expect.not.objectContaining({ and: expect.anything() }),
      );
    });
  });

  describe('refused', () => {
    const refused = (error: string) => answer({ success: false, error });
    const BLOCKED = 'Machine PRESS-01 already has an open critical Dispatch';
    const send = async (
      action: StoredAction,
      error: string,
      records: object[] | 'fails',
      options: Partial<DeliveryOptions> = {},
    ) => {
      const respond = ({ method }: Sent) =>
        method === 'POST' ? refused(error) : records === 'fails' ? answer({}, 500) : list(...records);
      const { delivery } = scripted(respond, { blocked: ['open CRITICAL dispatch'], ...options });
      return delivery.send(frozenCall(delivery, [action]), NEVER);
    };
    const guarded = stored('open_dispatch', PARAMS, { key: ACTION.key, guarded: true });
    const ours = { id: 9, dispatchnumber: 10, description: `x ${TOKEN}` };
    const quality = listed({ dispatchtypecode: 'QUALITY', dispatchnumber: 8005 });

    it.each<[string, StoredAction, string, object[] | 'fails', object]>([
      ['for good', ACTION, 'Invalid reason: X', [], { kind: 'rejected', detail: 'Invalid reason: X' }],
      [
        'while another type is open, which it names',
        ACTION,
        BLOCKED,
        [quality],
        {
          kind: 'again',
          reason: 'blocked',
          after: 60_000,
          guarded: false,
          detail: expect.stringContaining('open on PRESS-01: 8005 (QUALITY); L2L said: Machine'),
        },
      ],
      ['while L2L does not say what is open', ACTION, BLOCKED, 'fails', { kind: 'again', reason: 'blocked' }],
      [
        'because one of the type was opened meanwhile',
        ACTION,
        BLOCKED,
        [listed()],
        { kind: 'delivered', result: { foundOpen: 8001 } },
      ],
      [
        'as a second one, which it is',
        guarded,
        'exists',
        [{ ...listed(), ...ours }],
        { kind: 'delivered', result: { dispatchId: 9 } },
      ],
      [
        'as a second one beside a person’s',
        guarded,
        'exists',
        [listed()],
        { kind: 'delivered', result: { foundOpen: 8001 } },
      ],
      [
        'as a second one of none',
        guarded,
        'exists',
        [],
        { kind: 'again', reason: 'refused', after: 0, guarded: false },
      ],
      ['as a second one, and L2L does not say of which', guarded, 'exists', 'fails', { kind: 'retry' }],
      [
        'on a repeat while another type is open',
        guarded,
        BLOCKED,
        [quality],
        { kind: 'again', reason: 'blocked', guarded: true },
      ],
      [
        'as a second one, and it is not certain whose the first is',
        guarded,
        'exists',
        [listed({ reported: '2026-03-02 06:01:00', createdby: null })],
        { kind: 'unknown', reason: 'refused' },
      ],
    ])('an open is refused %s', async (_what, action, error, records, expected) => {
      expect(await send(action, error, records)).toMatchObject(expected);
    });

    it.each<[string, StoredAction, string, object]>([
      ['on a repeat', guarded, 'exists', { kind: 'again', reason: 'refused', guarded: false }],
      ['on a repeat, as one that blocks it', guarded, BLOCKED, { kind: 'again', reason: 'blocked' }],
      ['as one that blocks it', ACTION, BLOCKED, { kind: 'again', reason: 'blocked', guarded: false }],
    ])(
      'the dispatch of the next episode does not count for an open that L2L refuses %s',
      async (_what, action, error, expected) => {
        const next = listed({
          reported: '2026-03-02 06:12:00',
          createdby: 'gateway',
          description: 'x [gw 0a1b2c3d4e]',
        });
        const completed = at('2026-03-02 06:10:00');
        const close = stored('close_dispatch', { machine: 'PRESS-01', type: 'DOWN', completed, how: 'close' });
        const chainOf = () => ({ ...NO_CHAIN, waiting: [close] });
        expect(await send(action, error, [next], { chainOf })).toMatchObject(expected);
        expect(await send(action, error, [next])).toMatchObject({ kind: 'delivered' });
      },
    );
  });

  it('an open leaves out trade and reason when the rule names none', () => {
    const { delivery } = scripted(() => list());
    const { trade: _trade, reason: _reason, ...params } = PARAMS;
    const { request } = frozenCall(delivery, [stored('open_dispatch', params)]);
    expect(request.body).not.toMatch(/trade|reason/);
  });

  it('the mark of an action is always the same, and differs in another journal', () => {
    expect(TOKEN).toMatch(/^\[gw [0-9a-f]{10}\]$/);
    expect(markOf({ key: ACTION.key, at: PARAMS.reported })).toBe(TOKEN);
    expect(markOf({ key: ACTION.key, at: PARAMS.reported + 60_000 })).not.toBe(TOKEN);
    expect(markOf({ key: 'press1_down#8:open', at: PARAMS.reported })).not.toBe(TOKEN);
  });

  it('an open keeps the id and the reported time, which its close needs', async () => {
    const { delivery } = scripted(() => answer({ success: true, data: { id: '57001', dispatchnumber: 8001 } }));
    const outcome = await delivery.send(frozenCall(delivery, [ACTION]), NEVER);
    expect(outcome).toMatchObject({
      kind: 'delivered',
      result: { dispatchId: 57001, dispatchNumber: 8001, reported: PARAMS.reported },
    });
  });

  it('a success without an id is unknown: such a dispatch could never be closed', async () => {
    const { delivery } = scripted(() => answer({ success: true, data: null }));
    const outcome = await delivery.send(frozenCall(delivery, [ACTION]), NEVER);
    expect(outcome).toMatchObject({ kind: 'unknown', reason: 'unreadable' });
  });

  it.each([500, 401])(
    'a success on a repeat is unknown when L2L does not name the dispatch (HTTP %d)',
    async status => {
      const opened = answer({ success: true, data: { id: 57001, dispatchnumber: 8001 } });
      const { delivery } = scripted(({ method }) => (method === 'POST' ? opened : answer({}, status)));
      const call = frozenCall(delivery, [stored('open_dispatch', PARAMS, { guarded: true })]);
      expect(await delivery.send(call, NEVER)).toMatchObject({ kind: 'unknown' });
    },
  );

  describe('before the send', () => {
    it.each([
      ['nothing is open', [], { kind: 'send', base: null }],
      ['a person has one open', [listed()], { kind: 'done', result: { foundOpen: 8001 } }],
      [
        'ours is open already',
        [listed(), listed({ id: 57002, dispatchnumber: 8002, description: `x ${TOKEN}` })],
        { kind: 'done', result: { dispatchId: 57002, dispatchNumber: 8002, reported: PARAMS.reported } },
      ],
      ['the open one is completed', [listed({ completed: '2026-03-02 05:30:00' })], { kind: 'send', base: null }],
      ['the open one is deleted', [listed({ deleted: 'Y' })], { kind: 'send', base: null }],
      ['not deleted reads as F', [listed({ deleted: 'F' })], { kind: 'done', result: { foundOpen: 8001 } }],
      ['L2L ignored the machine filter', [listed({ machinecode: 'PRESS-02' })], { kind: 'send', base: null }],
      ['L2L ignored the type filter', [listed({ dispatchtypecode: 'PM' })], { kind: 'send', base: null }],
    ])('the read before an open decides: %s', async (_what, records, prepared) => {
      const { delivery, sent } = scripted(() => list(...records));
      expect(await delivery.prepare(frozenCall(delivery, [ACTION]), NEVER)).toMatchObject(prepared);
      expect(sent).toHaveLength(1);
      expect(sent[0]).toMatchObject({
        method: 'GET',
        path: 'dispatches/',
        fields: { site: '43', machinecode: 'PRESS-01', dispatchtypecode: 'DOWN', open: 'T' },
      });
    });

    it.each([
      [
        'of a person matches an episode that is sent as finished, if it was open in that time',
        '2026-03-02 06:09:29',
        'kim',
        'done',
      ],
      ['of the gateway is to be ended, not to stand beside a finished one', '2026-03-02 06:09:29', 'gateway', 'again'],
      [
        'does not match an episode that is sent as finished, if that was over before',
        '2026-03-02 06:09:31',
        'gateway',
        'send',
      ],
    ])('an open dispatch %s', async (_what, reported, createdby, kind) => {
      const { delivery } = scripted(() => list(listed({ reported, createdby, description: 'x [gw 0a1b2c3d4e]' })));
      const action = stored('open_dispatch', { ...PARAMS, ifMissed: 'add' });
      const completed = at('2026-03-02 06:09:30');
      const close = stored('close_dispatch', { machine: 'PRESS-01', type: 'DOWN', completed, how: 'close' });
      const chain: ChainState = { ...NO_CHAIN, open: 'pending', waiting: [action, close] };
      const call = { ...frozenCall(delivery, [action], chain), actions: [action, close] };

      expect(await delivery.prepare(call, NEVER)).toMatchObject({ kind });
    });

    const marked = { createdby: 'gateway', description: 'x [gw 0a1b2c3d4e]' };
    it.each<[string, OpenDispatchParams['ifFoundOpen'], object[], object]>([
      ['none is open', 'leave', [], { kind: 'done', result: { nothing: expect.any(String) } }],
      ['none is open, and it opens beside others', 'open', [], { kind: 'done' }],
      ["a person's is open", 'leave', [listed()], { kind: 'done', result: { nothing: expect.any(String) } }],
      ["a person's is open, and it adopts", 'adopt', [listed()], { kind: 'done' }],
      ["the gateway's is open", 'leave', [listed(marked)], { kind: 'again' }],
    ])('a missed episode is never sent when its rule forbids it: %s', async (_what, ifFoundOpen, records, expected) => {
      const { delivery } = scripted(() => list(...records));
      const action = stored('open_dispatch', { ...PARAMS, ifFoundOpen, ifMissed: 'nothing' });
      const completed = at('2026-03-02 06:09:30');
      const close = stored('close_dispatch', { machine: 'PRESS-01', type: 'DOWN', completed, how: 'close' });
      const chain: ChainState = { ...NO_CHAIN, open: 'pending', waiting: [action, close], isFirst: true };
      const call = { ...frozenCall(delivery, [action], chain), actions: [action, close] };

      const prepared = await delivery.prepare(call, NEVER);

      expect(prepared).toMatchObject(expected);
      if (prepared.kind === 'done') expect(Object.keys(prepared.result)).toEqual(['nothing']);
    });

    it('an open that is certainly not in L2L is not sent when its episode is over and the end is parked', () => {
      const { delivery } = scripted(() => list());
      const chain: ChainState = { ...NO_CHAIN, open: 'pending', isEndParked: true };
      const frozen = (more: object) =>
        delivery.freeze([{ ...stored('open_dispatch', { ...PARAMS, ifMissed: 'nothing' }), ...more }], chain).kind;
      expect(frozen({})).toBe('nothing');
      // In doubt: L2L may have it, and then it has to be found.
      expect(frozen({ guarded: true })).toBe('request');
    });

    it('an open reads nothing when the rule opens its own dispatch beside any other', async () => {
      const { delivery, sent } = scripted(() => list(listed()));
      const call = frozenCall(delivery, [stored('open_dispatch', { ...PARAMS, ifFoundOpen: 'open' })]);
      expect(await delivery.prepare(call, NEVER)).toEqual({ kind: 'send', base: null });
      expect(sent).toEqual([]);
    });
  });

  describe('look-up after a lost answer', () => {
    const ours = { description: `x ${TOKEN} and more`, reported: '2026-03-02 06:01:00', createdby: 'gateway' };
    it.each([
      ['finds it open', [listed(), listed({ id: 9, dispatchnumber: 10, ...ours })], 'applied'],
      [
        'finds it closed by a person',
        [listed({ id: 9, ...ours, open: 'F', closed: '2026-03-02 06:02:00' })],
        'applied',
      ],
      ['finds it deleted', [listed({ id: 9, ...ours, deleted: 'Y' })], 'applied'],
      [
        'finds it under the type a technician gave it',
        [listed({ id: 9, ...ours, dispatchtypecode: 'ELEC' })],
        'applied',
      ],
      [
        'does not take one of another type for it that only has its time and user',
        [listed({ ...ours, description: 'oil', dispatchtypecode: 'ELEC' })],
        'absent',
      ],
      [
        'finds it by time and user when its text was rewritten',
        [listed({ id: 9, ...ours, description: 'oil' })],
        'applied',
      ],
      ['does not take another episode for it', [listed({ ...ours, description: 'x [gw 0000000000]' })], 'absent'],
      [
        "does not take a person's of the same second",
        [listed({ ...ours, description: 'oil', createdby: 'kim' })],
        'absent',
      ],
      [
        'is in doubt when nobody says whose it is',
        [listed({ ...ours, description: 'oil', createdby: null })],
        'undecided',
      ],
      ['finds nothing', [], 'absent'],
    ])('a look-up after a lost open: %s', async (_what, records, kind) => {
      const { delivery, sent } = scripted(() => list(...records));
      const look = await delivery.look(frozenCall(delivery, [ACTION]), NEVER);
      expect(look.kind).toBe(kind);
      if (look.kind === 'applied') expect(look.result.dispatchId).toBe(9);
      expect(sent[0]?.fields).toMatchObject({ order_by: '-reported' });
      expect(sent[0]?.fields).not.toHaveProperty('open');
    });

    it('a doubt names the possible dispatches and the missing mark', async () => {
      const alike = { ...ours, description: 'oil', createdby: null };
      const { delivery } = scripted(() => list(listed(alike), listed({ id: 9, dispatchnumber: 10, ...alike })));
      expect(await delivery.look(frozenCall(delivery, [ACTION]), NEVER)).toMatchObject({
        kind: 'undecided',
        detail: `one of dispatches 8001, 10 of PRESS-01 may be it: same type and time, by nobody knows whom, without its text ${TOKEN}`,
      });
    });

    it('a look-up reads page after page back to the time of the open', async () => {
      const page = (hour: string) =>
        Array.from({ length: 100 }, () => listed({ reported: `2026-03-02 ${hour}:00:00` }));
      const respond = ({ fields }: Sent) => {
        if (fields.offset === '0') return list(...page('09'));
        return fields.offset === '100' ? list(...page('08')) : list(listed(ours), ...page('03'));
      };
      const { delivery, sent } = scripted(respond);
      const look = await delivery.look(frozenCall(delivery, [ACTION], NO_CHAIN), NEVER);
      expect(look.kind).toBe('applied');
      expect(sent.map(({ fields }) => fields.offset)).toEqual(['0', '100', '200']);
    });

    it('a look-up is undecided when L2L has more dispatches than it can read', async () => {
      const newer = Array.from({ length: 100 }, () => listed({ reported: '2026-03-02 09:00:00' }));
      const { delivery } = scripted(() => list(...newer));
      expect((await delivery.look(frozenCall(delivery, [ACTION]), NEVER)).kind).toBe('undecided');
    });
  });
});
