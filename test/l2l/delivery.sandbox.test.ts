import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CallResult } from '../../src/actions/result.ts';
import { systemClock } from '../../src/core/clock.ts';
import {
  type Call,
  type CallBase,
  type ChainState,
  type Delivery,
  NO_CHAIN,
  type StoredAction,
} from '../../src/core/delivery.ts';
import { type Sandbox, startSandbox } from '../../src/simulation/sandbox/sandbox.ts';
import { testDelivery } from '../support/delivery.ts';
import { movableClock } from '../support/movable-clock.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { API_KEY, WORLD } from '../support/sandbox.ts';
import { frozenCall, NEVER, stored } from './calls.ts';

const clock = systemClock();

const HOUR = 3_600_000;
const TIMEOUT = 60_000;

/** Time passes here and at L2L as usual, and faster when the test says so. */
async function setUp() {
  const [time, timeThere] = [movableClock(), movableClock()];
  const sandbox = await startSandbox({
    port: 0,
    host: '127.0.0.1',
    key: API_KEY,
    world: WORLD,
    manners: { batchDelay: 50 },
    clock: timeThere,
  });
  onTestFinished(() => sandbox.stop());
  const log = recordingLogger();
  const settle = { call: 60_000, batch: 300_000 };
  const { delivery } = testDelivery({ url: sandbox.url, clock: time, log, timeout: TIMEOUT, settle });
  return { sandbox, delivery, log, time, timeThere };
}

/** Prepares and sends a call as the queue does. */
async function deliver(delivery: Delivery, call: Call) {
  const prepared = await delivery.prepare(call, NEVER);
  if (prepared.kind !== 'send') return { call, outcome: prepared };
  const sending: Call = { ...call, state: 'sending', attempt: 1, sentAt: clock.now(), base: prepared.base };
  return { call: sending, outcome: await delivery.send(sending, NEVER) };
}

const WHOLE_SECOND = Math.floor(clock.now() / 1000) * 1000;
const open = (machine = 'PRESS-01', number = 1) =>
  stored(
    'open_dispatch',
    {
      machine,
      type: 'DOWN',
      trade: 'MAINT',
      reason: 'HYDR',
      description: `${machine} stopped`,
      reported: WHOLE_SECOND - 120_000,
      ifFoundOpen: 'leave',
    },
    { key: `down#${number}:open` },
  );
const close = stored('close_dispatch', {
  machine: 'PRESS-01',
  type: 'DOWN',
  completed: WHOLE_SECOND - 30_000,
  how: 'close',
});
const add = (count: number) =>
  stored('increment_cycles', { machine: 'PRESS-01', count, from: 0, to: 1 }, { chain: null });
const setTo = (movement: number) => stored('set_cycles', { machine: 'WELD-01', movement, at: 1 }, { chain: 'weld#1' });
const set = (line: string, minutesAgo: number, product: string | null = 'P-100') => {
  const end = WHOLE_SECOND - minutesAgo * 60_000;
  const params = { line, start: end - 60_000, end, actual: 7, scrap: 1, product };
  return stored('record_details', params, { key: `${line}-${minutesAgo}`, chain: null, lane: `production:${line}` });
};

const opened = (result: CallResult): ChainState => ({ ...NO_CHAIN, open: 'delivered', result });
const dispatches = (sandbox: Sandbox) => sandbox.state().dispatches;
const countOf = (sandbox: Sandbox, machine: string) =>
  sandbox.state().machines.find(({ code }) => code === machine)?.cyclecount;

async function followed(delivery: Delivery, call: Call) {
  for (;;) {
    const follow = await delivery.follow(call, NEVER);
    if (follow.kind !== 'pending') return follow;
    await wait(20);
  }
}

function resultOf(outcome: object): CallResult {
  if (!('result' in outcome)) throw new Error(`no result: ${JSON.stringify(outcome)}`);
  return outcome.result as CallResult;
}

