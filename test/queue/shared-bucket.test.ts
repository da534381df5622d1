import { describe, expect, it } from 'vitest';
import { createSharedBucket } from '../../src/queue/shared-bucket.ts';
import { testRedis } from '../support/redis.ts';

const HOUR = 3_600_000;

describe('shared bucket', () => {
  it('gives all gateways together no more than the burst and the rate', async () => {
    const { client } = await testRedis();
    const options = { redis: client, host: 'l2l', key: 'geheim', rate: 1 / HOUR, burst: 3 };
    const [a, b] = [createSharedBucket(options), createSharedBucket(options)];

    const waits = [await a.take(), await b.take(), await a.take(), await b.take()];

    expect(waits.slice(0, 3)).toEqual([0, 0, 0]);
    expect(waits[3]).toBeGreaterThan(0.99 * HOUR);
    expect(waits[3]).toBeLessThanOrEqual(HOUR);
  });

  it('fills with time', async () => {
    const { client } = await testRedis();
    const site = { redis: client, host: 'l2l', key: 'k', burst: 1 };
    // An hour a request: however slow the machine, the second one has to wait. Then a millisecond: it need not wait for long.
    const slow = createSharedBucket({ ...site, rate: 1 / HOUR });
    const fast = createSharedBucket({ ...site, rate: 1 });
    await slow.take();
    expect(await slow.take()).toBeGreaterThan(0.9 * HOUR);
    await expect.poll(() => fast.take(), { interval: 2 }).toBe(0);
    expect(await slow.take()).toBeGreaterThan(0.9 * HOUR);
  });

  it('gives nothing during a pause, and a shorter one does not shorten it', async () => {
    const { client } = await testRedis();
    const bucket = createSharedBucket({ redis: client, host: 'l2l', key: 'k', rate: 1, burst: 10 });
    await bucket.pause(HOUR);
    await bucket.pause(1000);
    expect(await bucket.take()).toBeGreaterThan(0.99 * HOUR);
  });

  it('keeps sites and keys apart, and the key out of Redis', async () => {
    const { client } = await testRedis();
    const at = (host: string, key: string) =>
      createSharedBucket({ redis: client, host, key, rate: 1 / HOUR, burst: 1 });
    expect([await at('a', 'geheim').take(), await at('b', 'geheim').take(), await at('a', 'other').take()]).toEqual([
      0, 0, 0,
    ]);
    expect((await client.keys('*')).join()).not.toContain('geheim');
  });

  it('rejects while Redis is away', async () => {
    const { client, stop } = await testRedis();
    client.options.maxRetriesPerRequest = 0;
    await stop();
    await expect(
      createSharedBucket({ redis: client, host: 'l2l', key: 'k', rate: 1, burst: 1 }).take(),
    ).rejects.toThrow();
  });
});
