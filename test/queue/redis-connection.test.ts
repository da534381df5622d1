import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { openRedis } from '../../src/queue/redis.ts';
import { infoReply, startFakeRedis } from '../support/fake-redis.ts';
import { PATIENCE } from './harness.ts';

describe('a connection to Redis that ends', () => {
  it.each(['producer', 'worker'] as const)(
    'a connection that ends as a %s leaves no rejection without a listener',
    async role => {
      const unhandled = vi.fn();
      process.on('unhandledRejection', unhandled);
      onTestFinished(() => void process.off('unhandledRejection', unhandled));
      const silent = new Set(['set']);
      const server = await startFakeRedis(command =>
        command === 'info' ? infoReply() : silent.has(command) ? null : '+OK\r\n',
      );
      const redis = openRedis({ url: new Secret(server.url) }, role, 'test');
      onTestFinished(() => redis.disconnect());
      // A worker's command waits for the connection, and ioredis sends it itself when the connection is ready.
      if (role === 'producer') await vi.waitFor(() => expect(redis.status).toBe('ready'), PATIENCE);
      const failed = redis.set('key', '1').then(
        () => 'set',
        () => 'failed',
      );
      await vi.waitFor(() => expect(redis.status).toBe('ready'), PATIENCE);
      const ended = new Promise(resolve => redis.once('end', resolve));

      redis.disconnect();

      expect(await failed).toBe('failed');
      await ended;
      await turn();
      expect(unhandled).not.toHaveBeenCalled();
    },
  );
});