describe('delivery to the L2L sandbox', () => {
  it('a close ends the dispatch that its open created', async () => {
    const { sandbox, delivery } = await setUp();
    const { outcome } = await deliver(delivery, frozenCall(delivery, [open()]));
    expect(outcome.kind).toBe('delivered');
    const chain = opened(resultOf(outcome));
    const closing = await deliver(delivery, frozenCall(delivery, [close], chain));
    expect(closing.outcome.kind).toBe('delivered');
    expect(dispatches(sandbox)).toMatchObject([
      { reported: WHOLE_SECOND - 120_000, completed: WHOLE_SECOND - 30_000, closed: expect.any(Number) },
    ]);
    const again = await deliver(delivery, frozenCall(delivery, [close], chain));
    expect(again.outcome).toMatchObject({ kind: 'delivered', result: { nothing: 'Dispatch already closed' } });
  });

  it.each([
    ['reset before it was applied', { kind: 'reset', when: 'before' }, 'absent', 0],
    ['reset after it was applied', { kind: 'reset', when: 'after' }, 'applied', 1],
    ['502 after it was applied', { kind: 'status', status: 502, when: 'after' }, 'applied', 1],
    ["a proxy's page before it was applied", { kind: 'html', when: 'before' }, 'absent', 0],
  ] as const)('an open that is %s is unknown, then looked up', async (_what, fault, look, number) => {
    const { sandbox, delivery } = await setUp();
    sandbox.setFaults([{ ...fault, path: 'dispatches/open', count: 1 }]);
    const { call, outcome } = await deliver(delivery, frozenCall(delivery, [open()]));
    expect(outcome.kind).toBe('unknown');
    expect((await delivery.look(call, NEVER)).kind).toBe(look);
    expect(dispatches(sandbox)).toHaveLength(number);
  });

  it('the count before an increment shows whether a lost one took effect', async () => {
    const { sandbox, delivery } = await setUp();
    const first = await deliver(delivery, frozenCall(delivery, [add(5), add(7)]));
    expect(first.outcome).toMatchObject({ kind: 'delivered', result: { cycleCount: 1012 } });

    sandbox.setFaults([{ kind: 'reset', when: 'after', path: 'increment', count: 1 }]);
    const lost = await deliver(delivery, frozenCall(delivery, [add(3)]));
    expect(lost.outcome).toMatchObject({ kind: 'unknown', reason: 'reset' });
    expect(await delivery.look(lost.call, NEVER)).toMatchObject({ kind: 'applied', result: { cycleCount: 1015 } });

    sandbox.setFaults([{ kind: 'reset', when: 'before', path: 'increment', count: 1 }]);
    const never = await deliver(delivery, frozenCall(delivery, [add(3)]));
    expect((await delivery.look(never.call, NEVER)).kind).toBe('absent');
    expect(countOf(sandbox, 'PRESS-01')).toBe(1015);
  });

  it("the delivery sets a count to L2L's first count plus the movement", async () => {
    const { sandbox, delivery } = await setUp();
    const first = await deliver(delivery, frozenCall(delivery, [setTo(12)]));
    expect(first.outcome).toMatchObject({ kind: 'delivered', result: { cycleCount: 512, cycleAnchor: 500 } });
    const chain = opened({ cycleCount: 512, cycleAnchor: 500 });
    const second = await deliver(delivery, frozenCall(delivery, [setTo(20), setTo(30)], chain));
    expect(second.outcome).toMatchObject({ kind: 'delivered', result: { cycleCount: 530, cycleAnchor: 500 } });
    expect(countOf(sandbox, 'WELD-01')).toBe(530);
  });

  it('the delivery books record sets in a batch and names those that failed', async () => {
    const { sandbox, delivery } = await setUp();
    const sets: readonly StoredAction[] = [
      set('LINE-1', 10),
      set('LINE-1', 9),
      set('LINE-9', 9),
      set('LINE-2', 9, null),
    ];
    const { call, outcome } = await deliver(delivery, frozenCall(delivery, sets));
    expect(outcome.kind).toBe('accepted');
    const accepted: Call = {
      ...call,
      state: 'accepted',
      result: resultOf(outcome),
    };
    const follow = await followed(delivery, accepted);
    if (follow.kind !== 'final') throw new Error(JSON.stringify(follow));
    expect([...follow.failed.keys()]).toEqual(['LINE-9-9']);
    expect(follow.failed.get('LINE-9-9')).toMatch(/LINE-9/);
    expect(sandbox.state().details).toHaveLength(3);
  });

  it.each([
    ['before', 'absent'],
    ['after', 'applied'],
  ] as const)('a batch reset %s it was taken is looked up set by set', async (when, kind) => {
    const { sandbox, delivery } = await setUp();
    sandbox.setFaults([{ kind: 'reset', when, path: 'record_details_batch', method: 'POST', count: 1 }]);
    const { call, outcome } = await deliver(delivery, frozenCall(delivery, [set('LINE-1', 10), set('LINE-2', 9)]));
    expect(outcome.kind).toBe('unknown');
    if (when === 'after') await expect.poll(() => sandbox.state().details.length).toBe(2);
    expect((await delivery.look(call, NEVER)).kind).toBe(kind);
  });

  it('the delivery follows a batch whose answer was lost while L2L works on it, and never sends it again', async () => {
    const { sandbox, delivery, timeThere } = await setUp();
    sandbox.setManners({ batchDelay: 0, batchPace: HOUR });
    sandbox.setFaults([{ kind: 'reset', when: 'after', path: 'record_details_batch', method: 'POST', count: 1 }]);
    const sets = [set('LINE-1', 10), set('LINE-9', 9), set('LINE-2', 9)];
    const { call } = await deliver(delivery, frozenCall(delivery, sets));
    await expect.poll(() => sandbox.state().details.length).toBe(1);
    expect(await delivery.look(call, NEVER)).toMatchObject({ kind: 'accepted', result: {} });
    timeThere.advance(2 * HOUR);
    const follow = await followed(delivery, { ...call, state: 'accepted', result: {} });
    expect(follow).toMatchObject({ kind: 'final', failed: new Map([['LINE-9-9', expect.stringMatching(/LINE-9/)]]) });
    expect(follow.kind === 'final' && follow.parked).toEqual(new Map());
    expect(sandbox.state().details).toHaveLength(2);
  });

  it('a refusal has the words of L2L, and a refused key stops all calls', async () => {
    const { sandbox, delivery, log } = await setUp();
    const { outcome } = await deliver(delivery, frozenCall(delivery, [open('NO-SUCH')]));
    expect(outcome).toMatchObject({ kind: 'rejected', detail: expect.stringMatching(/NO-SUCH/) });
    sandbox.setFaults([{ kind: 'status', status: 401 }]);
    const halted = await delivery.send(
      frozenCall(delivery, [add(1)], NO_CHAIN, { base: { cycleCount: 0, at: 0 } satisfies CallBase }),
      NEVER,
    );
    expect(halted).toMatchObject({ kind: 'halt', reason: 'auth' });
    expect(log.lines).toEqual([]);
  });

  it('the delivery waits as long as L2L asks', async () => {
    const { sandbox, delivery } = await setUp();
    sandbox.setFaults([{ kind: 'status', status: 429, retryAfter: 7, path: 'dispatches/open', count: 1 }]);
    const { outcome } = await deliver(delivery, frozenCall(delivery, [open()]));
    expect(outcome).toMatchObject({ kind: 'retry', reason: 'rate_limited', retryAfter: 7000 });
    expect(dispatches(sandbox)).toEqual([]);
  });

  it('the delivery gives up on an answer that hangs, although L2L may still apply the call', async () => {
    const { sandbox, delivery, time, timeThere } = await setUp();
    sandbox.setFaults([{ kind: 'hang', ms: HOUR, path: 'increment', count: 1 }]);
    const given = deliver(delivery, frozenCall(delivery, [add(3)]));
    await expect.poll(() => sandbox.state().faults[0]?.struck).toBe(1);
    time.advance(TIMEOUT);
    const { call, outcome } = await given;
    expect(outcome).toMatchObject({ kind: 'unknown', reason: 'timeout' });
    expect((await delivery.look(call, NEVER)).kind).toBe('absent');
    timeThere.advance(HOUR);
    await expect.poll(() => countOf(sandbox, 'PRESS-01')).toBe(1003);
    expect((await delivery.look(call, NEVER)).kind).toBe('applied');
  });
});
