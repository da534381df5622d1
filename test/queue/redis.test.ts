import { describe, expect, it, onTestFinished } from 'vitest';
import { checkRedis, openRedis, unlinkOthers } from '../../src/queue/redis.ts';
import { testRedis } from '../support/redis.ts';

describe('redis', () => {
  it('the Redis connection fails a producer’s command at once while Redis is away', async () => {
    const redis = openRedis({ socket: '/nowhere/redis.sock' }, 'producer', 'test');
    onTestFinished(() => redis.disconnect());
    await expect(redis.ping()).rejects.toThrow();
  });

  it('the Redis connection finds nothing wrong with the gateway’s own Redis', async () => {
    const { client } = await testRedis();
    expect(await checkRedis(client)).toEqual([]);
  });

  it('the Redis connection names the command that keeps Redis from dropping keys', async () => {
    const { client } = await testRedis();
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    expect(await checkRedis(client)).toEqual([
      expect.stringContaining('redis-cli CONFIG SET maxmemory-policy noeviction'),
    ]);
  });

  it('the Redis connection warns before memory is full', async () => {
    const { client } = await testRedis();
    const used = Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1]);
    await client.config('SET', 'maxmemory', String(Math.round(used * 1.05)));
    expect(await checkRedis(client)).toEqual([expect.stringContaining('raise maxmemory')]);
  });

  it('the Redis connection removes the keys of earlier lives and no others', async () => {
    const { client } = await testRedis();
    const keys = ['{l2l:a:1}:x', '{l2l:a:2}:x', '{l2l:a:12}:x', '{l2l:b:1}:x', 'other'];
    await client.mset(Object.fromEntries(keys.map(key => [key, '1'])));

    expect(await unlinkOthers(client, '{l2l:a:', '{l2l:a:2}')).toBe(2);
    expect((await client.keys('*')).toSorted()).toEqual(['other', '{l2l:a:2}:x', '{l2l:b:1}:x']);
  });
});
