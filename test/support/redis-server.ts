import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { testFolder } from './folder.ts';

/** Debian's Redis on a port, as a plant runs it for its gateways; ended with the test. */
export async function startRedisServer(port: number): Promise<{ readonly url: string; readonly client: Redis }> {
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', testFolder()];
  const child = spawn('redis-server', [...settings, '--maxmemory-policy', 'noeviction'], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  const client = new Redis({ port, retryStrategy: () => 50, maxRetriesPerRequest: null });
  client.on('error', () => {}); // Not up yet.
  onTestFinished(async () => {
    client.disconnect();
    child.kill('SIGKILL');
    await exited;
  });
  await client.ping();
  return { url: `redis://127.0.0.1:${port}`, client };
}
