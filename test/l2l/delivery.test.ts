import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ActionKind, ActionParams } from '../../src/actions/action.ts';
import { NO_CHAIN } from '../../src/core/delivery.ts';
import { ACTIONS } from '../../src/l2l/actions/registry.ts';
import { answer, frozenCall, NEVER, scripted, stored } from './calls.ts';

const KINDS = Object.keys(ACTIONS) as ActionKind[];
const add = stored('increment_cycles', { machine: 'PRESS-01', count: 5, from: 0, to: 1 }, { chain: null });

describe('delivery', () => {
  it('the registry lists every kind under its own name', () => {
    for (const kind of KINDS) expect(ACTIONS[kind].kind).toBe(kind);
  });

  it('the delivery repeats without a look-up only calls that give the same end state', () => {
    const { delivery } = scripted(() => answer({}));
    expect(KINDS.filter(kind => delivery.policy(kind).repeatable)).toEqual(['close_dispatch', 'set_cycles']);
    expect(KINDS.filter(kind => delivery.policy(kind).guardedRepeat)).toEqual(['open_dispatch', 'close_machine']);
    expect(KINDS.filter(kind => delivery.policy(kind).acrossLanes)).toEqual(['record_details']);
    expect(delivery.policy('record_details').maxActions).toBe(50);
  });

  it('a batch has its own settle time, because L2L works on it later', () => {
    const { delivery } = scripted(() => answer({}), { settle: { call: 60, batch: 1000 } });
    expect(delivery.policy('record_details')).toMatchObject({ settle: 1000, maxActions: 50 });
    expect(delivery.policy('open_dispatch')).toMatchObject({ settle: 60, maxActions: 1 });
  });

  it('the delivery repeats a refusal whose words are configured as transient', async () => {
    const refused = () => answer({ success: false, error: 'The nightly backup runs' });
    const call = frozenCall(scripted(refused).delivery, [add]);
    expect((await scripted(refused).delivery.send(call, NEVER)).kind).toBe('rejected');
    const { delivery } = scripted(refused, { transient: ['nightly backup'] });
    expect(await delivery.send(call, NEVER)).toMatchObject({ kind: 'retry', reason: 'refused' });
  });

  it('a call waits for the check of the settings before it is admitted, and not between its mark and its send', async () => {
    const check = Promise.withResolvers<void>();
    const settings = { askKey: async () => 'takes' as const, verify: () => check.promise, unverified: () => null };
    const { delivery, sent } = scripted(() => answer({}), { settings });
    const admitted = delivery.admit(NEVER);
    expect(await Promise.race([admitted, nextTurn('waits')])).toBe('waits');
    await delivery.send(frozenCall(delivery, [add]), NEVER);
    expect(sent).toHaveLength(1);
    check.resolve();
    expect(await admitted).toBe(true);
  });

  it('an id that the gateway would round opens nothing twice and closes no other dispatch', async () => {
    const OPENED = { machine: 'PRESS-01', type: 'DOWN', trade: 'MAINT', description: 'Alarm', reported: 0 };
    const open = stored('open_dispatch', OPENED as ActionParams['open_dispatch']);
    const dispatch = '{"id":9007199254740993,"dispatchnumber":5,"machinecode":"PRESS-01","dispatchtypecode":"DOWN"}';
    const { delivery } = scripted(() => ({
      kind: 'answered',
      status: 200,
      body: `{"success":true,"data":[${dispatch}]}`,
    }));
    const call = frozenCall(delivery, [open]);
    const words = expect.stringMatching(/L2L gave 9007199254740993 as id; .* not supported, so the call waits/);
    expect(await delivery.send(call, NEVER)).toMatchObject({ kind: 'unknown', detail: words });
    // With "L2L does not have it" the queue would repeat the open.
    expect(await delivery.look({ ...call, state: 'unknown' }, NEVER)).toMatchObject({
      kind: 'failed',
      outcome: { kind: 'retry', detail: words },
    });
  });

  it('the delivery follows up only batches, and freezes nothing without an action', async () => {
    const { delivery } = scripted(() => answer({}));
    expect((await delivery.follow(frozenCall(delivery, [add]), NEVER)).kind).toBe('undecided');
    expect(delivery.freeze([], NO_CHAIN).kind).toBe('nothing');
  });
});
