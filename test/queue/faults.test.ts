import { Queue } from 'bullmq';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import type { Call, Look } from '../../src/core/delivery.ts';
import { Secret } from '../../src/core/secret.ts';
import type { JobData } from '../../src/queue/jobs.ts';
import { seededRandom } from '../../src/simulation/random.ts';
import { closeDispatch, increment, openDispatch } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';
import { movableClock } from '../support/movable-clock.ts';
import { type Bench, openBench, openTestJournal, PATIENCE } from './harness.ts';
import { AWAY, DELIVERED, LOST, scriptedDelivery } from './scripted-delivery.ts';

function bullQueue({ redis, journal }: Bench): Queue<JobData> {
  const connection = redis.client.duplicate();
  const queue = new Queue<JobData>('calls', {
    connection,
    prefix: `{l2l:${journal.id}:${journal.epoch}}:l2l`,
  });
  onTestFinished(async () => {
    await queue.close();
    connection.disconnect();
  });
  return queue;
}

/** The keys in the order of their sends, each once. */
function deliveredOnce(bench: Bench, actions: readonly Action[]): void {
  const lanes = new Map<string, string[]>();
  for (const { call, keys } of bench.delivery.sent) {
    lanes.set(call.lanes[0] ?? '', [...(lanes.get(call.lanes[0] ?? '') ?? []), ...keys]);
  }
  for (const [lane, keys] of lanes) {
    expect(keys).toEqual(actions.filter(action => action.lane === lane).map(action => action.key));
  }
  expect([...lanes.values()].flat()).toHaveLength(actions.length);
  expect(bench.delivery.mostAtOnce).toBe(1);
}

function manyActions(): readonly Action[] {
  return Array.from({ length: 10 }, (_, machine) =>
    Array.from({ length: 10 }, (_, n) => [openDispatch(`M${machine}`, n), closeDispatch(`M${machine}`, n)]).flat(),
  ).flat();
}

