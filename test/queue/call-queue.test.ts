import { describe, expect, it, vi } from 'vitest';
import { closeDispatch, increment, openDispatch, recordSet } from '../support/actions.ts';
import { openBench, PATIENCE } from './harness.ts';
import { AWAY, DELIVERED } from './scripted-delivery.ts';

const MACHINES = ['M1', 'M2', 'M3', 'M4', 'M5'];

describe('call queue', () => {
  it('the queue keeps the order of every lane while calls fail and are repeated', async () => {
    const { delivery, commit, isIdle } = await openBench();
    let calls = 0;
    delivery.on.send = () => (++calls % 3 === 0 ? AWAY : DELIVERED);
    const actions = MACHINES.flatMap(machine =>
      Array.from({ length: 10 }, (_, n) => [openDispatch(machine, n), closeDispatch(machine, n)]).flat(),
    );

    await commit(...actions);
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    for (const machine of MACHINES) {
      const keys = delivery.sent
        .filter(({ call }) => call.lanes[0] === `dispatch:${machine}`)
        .map(({ keys }) => keys[0]);
      const firsts = keys.filter((key, at) => key !== keys[at - 1]);
      expect(firsts).toEqual(actions.filter(action => action.params && action.lane.endsWith(machine)).map(a => a.key));
    }
    expect(delivery.mostAtOnce).toBe(1);
  });

  it('the queue merges increments that were never sent, but none into a call that was built', async () => {
    const { delivery, commit, isIdle } = await openBench();
    const first = Promise.withResolvers<void>();
    delivery.on.send = async () => {
      await first.promise;
      return DELIVERED;
    };

    await commit(increment('M1', 1));
    await vi.waitFor(() => expect(delivery.sent).toHaveLength(1), PATIENCE);
    await commit(increment('M1', 2), increment('M1', 3), increment('M1', 4));
    first.resolve();
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(delivery.sent.map(({ keys }) => keys)).toEqual([
      ['M1@1:increment'],
      ['M1@2:increment', 'M1@3:increment', 'M1@4:increment'],
    ]);
  });

  it('the queue sends record sets of many lines in one call, at most 50, and frees the lines when it was accepted', async () => {
    const { delivery, commit, isIdle, journal } = await openBench();
    delivery.on.send = () => ({ kind: 'accepted', result: { batchId: 'b1' }, answer: '' });
    delivery.on.follow = () => ({ kind: 'pending', detail: 'working' });
    const lines = Array.from({ length: 30 }, (_, n) => `L${n}`);

    await commit(...lines.map(line => recordSet(line, 1)), ...lines.map(line => recordSet(line, 2)));
    await vi.waitFor(() => expect(delivery.sent).toHaveLength(2), PATIENCE);
    await commit(recordSet('L0', 3));
    await vi.waitFor(() => expect(delivery.sent).toHaveLength(3), PATIENCE);

    expect(delivery.sent.map(({ keys }) => keys.length)).toEqual([50, 10, 1]);
    expect(journal.openCalls().map(call => call.state)).toContain('accepted');
    delivery.on.follow = call => ({
      kind: 'final',
      failed: new Map([[call.actions[0]?.key ?? '', 'overlap']]),
      detail: '',
    });
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);
    expect(journal.counts().deadLetters).toBe(3);
  });

  it('the queue ends actions that need no call, and goes on with the next episode while one waits for a person', async () => {
    const { delivery, commit, journal } = await openBench();
    const build = delivery.on.freeze;
    delivery.on.freeze = (actions, chain) => {
      if (actions[0]?.key === 'M1#1:open') return { kind: 'nothing', why: 'nothing to open' };
      if (actions[0]?.key === 'M1#1:close') return { kind: 'held', why: 'open is parked' };
      return build(actions, chain);
    };

    await commit(openDispatch('M1', 1), closeDispatch('M1', 1), openDispatch('M1', 2), closeDispatch('M1', 2));
    await vi.waitFor(() => expect(delivery.sent).toHaveLength(2), PATIENCE);
    expect(delivery.sent.map(({ keys }) => keys[0])).toEqual(['M1#2:open', 'M1#2:close']);
    expect(journal.waiting('dispatch:M1', 9).map(action => action.key)).toEqual(['M1#1:close']);

    delivery.on.freeze = build;
    await vi.waitFor(() => expect(delivery.sent).toHaveLength(3), PATIENCE);
    expect(delivery.sent[2]?.keys).toEqual(['M1#1:close']);
  });

  it('the queue goes on with an episode as soon as its open is delivered, without waiting for a sweep', async () => {
    const { delivery, commit, isIdle } = await openBench({ sweepEvery: 3_600_000 });
    delivery.on.freeze = ([action], chain) =>
      action?.kind === 'close_dispatch' && chain.open === 'pending'
        ? { kind: 'held', why: 'its dispatch is not open yet' }
        : { kind: 'request', request: { method: 'POST', path: '/x', body: '' } };
    let due = Number.POSITIVE_INFINITY;
    delivery.on.send = async ({ actions }) => {
      if (delivery.sent.length === 1) {
        due = performance.now() + 50;
        return { kind: 'again', reason: 'blocked', detail: 'not now', after: 20, guarded: false };
      }
      // The end of this episode lets the first one go on.
      if (actions[0]?.key === 'M1#2:open')
        await vi.waitFor(() => expect(performance.now()).toBeGreaterThan(due), PATIENCE);
      return DELIVERED;
    };
    await commit(openDispatch('M1', 1), closeDispatch('M1', 1), openDispatch('M1', 2));
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);
    expect(delivery.sent).toHaveLength(4);
  });

  it('the queue sends nothing when the read before the send shows that L2L already has it', async () => {
    const { delivery, commit, isIdle, journal } = await openBench();
    delivery.on.prepare = () => ({ kind: 'done', result: { foundOpen: 7 } });

    await commit(openDispatch('M1', 1));
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(delivery.sent).toEqual([]);
    expect(journal.chain('M1#1')).toMatchObject({ open: 'delivered', result: { foundOpen: 7 } });
  });

  it('the base that was read goes into the send, and is read again only when nothing was sent', async () => {
    const { delivery, commit, isIdle } = await openBench();
    let reads = 0;
    delivery.on.prepare = () => {
      reads += 1;
      return reads === 1
        ? { kind: 'failed', outcome: { kind: 'retry', reason: 'network', detail: 'away' } }
        : { kind: 'send', base: { cycleCount: 5, at: Date.now() } };
    };
    delivery.on.send = () => (delivery.sent.length === 1 ? AWAY : DELIVERED);

    await commit(increment('M1', 1));
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(reads).toBe(2);
    expect(delivery.sent.map(({ call }) => [call.attempt, call.base?.cycleCount])).toEqual([
      [1, 5],
      [2, 5],
    ]);
  });

  it('the queue builds only as many calls ahead as can be under way soon', async () => {
    const { delivery, commit, journal } = await openBench({ l2l: { concurrency: 2 } });
    const open = Promise.withResolvers<void>();
    delivery.on.send = async () => {
      await open.promise;
      return DELIVERED;
    };

    await commit(...Array.from({ length: 40 }, (_, n) => openDispatch(`M${n}`, 1)));
    await vi.waitFor(() => expect(delivery.sent).toHaveLength(2), PATIENCE);
    const states = journal.openCalls().map(call => call.state);
    expect(states.filter(state => state === 'frozen').length).toBeLessThanOrEqual(4);
    expect(states.filter(state => state === 'sending')).toHaveLength(2);
    open.resolve();
    await vi.waitFor(() => expect(delivery.sent).toHaveLength(40), PATIENCE);
  });

  it('the status counts the open calls, the held actions, and the calls that ended', async () => {
    const { queue, commit } = await openBench();
    await commit(increment('M1', 1));

    await vi.waitFor(() => {
      expect(queue.status()).toMatchObject({
        redis: { up: true, detail: 'connected' },
        redisProblems: [],
        paused: [],
        running: 0,
        open: {},
        oldestOpenAt: null,
        counts: { delivered: 1, rejected: 0, parked: 0 },
      });
    }, PATIENCE);
  });
});
