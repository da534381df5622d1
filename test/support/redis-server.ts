import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { testFolder } from './folder.ts';

export type RedisServer = {
  readonly url: string;
  /** A connection for the test, to look at data and to cause trouble. */
  readonly client: Redis;
  /** Makes the process stand still, and lets it go on. */
  freeze(): void;
  thaw(): void;
  /** Ends it with SIGKILL; it keeps nothing. */
  kill(): Promise<void>;
  start(): Promise<void>;
};

/** Debian's Redis on a port, as a plant runs it for its gateways. Ends with the test. `more`: settings, written as on its command line. */
export async function startRedisServer(port: number, ...more: readonly string[]): Promise<RedisServer> {
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', testFolder()];
  let child: ChildProcess | undefined;
  let exited: Promise<unknown> = Promise.resolve();
  const password = more[more.indexOf('--requirepass') + 1];
  const client = new Redis({
    port,
    retryStrategy: () => 50,
    maxRetriesPerRequest: null,
    ...(more.includes('--requirepass') && password !== undefined && { password }),
  });
  client.on('error', () => {}); // It does not listen yet.

  async function start(): Promise<void> {
    child = spawn('redis-server', [...settings, '--maxmemory-policy', 'noeviction', ...more], { stdio: 'ignore' });
    exited = once(child, 'exit');
    await client.ping();
  }
  async function kill(): Promise<void> {
    child?.kill('SIGKILL');
    await exited;
  }
  onTestFinished(async () => {
    client.disconnect();
    await kill();
  });
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    client,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    kill,
    start,
  };
}
