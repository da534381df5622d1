import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { silentLogger } from '../../src/core/logger.ts';
import { type EmbeddedRedis, startEmbeddedRedis } from '../../src/queue/embedded-redis.ts';
import { testFolder } from './folder.ts';

export type TestRedis = EmbeddedRedis & {
  /** A connection for the test, to look at data and to cause trouble. */
  readonly client: Redis;
  /** The process id of the redis-server that runs at this moment. */
  pid(): Promise<number>;
};

/** A real Redis for one test. It ends with the test. After a kill it comes back empty. */
export async function testRedis(): Promise<TestRedis> {
  const redis = await startEmbeddedRedis({
    runtimeDir: testFolder(),
    journal: 'test',
    epoch: 1,
    log: silentLogger,
  });
  const client = new Redis({ path: redis.socket, retryStrategy: () => 20, maxRetriesPerRequest: null });
  client.on('error', () => {});
  onTestFinished(async () => {
    client.disconnect();
    await redis.stop();
  });
  return { ...redis, client, pid: () => pidOf(client) };
}

async function pidOf(client: Redis): Promise<number> {
  return Number(/^process_id:(\d+)/m.exec(await client.info('server'))?.[1]);
}