describe('call queue on a Redis that fails', () => {
  it('the queue sends everything once and in order while Redis is wiped again and again', async () => {
    const bench = await openBench();
    const { delivery, redis, commit, isIdle } = bench;
    const actions = manyActions();
    delivery.on.send = async () => {
      if (delivery.sent.length % 25 === 0) await redis.client.flushall();
      return DELIVERED;
    };

    await commit(...actions);
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    deliveredOnce(bench, actions);
  });

  it('the queue sends everything once and in order while Redis is killed again and again', async () => {
    const bench = await openBench();
    const { delivery, redis, commit, isIdle } = bench;
    const actions = manyActions();
    let kills = 0;
    delivery.on.send = async () => {
      if (delivery.sent.length % 60 === 0) {
        process.kill(await redis.pid(), 'SIGKILL');
        kills += 1;
      }
      return DELIVERED;
    };

    await commit(...actions);
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    deliveredOnce(bench, actions);
    expect(kills).toBeGreaterThanOrEqual(2);
    const words = () => bench.log.lines.map(line => line.message);
    await vi.waitFor(() => expect(words()).toContain('Redis answers again'), PATIENCE);
    expect(words()).toContain('Redis does not answer; calls wait in the journal');
  });

  it('the queue applies everything once and in order while answers are lost, L2L is away, and Redis is wiped and killed', async () => {
    const bench = await openBench();
    const { delivery, redis, commit, isIdle } = bench;
    const actions = manyActions();
    const random = seededRandom(7);
    const applied: string[] = [];
    delivery.on.send = async call => {
      const trouble = delivery.sent.length % 50;
      if (trouble === 20) await redis.client.flushall();
      if (trouble === 45) process.kill(await redis.pid(), 'SIGKILL');
      const luck = random();
      if (luck < 0.1) return AWAY;
      if (luck < 0.15) return LOST;
      applied.push(call.request.body);
      return luck < 0.2 ? LOST : DELIVERED;
    };
    const look = (call: Call): Look =>
      applied.includes(call.request.body)
        ? { kind: 'applied', result: {}, detail: 'found' }
        : { kind: 'absent', detail: 'not found' };
    delivery.on.look = look;
    // Closes may be repeated, but here a second close would be counted as an error, so they are looked up like the others.
    Object.assign(delivery, { mayRepeat: () => false });

    await commit(...actions);
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    for (const lane of new Set(actions.map(action => action.lane))) {
      const expected = actions.filter(action => action.lane === lane).map(action => action.key);
      expect(applied.filter(key => expected.includes(key))).toEqual(expected);
    }
    expect(bench.queue.status().counts).toMatchObject({ rejected: 0, parked: 0 });
  });

  it('the queue starts while Redis is away, shows that in the status, keeps everything, and stops', async () => {
    const folder = testFolder();
    const { queue, commit, delivery, journal } = await openBench({ redis: { socket: `${folder}/nobody.sock` } });

    await commit(increment('M1', 1));
    await vi.waitFor(() => expect(queue.status().redis.detail).toContain('ENOENT'), PATIENCE);
    expect(queue.status().redis.up).toBe(false);
    await queue.stop(0);

    expect(delivery.sent).toEqual([]);
    expect(journal.counts().waiting).toBe(1);
  });

  it('the queue never shows the password of a Redis URL', async () => {
    const { queue, log } = await openBench({ redis: { url: new Secret('redis://:geheim@127.0.0.1:1/0') } });
    await vi.waitFor(() => expect(queue.status().redis.detail).toContain('ECONNREFUSED'), PATIENCE);
    expect(JSON.stringify([log.lines, queue.status()])).not.toContain('geheim');
  });

  it('the queue sends once when a lane and a call have several jobs', async () => {
    const bench = await openBench();
    const { delivery, commit, isIdle } = bench;
    const answer = Promise.withResolvers<void>();
    delivery.on.send = async () => {
      await answer.promise;
      return DELIVERED;
    };
    await commit(increment('M1', 1), increment('M2', 1));
    await vi.waitFor(() => expect(delivery.sent).toHaveLength(2), PATIENCE);

    const queue = bullQueue(bench);
    for (const { call } of delivery.sent) {
      for (const attempt of [0, 1, 2]) {
        await queue.add('again', { call: call.id, attempt, lanes: call.lanes }, { jobId: `${call.id}-${attempt}-x` });
      }
    }
    // The copies are taken, but do nothing while the first runs go on.
    await vi.waitFor(async () => expect(await queue.getJobCountByTypes('waiting', 'active')).toBe(2), PATIENCE);
    answer.resolve();
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);
    expect(delivery.sent).toHaveLength(2);
  });

  it('the queue sends once when a job loses its lock while its request hangs', async () => {
    const bench = await openBench({ stalledInterval: 50 });
    const { delivery, redis, commit, isIdle, keys } = bench;
    const answer = Promise.withResolvers<void>();
    delivery.on.send = async () => {
      await answer.promise;
      return DELIVERED;
    };
    await commit(increment('M1', 1));
    await vi.waitFor(() => expect(delivery.sent).toHaveLength(1), PATIENCE);

    for (const lock of await keys('*:lock')) await redis.client.unlink(lock);
    // BullMQ takes the job for stalled and runs it a second time. That run ends without an effect.
    await vi.waitFor(async () => expect(await keys('*-0-1')).toEqual([]), PATIENCE);
    answer.resolve();
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(delivery.sent).toHaveLength(1);
  });

  it('the queue adds a job again when its hash is in no list any more', async () => {
    const clock = movableClock();
    const { delivery, redis, commit, keys } = await openBench({
      clock,
      delivery: scriptedDelivery({ open_dispatch: { settle: 600_000 } }),
    });
    delivery.on.send = () => (delivery.sent.length === 1 ? { ...LOST, detail: 'first' } : DELIVERED);
    delivery.on.look = () => ({ kind: 'applied', result: {}, detail: 'it is there' });
    await commit(openDispatch('M1', 1));
    await vi.waitFor(async () => expect((await keys('delayed')).length).toBe(1), PATIENCE);
    await redis.client.unlink(await keys('delayed'));

    await vi.waitFor(async () => expect((await keys('delayed')).length).toBe(1), PATIENCE);
    clock.advance(600_000);
    await vi.waitFor(() => expect(delivery.looked).toHaveLength(1), PATIENCE);
  });

  it('the queue begins every life with an empty queue, and removes what an earlier one left', async () => {
    const folder = testFolder();
    const first = await openBench({ folder, delivery: scriptedDelivery({ increment_cycles: { settle: 60_000 } }) });
    first.delivery.on.send = () => LOST;
    await first.commit(increment('M1', 1));
    await vi.waitFor(async () => expect((await first.keys('delayed')).length).toBe(1), PATIENCE);
    await first.queue.stop(0);
    first.journal.close();
    const old = await first.redis.client.keys(`*:1}:*`);
    expect(old).not.toEqual([]);

    const second = await openBench({ folder, redisFor: first.redis });
    await vi.waitFor(async () => expect(await first.redis.client.keys(`*:1}:*`)).toEqual([]), PATIENCE);
    expect(second.journal.epoch).toBe(2);
  });

  it('the queue looks a call up that an earlier life was sending', async () => {
    const folder = testFolder();
    const journal = openTestJournal(folder);
    await journal.commit({ states: [], actions: [increment('M1', 1)], taken: [], values: [], at: 1 });
    const call = journal.freeze(journal.waiting('cycles:M1', 1), { method: 'POST', path: '/x', body: 'b' }, 0);
    await journal.markSending(call.id, 0, { cycleCount: 4, at: 1 }, Date.now());
    journal.close();
    const delivery = scriptedDelivery();
    delivery.on.look = () => ({ kind: 'applied', result: { cycleCount: 5 }, detail: 'count is 5' });

    const { isIdle } = await openBench({ folder, delivery });
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(delivery.sent).toEqual([]);
    expect(delivery.looked[0]).toMatchObject({ id: call.id, reason: 'crashed', base: { cycleCount: 4 } });
  });

  it('the queue lets a call under way end before it stops', async () => {
    const { queue, delivery, commit, journal } = await openBench();
    const answer = Promise.withResolvers<void>();
    delivery.on.send = async () => {
      await answer.promise;
      return DELIVERED;
    };
    await commit(increment('M1', 1), increment('M1', 2));
    await vi.waitFor(() => expect(delivery.sent).toHaveLength(1), PATIENCE);
    await commit(increment('M1', 3));

    const stopped = queue.stop(10_000);
    answer.resolve();
    await stopped;

    expect(queue.status().counts.delivered).toBe(1);
    expect(journal.counts().waiting).toBe(1);
    expect(delivery.sent).toHaveLength(1);
  });

  it('the queue cuts a call off that takes longer than a stop may, and leaves it unknown', async () => {
    const { queue, delivery, commit, journal } = await openBench();
    delivery.on.send = (_call, signal) =>
      new Promise(resolve =>
        signal.addEventListener('abort', () => resolve({ kind: 'unknown', reason: 'stopped', detail: 'cut off' })),
      );
    await commit(increment('M1', 1));
    await vi.waitFor(() => expect(delivery.sent).toHaveLength(1), PATIENCE);

    await queue.stop(10);

    expect(journal.openCalls()).toMatchObject([{ state: 'unknown', reason: 'stopped' }]);
    expect(queue.status().paused).toEqual([]);
  });
});
