import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { closeDispatch, increment, openDispatch } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';
import { movableClock } from '../support/movable-clock.ts';
import { openBench, PATIENCE } from './harness.ts';
import { AWAY, DELIVERED, LOST, NO_KEY } from './scripted-delivery.ts';

/** No sweep repairs anything in these tests. */
const NEVER = 3_600_000;

describe('call queue and the ways in which BullMQ loses, doubles and reorders', () => {
  it('the queue leaves no lane behind when its next action comes while its call ends', async () => {
    const { delivery, commit, isIdle } = await openBench({ sweepEvery: NEVER });
    const actions = Array.from({ length: 40 }, (_, n) => [openDispatch('M1', n), closeDispatch('M1', n)]).flat();
    const turn = () => new Promise(resolve => setImmediate(resolve));
    const nextIn = async (turns: number) => {
      const next = actions[delivery.sent.length];
      for (let at = 0; at < turns; at++) await turn();
      if (next) await commit(next);
    };
    // The lane gets its next action long before its call ends, just before that, and in each of the turns of the event loop after it.
    delivery.on.send = async () => {
      const turns = delivery.sent.length % 12;
      const committed = nextIn(turns);
      for (let at = 0; at < 6; at++) await turn();
      if (turns === 0) await committed;
      return DELIVERED;
    };

    await commit(...actions.slice(0, 1));
    await vi.waitFor(() => expect(delivery.sent).toHaveLength(actions.length), PATIENCE);
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(delivery.sent.flatMap(({ keys }) => keys)).toEqual(actions.map(action => action.key));
    expect(delivery.mostAtOnce).toBe(1);
  });

  it('the queue sends a call whose job BullMQ silently ignored, because it still knew one of that id', async () => {
    const { delivery, journal, redis, commit, keys } = await openBench();
    const base = `{l2l:${journal.id}:${journal.epoch}}:l2l:calls`;
    // A failed job that was kept looks like this: its hash exists, but it is in no list of waiting jobs.
    await redis.client.hset(`${base}:1-0-1`, { name: 'increment_cycles', data: '{}', opts: '{}', timestamp: '1' });
    await redis.client.zadd(`${base}:failed`, 1, '1-0-1');

    await commit(increment('M1', 1));
    await vi.waitFor(() => expect(delivery.sent.map(sent => sent.keys)).toEqual([['M1@1:increment']]), PATIENCE);

    expect(await keys('1-0-1')).toEqual([]);
  });

  it('the queue leaves no job behind that ended or was replaced', async () => {
    const { delivery, redis, commit, isIdle, keys } = await openBench();
    delivery.on.look = () => ({ kind: 'absent', detail: 'not there' });
    const outcomes = [AWAY, LOST, AWAY, DELIVERED];
    delivery.on.send = () => outcomes[delivery.sent.length - 1] ?? DELIVERED;

    await commit(increment('M1', 1));
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(delivery.sent).toHaveLength(4);
    const known = ['delayed', 'events', 'id', 'limiter', 'marker', 'meta', 'stalled-check'];
    const left = async () =>
      (await keys('*')).map(key => key.split(':').at(-1) ?? '').filter(key => !known.includes(key));
    await vi.waitFor(async () => expect(await left()).toEqual([]), PATIENCE);
    expect(await redis.client.keys('*:failed')).toEqual([]);
  });

  it('the queue pauses nothing in Redis, where a pause would outlive the process', async () => {
    const { delivery, redis, queue, commit, keys } = await openBench();
    delivery.on.send = () => NO_KEY;
    await commit(increment('M1', 1), increment('M2', 1));
    await vi.waitFor(() => expect(queue.status().paused[0]?.cause).toBe('auth'), PATIENCE);
    await vi.waitFor(() => expect(queue.status().paused[0]?.probes).toBeGreaterThan(1), PATIENCE);
    const [meta = ''] = await keys('meta');
    expect(await redis.client.hget(meta, 'paused')).toBeNull();

    await queue.stop(100);
    expect(await redis.client.hget(meta, 'paused')).toBeNull();
  });

  it('a call has its mark on the disk, with the count for a later look-up, before the first byte leaves', async () => {
    const folder = testFolder();
    const { delivery, commit, isIdle } = await openBench({ folder });
    const other = new DatabaseSync(join(folder, 'journal.db'), { readOnly: true });
    onTestFinished(() => other.close());
    const seen: unknown[] = [];
    delivery.on.prepare = () => ({ kind: 'send', base: { cycleCount: 41, at: Date.now() } });
    delivery.on.send = call => {
      seen.push(other.prepare('SELECT state, attempt, base FROM call WHERE id = ?').get(call.id));
      return delivery.sent.length < 3 ? AWAY : DELIVERED;
    };

    await commit(increment('M1', 1));
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(seen).toEqual(
      [1, 2, 3].map(attempt => ({ state: 'sending', attempt, base: expect.stringContaining('"cycleCount":41') })),
    );
  });

  it('the queue sends what is due although the clock of BullMQ is behind', async () => {
    const clock = movableClock();
    const { delivery, commit, isIdle, keys } = await openBench({ clock });
    const busy = { kind: 'retry', reason: 'rate_limited', detail: '429', retryAfter: 600_000 } as const;
    delivery.on.send = () => (delivery.sent.length === 1 ? busy : DELIVERED);

    await commit(increment('M1', 1));
    await vi.waitFor(async () => expect(await keys('delayed')).toHaveLength(1), PATIENCE);
    // BullMQ's scores are times of the host's clock, and that clock is now behind by this much.
    clock.advance(600_000);
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);
    expect(delivery.sent).toHaveLength(2);
  });
});
