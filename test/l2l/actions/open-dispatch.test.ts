import { describe, expect, it } from 'vitest';
import type { OpenDispatchParams } from '../../../src/core/action.ts';
import { NO_CHAIN } from '../../../src/core/delivery.ts';
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

describe('open_dispatch', () => {
  it('says what, where, since when and who, in site time, with its mark', () => {
    const { delivery } = scripted(() => list());
    const { request } = frozenCall(delivery, [ACTION]);
    expect(request.path).toBe('/api/1.0/dispatches/open/');
    expect(Object.fromEntries(new URLSearchParams(request.body))).toEqual({
      site: '43',
      dispatchtypecode: 'DOWN',
      machinecode: 'PRESS-01',
      description: `Press 1: oil & pressure ${TOKEN}`,
      trade: 'MAINT',
      trade_required: 'true',
      reasoncode: 'HYDR',
      user: 'gateway',
      reported: '2026-03-02 06:01:00',
    });
  });

  it('leaves out trade and reason when the rule names none', () => {
    const { delivery } = scripted(() => list());
    const { trade: _trade, reason: _reason, ...params } = PARAMS;
    const { request } = frozenCall(delivery, [stored('open_dispatch', params)]);
    expect(request.body).not.toMatch(/trade|reason/);
  });

  it('makes the mark from what happened: the same again, another for another journal', () => {
    expect(TOKEN).toMatch(/^\[gw [0-9a-f]{6}\]$/);
    expect(markOf({ key: ACTION.key, at: PARAMS.reported })).toBe(TOKEN);
    expect(markOf({ key: ACTION.key, at: PARAMS.reported + 60_000 })).not.toBe(TOKEN);
    expect(markOf({ key: 'press1_down#8:open', at: PARAMS.reported })).not.toBe(TOKEN);
  });

  it('keeps the id and the reported time, which its close needs', async () => {
    const { delivery } = scripted(() => answer({ success: true, data: { id: '57001', dispatchnumber: 8001 } }));
    const outcome = await delivery.send(frozenCall(delivery, [ACTION]), NEVER);
    expect(outcome).toMatchObject({
      kind: 'delivered',
      result: { dispatchId: 57001, dispatchNumber: 8001, reported: PARAMS.reported },
    });
  });

  it('takes a success without an id for unknown: such a dispatch could never be closed', async () => {
    const { delivery } = scripted(() => answer({ success: true, data: null }));
    const outcome = await delivery.send(frozenCall(delivery, [ACTION]), NEVER);
    expect(outcome).toMatchObject({ kind: 'unknown', reason: 'unreadable' });
  });

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
    ])('%s', async (_what, records, prepared) => {
      const { delivery, sent } = scripted(() => list(...records));
      expect(await delivery.prepare(frozenCall(delivery, [ACTION]), NEVER)).toMatchObject(prepared);
      expect(sent).toHaveLength(1);
      expect(sent[0]).toMatchObject({
        method: 'GET',
        path: 'dispatches/',
        fields: { site: '43', machinecode: 'PRESS-01', dispatchtypecode: 'DOWN', open: 'T' },
      });
    });

    it('asks nothing when the rule opens its own beside any other', async () => {
      const { delivery, sent } = scripted(() => list(listed()));
      const call = frozenCall(delivery, [stored('open_dispatch', { ...PARAMS, ifFoundOpen: 'open' })]);
      expect(await delivery.prepare(call, NEVER)).toEqual({ kind: 'send', base: null });
      expect(sent).toEqual([]);
    });
  });

  describe('look after a lost answer', () => {
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
        'finds it by time and user when its text was rewritten',
        [listed({ id: 9, ...ours, description: 'oil' })],
        'applied',
      ],
      ['does not take another episode for it', [listed({ ...ours, description: 'x [gw 000000]' })], 'absent'],
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
    ])('%s', async (_what, records, kind) => {
      const { delivery, sent } = scripted(() => list(...records));
      const look = await delivery.look(frozenCall(delivery, [ACTION]), NEVER);
      expect(look.kind).toBe(kind);
      if (look.kind === 'applied') expect(look.result.dispatchId).toBe(9);
      expect(sent[0]?.fields).toMatchObject({ order_by: '-reported' });
      expect(sent[0]?.fields).not.toHaveProperty('open');
    });

    it('reads page after page until before its time', async () => {
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

    it('does not say absent when there is more than it can read', async () => {
      const newer = Array.from({ length: 100 }, () => listed({ reported: '2026-03-02 09:00:00' }));
      const { delivery } = scripted(() => list(...newer));
      expect((await delivery.look(frozenCall(delivery, [ACTION]), NEVER)).kind).toBe('undecided');
    });
  });
});
