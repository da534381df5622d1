import { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { PATIENCE, type TestGateway, testGateway } from '../support/gateway.ts';
import { accountOf, mqttPlant } from '../support/mqtt-plant.ts';
import { type TestSandbox, testSandbox, UNTIL_RELEASED } from '../support/sandbox.ts';

type Hanging = {
  readonly gateway: TestGateway;
  readonly sandbox: TestSandbox;
  readonly redis: Redis;
  /** The queue that the gateway's own BullMQ uses. */
  readonly queue: Queue;
  readonly prefix: string;
  /** The increments that L2L answered, successful or not. */
  answered(): number;
};

/** A gateway whose call with ten cycles hangs at L2L. */
async function hangingIncrement(): Promise<Hanging> {
  const [sandbox, plant] = await Promise.all([testSandbox(), mqttPlant(1)]);
  const gateway = testGateway({
    l2l: sandbox.url,
    sources: plant.source,
    rules: plant.rules,
    waits: { timeout: '1h' },
  });
  await gateway.start();
  await gateway.untilReady();
  await plant.begin();
  await gateway.untilSeen();
  sandbox.setFaults([{ kind: 'hang', ms: UNTIL_RELEASED, path: 'increment_cycle_count', count: 1 }]);
  await plant.publish('press1', { running: true, strokes: 1010, ts: Date.now() });
  await vi.waitFor(() => expect(sandbox.state().faults[0]?.struck).toBe(1), PATIENCE);

  const redis = await gateway.redis();
  const [key] = await redis.keys('*:calls:active');
  const prefix = key?.slice(0, key.indexOf(':calls:')) ?? '';
  const queue = new Queue('calls', { connection: redis, prefix });
  onTestFinished(() => queue.close());
  const answered = () => sandbox.state().calls.filter(({ path }) => path.includes('increment_cycle_count')).length;
  return { gateway, sandbox, redis, queue, prefix, answered };
}

async function expectOnce({ gateway, sandbox, answered }: Hanging): Promise<void> {
  expect(answered()).toBe(0);
  sandbox.endWaits();
  await vi.waitFor(() => expect(answered()).toBe(1), PATIENCE);
  await gateway.untilDelivered();
  expect(accountOf(sandbox.state())['PRESS-01']?.cycles).toBe(10);
  expect(answered()).toBe(1);
}

describe('jobs that come twice while the request hangs', () => {
  it('a call is sent once when its job lost the lock and BullMQ runs it again', async () => {
    const hanging = await hangingIncrement();
    const { redis, queue, prefix } = hanging;
    const [job] = await queue.getActive();
    expect(job?.data.lanes).toEqual(['cycles:PRESS-01']);

    await redis.unlink(await redis.keys('*:lock'));
    // Does now what the gateway's own worker does every 15 seconds: it finds the job without a lock and puts it back.
    await redis.unlink(`${prefix}:calls:stalled-check`);
    const checker = new Worker('calls', null, { connection: redis, prefix, autorun: false, stalledInterval: 50 });
    checker.on('error', () => {}); // The check is still running when it is closed.
    const stalled = new Promise<string>(resolve => checker.on('stalled', resolve));
    await checker.startStalledCheckTimer();
    expect(await stalled).toBe(job?.id);
    await checker.close();

    // The second run finds that the first one still goes on, and ends without an effect.
    await vi.waitFor(async () => expect(await queue.getJob(job?.id ?? '')).toBeUndefined(), PATIENCE);
    await expectOnce(hanging);
  });

  it('a call is sent once when its lane and the call itself have several jobs', async () => {
    const hanging = await hangingIncrement();
    const { queue } = hanging;
    const [job] = await queue.getActive();
    expect(job?.data.attempt).toBe(0);

    for (const attempt of [0, 1, 2]) {
      await queue.add('again', { ...job?.data, attempt }, { jobId: `again-${attempt}`, removeOnComplete: true });
    }

    await vi.waitFor(async () => expect(await queue.getJobCountByTypes('waiting', 'active')).toBe(1), PATIENCE);
    await expectOnce(hanging);
  });
});
