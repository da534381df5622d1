import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { Outcome } from '../../src/core/delivery.ts';
import { closeDispatch, increment, openDispatch, recordSet, setCycles } from '../support/actions.ts';
import { movableClock } from '../support/movable-clock.ts';
import { openBench, PATIENCE, QUICK } from './harness.ts';
import { AWAY, DELIVERED, LOST, NO_KEY, REFUSED, scriptedDelivery } from './scripted-delivery.ts';

/** A refused call becomes a dead letter when L2L takes another call, and not because of the passing time. */
const HELD = { ...QUICK.timings, refusalHold: 3_600_000 };

/** The answers in order; the last one is repeated. */
function inTurn(...outcomes: readonly Outcome[]): () => Outcome {
  let at = 0;
  return () => outcomes[Math.min(at++, outcomes.length - 1)] ?? DELIVERED;
}

describe('call queue and what L2L answers', () => {
  it('the queue repeats a call only after two look-ups did not find it', async () => {
    const { delivery, commit, isIdle } = await openBench();
    delivery.on.send = inTurn(LOST, DELIVERED);
    delivery.on.look = () => ({ kind: 'absent', detail: 'not in the list' });

    await commit(increment('M1', 1));
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(delivery.looked.map(call => call.looks)).toEqual([0, 1]);
    expect(delivery.sent.map(({ call }) => call.attempt)).toEqual([1, 2]);
    expect(delivery.sent[0]?.call.request).toEqual(delivery.sent[1]?.call.request);
  });

  it('a call that two look-ups did not find is released, and the next call is guarded', async () => {
    const { delivery, commit, isIdle } = await openBench({
      delivery: scriptedDelivery({ open_dispatch: { guardedRepeat: true } }),
    });
    delivery.on.send = inTurn(LOST, DELIVERED);
    delivery.on.look = () => ({ kind: 'absent', detail: 'not in the list' });

    await commit(openDispatch('M1', 1), closeDispatch('M1', 1));
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(delivery.looked.map(call => call.looks)).toEqual([0, 1]);
    const [first, second] = delivery.sent.map(({ call }) => call);
    expect(second?.id).not.toBe(first?.id);
    expect([first?.actions[0]?.guarded, second?.actions[0]?.guarded]).toEqual([undefined, true]);
    expect(delivery.sent.map(({ keys }) => keys[0])).toEqual(['M1#1:open', 'M1#1:open', 'M1#1:close']);
  });

  it.each([
    ['it could not be read what is open', 'prepare'],
    ['L2L could not be reached', 'send'],
  ] as const)('the queue does not send an action that became too old while %s', async (_, step) => {
    const clock = movableClock();
    const { delivery, commit, isIdle, journal } = await openBench({ clock });
    const expiresAt = clock.now() + 3_600_000;
    let tries = 0;
    let late = 0;
    // L2L is back after the third attempt, and then it is too late.
    const isAway = () => {
      tries += 1;
      if (tries === 3) clock.advance(3_600_000);
      return tries <= 3;
    };
    if (step === 'prepare') {
      delivery.on.prepare = () => (isAway() ? { kind: 'failed', outcome: AWAY } : { kind: 'send', base: null });
    }
    delivery.on.send = ({ actions }) => {
      const isFirst = actions[0]?.key === 'M1#1:open';
      if (isFirst && clock.now() > expiresAt) late += 1;
      return isFirst && step === 'send' && isAway() ? AWAY : DELIVERED;
    };

    await commit({ ...openDispatch('M1', 1), expiresAt }, openDispatch('M1', 2));
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(late).toBe(0);
    expect(tries).toBeGreaterThanOrEqual(3);
    expect(journal.counts()).toMatchObject({ deadLetters: 1, waiting: 0 });
    expect(delivery.sent.at(-1)?.keys).toEqual(['M1#2:open']);
  });

  it('the queue reads L2L again after a call had to wait for long for the budget', async () => {
    const delivery = scriptedDelivery();
    let asked = 0;
    let read = 0;
    const bench = await openBench({
      delivery: {
        ...delivery,
        async admit() {
          asked += 1;
          if (asked === 1) await setTimeout(120);
          return true;
        },
      },
      l2l: { timings: { ...QUICK.timings, longestWait: 100 } },
    });
    // Somebody opened a dispatch during the wait.
    delivery.on.prepare = () => {
      read += 1;
      if (read === 1) return { kind: 'send', base: null };
      return { kind: 'done', result: { dispatchId: 7, nothing: 'dispatch 7 is already open' } };
    };

    await bench.commit(openDispatch('M1', 1));
    await vi.waitFor(() => expect(bench.isIdle()).toBe(true), PATIENCE);

    expect({ asked, read, sent: delivery.sent.length }).toEqual({ asked: 1, read: 2, sent: 0 });
  });

  it('the queue does not send an action that became too old while L2L was read', async () => {
    const { delivery, commit, isIdle, journal } = await openBench();
    const expiresAt = Date.now() + 100;
    // The budget let the read wait.
    delivery.on.prepare = async () => {
      await vi.waitUntil(() => Date.now() > expiresAt, PATIENCE);
      return { kind: 'send', base: null };
    };

    await commit({ ...openDispatch('M1', 1), expiresAt });
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(delivery.sent).toEqual([]);
    expect(journal.counts()).toMatchObject({ deadLetters: 1, waiting: 0 });
  });

  it('the queue reads L2L again when the disk or the process stood still during the mark of a send', async () => {
    const clock = systemClock();
    let ahead = 0;
    const { delivery, commit, isIdle, journal } = await openBench({
      clock: { now: () => clock.now() + ahead, at: (at, callback) => clock.at(at - ahead, callback) },
    });
    const { markSending } = journal;
    journal.markSending = async (...mark) => {
      const marked = await markSending(...mark);
      if (ahead === 0) ahead = 3_600_000;
      return marked;
    };
    let read = 0;
    delivery.on.prepare = () => {
      read += 1;
      if (read === 1) return { kind: 'send', base: null };
      return { kind: 'done', result: { dispatchId: 7, nothing: 'dispatch 7 is already open' } };
    };

    await commit(openDispatch('M1', 1));
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect({ read, sent: delivery.sent.length }).toEqual({ read: 2, sent: 0 });
  });

  it('an anchor is read only once, however long ago that was', async () => {
    const { delivery, commit, isIdle } = await openBench();
    const base = { cycleCount: 5, at: Date.now() - 3_600_000 };
    delivery.on.prepare = () => ({ kind: 'send', base });

    await commit(setCycles('M1', 1, 3));
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(delivery.sent.map(({ call }) => [call.attempt, call.base])).toEqual([[1, base]]);
  });

  it('the queue sends nothing when the clock was set, or a pause began, while the mark was written', async () => {
    let doubt: string | null = null;
    const { delivery, commit, queue, journal } = await openBench({
      clockGuard: { doubt: () => doubt, standstills: () => 0, isLeft: () => false },
    });
    const { markSending } = journal;
    journal.markSending = async (...mark) => {
      const marked = await markSending(...mark);
      doubt = 'the clock was set';
      return marked;
    };

    await commit(openDispatch('M1', 1));
    await vi.waitFor(() => expect(queue.status().open).toEqual({ retry: 1 }), PATIENCE);

    expect(delivery.sent).toEqual([]);
    expect(queue.status().running).toBe(0);
  });

  it('the queue sends the actions behind a call that has to be sent again later, and that call when it is due', async () => {
    const clock = movableClock();
    const { delivery, commit, isIdle, queue, journal } = await openBench({ clock });
    let blocked = true;
    delivery.on.send = ({ actions }) => {
      if (actions[0]?.key === 'M1#2:close') {
        blocked = false;
        clock.advance(600_000);
      }
      if (!blocked || actions[0]?.key !== 'M1#1:open') return DELIVERED;
      return { kind: 'again', reason: 'blocked', detail: 'dispatch 8 is open', after: 600_000, guarded: false };
    };
    delivery.on.freeze = (actions, chain) =>
      actions[0]?.kind === 'close_dispatch' && chain.open === 'pending'
        ? { kind: 'held', why: 'its dispatch is not open yet' }
        : { kind: 'request', request: { method: 'POST', path: '/x', body: actions[0]?.key ?? '' } };

    await commit(openDispatch('M1', 1), closeDispatch('M1', 1), openDispatch('M1', 2), closeDispatch('M1', 2));
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    const keys = delivery.sent.map(({ keys }) => keys[0]);
    expect(keys.filter((key, at) => key !== keys[at - 1])).toEqual([
      'M1#1:open',
      ...['M1#2:open', 'M1#2:close'],
      ...['M1#1:open', 'M1#1:close'],
    ]);
    expect(queue.status().counts.released).toBeGreaterThan(0);
    expect(journal.counts()).toMatchObject({ deadLetters: 0, parked: 0 });
  });

  it('the newest count is set last: the lane waits while nobody knows whether an older one arrived', async () => {
    const { delivery, commit, isIdle } = await openBench({
      delivery: scriptedDelivery({ set_cycles: { settle: 150 } }),
    });
    const times: number[] = [];
    delivery.on.send = () => {
      times.push(performance.now());
      return delivery.sent.length === 1 ? LOST : DELIVERED;
    };
    await commit(setCycles('M1', 1, 100));
    await vi.waitFor(() => expect(delivery.sent).toHaveLength(1), PATIENCE);
    await commit(setCycles('M1', 2, 110), setCycles('M1', 3, 120));
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(delivery.sent.map(({ keys }) => keys.at(-1))).toEqual(['M1@1:set', 'M1@1:set', 'M1@3:set']);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(100);
    expect(delivery.looked).toEqual([]);
  });

  it('the queue halves a batch that L2L refuses as a whole until the bad set stands alone', async () => {
    const { delivery, commit, isIdle, journal } = await openBench();
    delivery.on.send = call =>
      call.actions.some(action => action.key === 'L3@1:record')
        ? REFUSED
        : { kind: 'delivered', result: {}, answer: '' };

    await commit(...[1, 2, 3, 4, 5].map(line => recordSet(`L${line}`, 1)), recordSet('L3', 2));
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(journal.counts().deadLetters).toBe(1);
    const delivered = delivery.sent.filter(({ keys }) => !keys.includes('L3@1:record')).flatMap(({ keys }) => keys);
    expect(delivered.toSorted()).toEqual(['L1@1:record', 'L2@1:record', 'L3@2:record', 'L4@1:record', 'L5@1:record']);
    expect(delivery.mostAtOnce).toBe(1);
  });

  it('the queue does not repeat a call that a look-up found', async () => {
    const { delivery, commit, isIdle, journal } = await openBench();
    delivery.on.send = () => LOST;
    delivery.on.look = () => ({ kind: 'applied', result: { dispatchId: 9 }, detail: 'found' });

    await commit(openDispatch('M1', 1));
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(delivery.sent).toHaveLength(1);
    expect(journal.chain('M1#1').result).toEqual({ dispatchId: 9 });
  });

  it('the queue parks what cannot be decided, logs it, and the lane goes on', async () => {
    const { delivery, commit, journal, queue, log } = await openBench();
    delivery.on.send = inTurn(LOST, DELIVERED);

    await commit(openDispatch('M1', 1));
    await vi.waitFor(() => expect(journal.counts().parked).toBe(1), PATIENCE);
    await commit(openDispatch('M1', 2));
    await vi.waitFor(() => expect(queue.status().counts.delivered).toBe(1), PATIENCE);

    expect(queue.status().counts.parked).toBe(1);
    expect(log.lines).toContainEqual(
      expect.objectContaining({ level: 'error', message: expect.stringContaining('parked') }),
    );
  });

  it.each([
    ['increment', increment('M1', 1)],
    ['open', openDispatch('M1', 1)],
  ])('the queue sends an %s again as its rule asks, three times, and then a person decides', async (_what, action) => {
    const { delivery, commit, isIdle, journal, log } = await openBench();
    const next = action.kind === 'increment_cycles' ? increment('M1', 2) : openDispatch('M1', 2);
    delivery.on.send = call => (call.actions.some(({ key }) => key === action.key) ? LOST : DELIVERED);

    await commit({ ...action, onUnknown: 'repeat' });
    await vi.waitFor(() => expect(journal.counts().parked).toBe(1), PATIENCE);
    await commit(next);
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(delivery.sent.filter(({ keys }) => keys.includes(action.key))).toHaveLength(4);
    expect(log.lines.filter(({ message }) => /sent again, as its rule says/.test(message))).toHaveLength(3);
    expect(journal.unsettled(1)[0]).toMatchObject({ detail: 'nobody knows; sent 4 times so far' });
  });

  it('the queue parks a call that L2L refuses after it may have taken it, so that nobody repeats it without a look', async () => {
    const { delivery, commit, isIdle, journal, log } = await openBench();
    delivery.on.send = () => (delivery.sent.length === 1 ? LOST : REFUSED);

    await commit({ ...increment('M1', 1), onUnknown: 'repeat' });
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(delivery.sent).toHaveLength(2);
    expect(journal.counts()).toMatchObject({ deadLetters: 0, parked: 1 });
    expect(journal.unsettled(1)[0]).toMatchObject({ detail: expect.stringContaining('L2L may have taken it') });
    const refused = log.lines.filter(({ message }) => message.startsWith('L2L refused a call'));
    expect(refused.map(({ message }) => message)).toEqual([
      'L2L refused a call that it may have taken before: parked, a person decides',
    ]);
  });

  it('the queue repeats a look-up that failed', async () => {
    const { delivery, commit, isIdle } = await openBench();
    delivery.on.send = () => LOST;
    delivery.on.look = () =>
      delivery.looked.length < 3
        ? { kind: 'failed', outcome: { kind: 'retry', reason: 'network', detail: 'away' } }
        : { kind: 'applied', result: {}, detail: '' };

    await commit(increment('M1', 1));
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(delivery.looked.map(call => call.looks)).toEqual([0, 0, 0]);
    expect(delivery.sent).toHaveLength(1);
  });

  it('the queue repeats a repeatable call without a look-up, and holds up no other lane', async () => {
    const { delivery, commit, isIdle } = await openBench();
    const keys = () => delivery.sent.map(({ keys }) => keys[0]);
    delivery.on.send = async call => {
      if (call.kind !== 'close_dispatch') return DELIVERED;
      if (call.attempt === 1) return LOST;
      // The lane is held up only until another one goes on.
      await vi.waitFor(() => expect(keys()).toContain('M2#1:open'), PATIENCE);
      return DELIVERED;
    };

    await commit(openDispatch('M1', 1), closeDispatch('M1', 1), openDispatch('M1', 2), openDispatch('M2', 1));
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(delivery.looked).toEqual([]);
    expect(keys().filter(key => key?.startsWith('M1'))).toEqual(['M1#1:open', 'M1#1:close', 'M1#1:close', 'M1#2:open']);
  });

  it('the queue follows an accepted batch until it is final', async () => {
    const { delivery, commit, isIdle, journal } = await openBench();
    delivery.on.send = () => ({ kind: 'accepted', result: { batchId: 'b' }, answer: '' });
    delivery.on.follow = () =>
      delivery.followed.length < 3
        ? { kind: 'pending', detail: 'working' }
        : { kind: 'final', failed: new Map([['L1@1:record', 'overlaps']]), detail: 'one refused' };

    await commit(recordSet('L1', 1), recordSet('L2', 1));
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(delivery.followed.map(call => [call.looks, call.result?.batchId])).toEqual([
      [0, 'b'],
      [1, 'b'],
      [2, 'b'],
    ]);
    expect(journal.counts().deadLetters).toBe(1);
  });

  it('the queue makes a refused call a dead letter as soon as L2L takes another call', async () => {
    const { delivery, commit, queue, journal } = await openBench({ l2l: { timings: HELD } });
    delivery.on.send = call => (call.lanes[0] === 'dispatch:BAD' ? REFUSED : DELIVERED);

    await commit(openDispatch('BAD', 1));
    await vi.waitFor(
      () => expect(journal.openCalls()).toMatchObject([{ state: 'retry', reason: 'refused' }]),
      PATIENCE,
    );
    await commit(openDispatch('GOOD', 1));
    await vi.waitFor(() => expect(queue.status().counts.rejected).toBe(1), PATIENCE);

    expect(delivery.sent).toHaveLength(2);
    expect(journal.counts().deadLetters).toBe(1);
    expect(queue.status().paused).toEqual([]);
  });

  it('the queue makes a refused call a dead letter after a while when nothing else happens', async () => {
    const { delivery, commit, journal, log } = await openBench();
    delivery.on.send = () => REFUSED;

    await commit(openDispatch('BAD', 1));
    await vi.waitFor(() => expect(journal.counts().deadLetters).toBe(1), PATIENCE);

    expect(delivery.sent).toHaveLength(1);
    expect(log.lines).toContainEqual({
      level: 'error',
      message: 'L2L refused a call: dead letter',
      fields: expect.objectContaining({
        actions: [1],
        what: 'open dispatch DOWN at BAD',
        rules: ['r'],
        lanes: ['dispatch:BAD'],
        detail: expect.stringMatching(/./),
      }),
    });
  });

  it('the queue pauses when L2L refuses all calls, keeps every call, and goes on when it takes one', async () => {
    const { delivery, commit, journal, queue, log } = await openBench({ l2l: { concurrency: 2, timings: HELD } });
    let general = true;
    delivery.on.send = () => (general ? REFUSED : DELIVERED);
    const machines = Array.from({ length: 12 }, (_, n) => `M${n}`);

    await commit(...machines.map(machine => openDispatch(machine, 1)));
    await vi.waitFor(() => expect(queue.status().paused[0]?.cause).toBe('refused'), PATIENCE);
    // The probes go on and are refused too.
    await vi.waitFor(() => expect(queue.status().paused[0]?.probes).toBeGreaterThan(2), PATIENCE);
    expect(journal.counts().deadLetters).toBe(0);
    general = false;
    await vi.waitFor(() => expect(queue.status().counts).toMatchObject({ delivered: 12, rejected: 0 }), PATIENCE);

    expect(queue.status().paused).toEqual([]);
    expect(journal.counts().deadLetters).toBe(0);
    expect(log.lines.filter(line => line.fields && 'cause' in line.fields && line.level === 'error')).toHaveLength(1);
  });

  it('the queue gives up the calls of one bad rule after the pause they caused', async () => {
    const { delivery, commit, journal, queue } = await openBench({ l2l: { concurrency: 2, timings: HELD } });
    delivery.on.send = call => (call.lanes[0]?.startsWith('dispatch:BAD') ? REFUSED : DELIVERED);

    await commit(...['BAD1', 'BAD2', 'BAD3', 'BAD4'].map(machine => openDispatch(machine, 1)));
    await vi.waitFor(() => expect(queue.status().paused[0]?.cause).toBe('refused'), PATIENCE);
    await commit(openDispatch('GOOD', 1));
    await vi.waitFor(() => expect(queue.status().counts).toMatchObject({ delivered: 1, rejected: 4 }), PATIENCE);

    expect(queue.status().paused).toEqual([]);
    expect(journal.counts().deadLetters).toBe(4);
  });

  it('the queue keeps everything while the key is not accepted, and probes', async () => {
    const { delivery, commit, isIdle, queue, journal } = await openBench();
    let accepted = false;
    delivery.on.send = () => (accepted ? DELIVERED : NO_KEY);

    await commit(openDispatch('M1', 1), openDispatch('M2', 1), increment('M3', 1));
    await vi.waitFor(() => expect(queue.status().paused).toMatchObject([{ cause: 'auth', detail: '401' }]), PATIENCE);
    await vi.waitFor(() => expect(queue.status().paused[0]?.probes).toBeGreaterThan(2), PATIENCE);
    accepted = true;
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(journal.counts()).toMatchObject({ deadLetters: 0, parked: 0 });
    expect(queue.status().paused).toEqual([]);
  });

  it('a person can make the queue try a call at once', async () => {
    const { delivery, commit, isIdle, queue } = await openBench({
      l2l: { breaker: { ...QUICK.breaker, probeEvery: 3_600_000 } },
    });
    delivery.on.send = inTurn(NO_KEY, DELIVERED);
    await commit(openDispatch('M1', 1));
    await vi.waitFor(() => expect(queue.status().paused[0]?.cause).toBe('auth'), PATIENCE);

    queue.probeNow();
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);
  });

  it('the queue opens its breaker while L2L is away, one probe at a time, and releases the oldest first', async () => {
    const { delivery, commit, isIdle, queue } = await openBench({
      l2l: {
        concurrency: 1,
        breaker: { ...QUICK.breaker, failures: 3 },
        timings: { ...QUICK.timings, firstRetry: 3_600_000, longestRetry: 3_600_000 },
      },
    });
    let away = true;
    delivery.on.send = () => (away ? AWAY : DELIVERED);
    const machines = ['M1', 'M2', 'M3', 'M4', 'M5', 'M6'];

    await commit(...machines.map(machine => openDispatch(machine, 1)));
    await vi.waitFor(() => expect(queue.status().paused[0]?.cause).toBe('network'), PATIENCE);
    const before = delivery.sent.length;
    await vi.waitFor(() => expect(queue.status().paused[0]?.probes).toBeGreaterThan(3), PATIENCE);
    expect(delivery.sent.length - before).toBeLessThanOrEqual((queue.status().paused[0]?.probes ?? 0) + 1);
    away = false;
    const last = delivery.sent.length;
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    // After the successful probe, the back-off of an hour is forgotten, and the age decides.
    const released = delivery.sent.slice(last + 1).map(({ keys }) => keys[0]);
    expect(released).toEqual(released.toSorted());
  });

  it('a call waits as long as a 429 asks for, and no other call does', async () => {
    const { delivery, commit, isIdle } = await openBench();
    const times: number[] = [];
    delivery.on.send = call => {
      if (call.lanes[0] !== 'dispatch:M1') return DELIVERED;
      times.push(performance.now());
      return times.length === 1 ? { kind: 'retry', reason: 'rate_limited', detail: '429', retryAfter: 300 } : DELIVERED;
    };

    await commit(openDispatch('M1', 1), openDispatch('M2', 1));
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(240);
    expect(delivery.sent).toHaveLength(3);
  });

  it('the queue stops sending while the journal cannot be written, keeps the outcome, and goes on', async () => {
    const bench = await openBench();
    const { delivery, commit, isIdle, journal, queue } = bench;
    const transition = journal.transition;
    let full = false;
    let refused = 0;
    const write = (...args: Parameters<typeof transition>) => {
      if (!full) return transition(...args);
      refused += 1;
      return Promise.reject(new Error('database or disk is full'));
    };
    Object.assign(journal, { transition: write });
    delivery.on.send = () => {
      full = delivery.sent.length === 1;
      return DELIVERED;
    };

    await commit(openDispatch('M1', 1));
    await vi.waitFor(() => expect(queue.status().paused[0]?.cause).toBe('journal'), PATIENCE);
    await commit(openDispatch('M1', 2));
    await vi.waitFor(() => expect(refused).toBeGreaterThan(1), PATIENCE);
    expect(delivery.sent).toHaveLength(1);
    full = false;
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(delivery.sent.map(({ keys }) => keys[0])).toEqual(['M1#1:open', 'M1#2:open']);
    expect(queue.status().paused).toEqual([]);
  });

  it('the queue looks up a call whose run ended by a defect of the gateway after the send', async () => {
    const { delivery, commit, isIdle } = await openBench();
    delivery.on.send = () => ({ kind: 'a fault' }) as never;
    delivery.on.look = () => ({ kind: 'applied', result: {}, detail: 'it is there' });

    await commit(openDispatch('M1', 1));
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect([delivery.sent.length, delivery.looked.length]).toEqual([1, 1]);
    expect(delivery.looked[0]).toMatchObject({ state: 'unknown', reason: 'crashed' });
  });

  it('a look-up shows that the journal can be written again when there is nothing to send', async () => {
    const { delivery, commit, isIdle, journal, queue } = await openBench();
    const { markSending } = journal;
    journal.markSending = async (id, ...mark) => {
      if (journal.call(id)?.lanes[0] === 'dispatch:M1') return markSending(id, ...mark);
      // The commit took the call with it, and its action was too old for another call.
      const actions = journal.call(id)?.actions ?? [];
      const gone = { state: 'released', at: 1, notBefore: 0, reason: null, detail: null } as const;
      await journal.transition(id, ['frozen'], gone);
      await journal.giveUp(actions, 'too old');
      throw new Error('database or disk is full');
    };
    delivery.on.send = () => LOST;
    delivery.on.look = () => ({ kind: 'applied', result: {}, detail: 'it is there' });

    await commit(openDispatch('M1', 1), openDispatch('M2', 1));
    await vi.waitFor(() => expect(queue.status().paused[0]?.cause).toBe('journal'), PATIENCE);
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(delivery.looked).toHaveLength(1);
    await vi.waitFor(() => expect(queue.status().paused).toEqual([]), PATIENCE);
  });

  it('the queue leaves nothing running when it stops although an outcome cannot be written', async () => {
    const { delivery, commit, journal, queue } = await openBench();
    Object.assign(journal, { transition: () => Promise.reject(new Error('database or disk is full')) });
    await commit(openDispatch('M1', 1));
    await vi.waitFor(() => expect(queue.status().paused[0]?.cause).toBe('journal'), PATIENCE);
    await queue.stop(0);

    const timers = vi.spyOn(globalThis, 'setTimeout');
    await setTimeout(50);

    expect(delivery.sent).toHaveLength(1);
    expect(timers.mock.calls.filter(([, ms]) => ms === 5)).toEqual([]);
    timers.mockRestore();
  });
});
