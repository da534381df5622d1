import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { openRedis } from '../../src/queue/redis.ts';
import * as bucket from '../../src/queue/shared-bucket.ts';
import { testRedis } from '../support/redis.ts';
import { type VirtualClock, virtualClock } from '../support/virtual-clock.ts';

const HOUR = 3_600_000;
let named = 0;

/** A bucket for one gateway. */
function createSharedBucket(options: Omit<bucket.SharedBucketOptions, 'gateway' | 'clock'>, clock = systemClock()) {
  const shared = bucket.createSharedBucket({ ...options, gateway: `gateway-${named++}`, clock });
  onTestFinished(() => shared.stop());
  return shared;
}

describe('shared bucket', () => {
  it('the shared bucket gives all gateways together no more than the burst and the rate', async () => {
    const { client } = await testRedis();
    const options = { redis: client, host: 'l2l', key: 'geheim', rate: 1 / HOUR, burst: 3 };
    const [a, b] = [createSharedBucket(options), createSharedBucket(options)];

    const waits = [await a.take(), await b.take(), await a.take(), await b.take()];

    expect(waits.slice(0, 3)).toEqual([0, 0, 0]);
    expect(waits[3]).toBeGreaterThan(0.99 * HOUR);
    expect(waits[3]).toBeLessThanOrEqual(HOUR);
  });

  it('the shared bucket fills with time', async () => {
    const { client } = await testRedis();
    const site = { redis: client, host: 'l2l', key: 'k', burst: 1 };
    // With one request an hour, the second request has to wait, however slow the host is. With one in a millisecond, it need not wait long.
    const slow = createSharedBucket({ ...site, rate: 1 / HOUR });
    const fast = createSharedBucket({ ...site, rate: 1 });
    await slow.take();
    expect(await slow.take()).toBeGreaterThan(0.9 * HOUR);
    await expect.poll(() => fast.take(), { interval: 2 }).toBe(0);
    expect(await slow.take()).toBeGreaterThan(0.9 * HOUR);
  });

  it('the shared bucket gives nothing during a pause, and a shorter one does not shorten it', async () => {
    const { client } = await testRedis();
    const bucket = createSharedBucket({ redis: client, host: 'l2l', key: 'k', rate: 1, burst: 10 });
    await bucket.pause(HOUR);
    await bucket.pause(1000);
    expect(await bucket.take()).toBeGreaterThan(0.99 * HOUR);
  });

  it('the shared bucket keeps sites and keys apart, and the key out of Redis', async () => {
    const { client } = await testRedis();
    const at = (host: string, key: string) =>
      createSharedBucket({ redis: client, host, key, rate: 1 / HOUR, burst: 1 });
    expect([await at('a', 'geheim').take(), await at('b', 'geheim').take(), await at('a', 'other').take()]).toEqual([
      0, 0, 0,
    ]);
    expect((await client.keys('*')).join()).not.toContain('geheim');
  });

  it('the shared bucket rejects while Redis is away', async () => {
    const { client, stop } = await testRedis();
    client.options.maxRetriesPerRequest = 0;
    await stop();
    await expect(
      createSharedBucket({ redis: client, host: 'l2l', key: 'k', rate: 1, burst: 1 }).take(),
    ).rejects.toThrow();
  });

  it('the shared bucket knows that its first connection is still being made', async () => {
    const { socket } = await testRedis();
    const redis = openRedis({ socket }, 'producer', 'test');
    onTestFinished(() => redis.disconnect());
    const bucket = createSharedBucket({ redis, host: 'l2l', key: 'k', rate: 1, burst: 1 });
    expect(bucket.isConnecting).toBe(true);
    await expect(bucket.take()).rejects.toThrow('there is no connection to Redis');
    await expect.poll(() => bucket.isConnecting).toBe(false);
    expect(await bucket.take()).toBe(0);
  });

  it('the shared bucket gives the reason when there is no connection, in its own words', async () => {
    const redis = openRedis({ socket: '/nowhere/redis.sock' }, 'producer', 'test');
    onTestFinished(() => redis.disconnect());
    const bucket = createSharedBucket({ redis, host: 'l2l', key: 'k', rate: 1, burst: 1 });
    await expect.poll(() => bucket.isConnecting).toBe(false);
    await expect(bucket.take()).rejects.toThrow(/ENOENT/);
  });

  describe('counts the gateways that share it', () => {
    const site = { host: 'l2l', key: 'k', rate: 1, burst: 1 };
    const beat = (clock: VirtualClock) => clock.advance(20_000);

    it('the shared bucket counts a gateway from its start to its end', async () => {
      const { client } = await testRedis();
      const clocks = [virtualClock(0), virtualClock(0)] as const;
      const first = createSharedBucket({ redis: client, ...site }, clocks[0]);
      expect(first.gateways).toBe(1);
      const second = createSharedBucket({ redis: client, ...site }, clocks[1]);
      createSharedBucket({ redis: client, ...site, key: 'other' });
      await expect.poll(() => second.gateways).toBe(2);
      beat(clocks[0]);
      await expect.poll(() => first.gateways).toBe(2);
      await second.stop();
      beat(clocks[0]);
      await expect.poll(() => first.gateways).toBe(1);
    });

    it('the shared bucket forgets a gateway that gave no sign of life for a minute', async () => {
      const { client } = await testRedis();
      const clock = virtualClock(0);
      const first = createSharedBucket({ redis: client, ...site }, clock);
      createSharedBucket({ redis: client, ...site }, virtualClock(0));
      beat(clock);
      await expect.poll(() => first.gateways).toBe(2);
      // Redis's clock cannot be moved, so the test puts the score of the silent gateway into the past: its minute is over.
      const [members] = await client.keys('*:gateways');
      const [silent] = (await client.zrange(members ?? '', '0', '-1')).filter(name => name !== `gateway-${named - 2}`);
      expect(Number(await client.zscore(members ?? '', silent ?? ''))).toBeLessThanOrEqual(Date.now() + 60_000);
      await client.zadd(members ?? '', 'XX', String(Date.now() - 1), silent ?? '');
      beat(clock);
      await expect.poll(() => first.gateways).toBe(1);
    });

    it('the shared bucket remembers the gateways while Redis is away, and gives a sign of life as soon as it is back', async () => {
      const { client, pid, socket } = await testRedis();
      const redis = openRedis({ socket }, 'producer', 'test');
      onTestFinished(() => redis.disconnect());
      const clock = virtualClock(0);
      const first = createSharedBucket({ redis, ...site }, clock);
      createSharedBucket({ redis: client, ...site }, virtualClock(0));
      await expect
        .poll(() => {
          beat(clock);
          return first.gateways;
        })
        .toBe(2);
      process.kill(await pid(), 'SIGKILL');
      await expect.poll(() => redis.status).not.toBe('ready');
      beat(clock);
      await expect(first.take()).rejects.toThrow();
      expect(first.gateways).toBe(2);
      // Redis comes back empty. Both gateways report again, without any passing time.
      await expect
        .poll(async () => client.zcard((await client.keys('*:gateways'))[0] ?? 'none'), { timeout: 10_000 })
        .toBe(2);
    });
  });
});
