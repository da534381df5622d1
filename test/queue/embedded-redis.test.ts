import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { StartError } from '../../src/core/errors.ts';
import { type EmbeddedRedisOptions, startEmbeddedRedis } from '../../src/queue/embedded-redis.ts';
import { testFolder } from '../support/folder.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { PATIENCE } from './harness.ts';

async function start(options: Partial<EmbeddedRedisOptions> = {}) {
  const log = recordingLogger();
  const redis = await startEmbeddedRedis({ runtimeDir: testFolder(), journal: 'test', epoch: 1, log, ...options });
  onTestFinished(() => redis.stop());
  return { ...redis, log };
}

function connect(socket: string): Redis {
  const client = new Redis({ path: socket, retryStrategy: () => 20, maxRetriesPerRequest: null });
  client.on('error', () => {});
  onTestFinished(() => client.disconnect());
  return client;
}

async function pidOf(client: Redis): Promise<number> {
  return Number(/^process_id:(\d+)/m.exec(await client.info('server'))?.[1]);
}

type Process = { readonly state: string; readonly group: number };

/** Read from /proc: the fields after the name in brackets are state, parent and group. Undefined when the process does not exist. */
function processOf(pid: number | string): Process | undefined {
  try {
    const [state = '', , group] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return { state, group: Number(group) };
  } catch {
    return undefined;
  }
}

/** A zombie has ended; its parent has just not collected it yet. */
function isAlive(pid: number | string): boolean {
  const found = processOf(pid);
  return found !== undefined && found.state !== 'Z';
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // The process has ended meanwhile.
  }
}

function livingIn(group: number): readonly string[] {
  return readdirSync('/proc').filter(pid => /^\d+$/.test(pid) && processOf(pid)?.group === group && isAlive(pid));
}

function accepts(socket: string): Promise<boolean> {
  return new Promise(resolve => {
    const connection = createConnection(socket);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => resolve(false));
  });
}

describe('the embedded Redis', () => {
  it('the gateway’s own Redis listens on its socket only, keeps nothing on disk and drops nothing', async () => {
    const client = connect((await start()).socket);
    const config = async (name: string) => ((await client.config('GET', name)) as string[])[1];
    expect(await config('port')).toBe('0');
    expect(await config('save')).toBe('');
    expect(await config('appendonly')).toBe('no');
    expect(await config('maxmemory-policy')).toBe('noeviction');
  });

  it('the gateway’s own Redis is gone with its folder after a stop', async () => {
    const runtimeDir = testFolder();
    const { socket, stop } = await start({ runtimeDir });
    const pid = await pidOf(connect(socket));
    await stop();
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), PATIENCE);
    expect(readdirSync(runtimeDir)).toEqual([]);
  });

  it('the gateway’s own Redis comes back on the same socket after it was killed', async () => {
    const { socket, log } = await start();
    const client = connect(socket);
    const pid = await pidOf(client);
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(async () => expect(await pidOf(client)).not.toBe(pid), PATIENCE);
    expect(log.lines.map(line => line.level)).toEqual(['error']);
  });

  it('the gateway’s own Redis is not started again when the stop comes just before the restart', async () => {
    let stopped: Promise<void> | undefined;
    const redis = await start({
      random() {
        // Stops at the end of the wait before the new start, and after it: in the middle of the preparation of that start.
        const stop = () => {
          stopped = redis.stop();
        };
        queueMicrotask(() => setTimeout(stop, 50));
        return 0;
      },
    });
    process.kill(await pidOf(connect(redis.socket)), 'SIGKILL');
    await vi.waitFor(() => expect(stopped).toBeDefined(), PATIENCE);
    await stopped;

    const commands = readdirSync('/proc').filter(pid => /^\d+$/.test(pid) && commandOf(pid).includes(redis.socket));
    expect(commands).toEqual([]);
  });

  it('the gateway’s own Redis ends with its parent, even after SIGKILL', async () => {
    const parent = spawn(process.execPath, [join(import.meta.dirname, 'embedded-redis-parent.ts'), testFolder()], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void parent.kill('SIGKILL'));
    const [line] = await once(parent.stdout, 'data');
    const socket = String(line).trim();
    const client = connect(socket);
    const pid = await pidOf(client);
    client.disconnect();
    expect(isAlive(pid)).toBe(true);

    parent.kill('SIGKILL');

    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), PATIENCE);
    await vi.waitFor(async () => expect(await accepts(socket)).toBe(false), PATIENCE);
  });

  it('the gateway’s own Redis leaves no shell behind when Redis ends first', async () => {
    const { socket, stop } = await start();
    const client = connect(socket);
    const pid = await pidOf(client);
    const group = processOf(pid)?.group ?? 0;
    expect(livingIn(group)).toHaveLength(3);
    client.disconnect();
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => expect(livingIn(group)).toEqual([]), PATIENCE);
    await stop();
  });

  it('the gateway’s own Redis removes the folders that earlier lives left behind', async () => {
    const runtimeDir = testFolder();
    mkdirSync(join(runtimeDir, 'redis-test-1'));
    mkdirSync(join(runtimeDir, 'redis-other-1'));
    await start({ runtimeDir, epoch: 2 });
    expect(readdirSync(runtimeDir).toSorted()).toEqual(['redis-other-1', 'redis-test-2']);
  });

  it('the gateway’s own Redis takes a short folder when the path is too long for a socket', async () => {
    const runtimeDir = join(testFolder(), 'x'.repeat(100));
    const { socket, stop } = await start({ runtimeDir });
    expect(socket.length).toBeLessThan(104);
    await stop();
    expect(existsSync(join(socket, '..'))).toBe(false);
  });

  it.each<[string, Partial<EmbeddedRedisOptions>, RegExp]>([
    ['there is no redis-server', { command: 'no-such-redis' }, /has to run: apt install redis-server/],
    ['redis-server ends at once', { command: '/bin/false' }, /could not start its own Redis/],
    [
      "the runtime folder can't be written",
      { runtimeDir: '/dev/null/redis' },
      /can't be made in .*; give the gateway's user the right/,
    ],
    ['the runtime folder is below /proc', { runtimeDir: '/proc/x' }, /can't be made in \/proc\/x: /],
  ])('the error says how to correct it when %s', async (_, options, message) => {
    const failed = start(options);
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toBeInstanceOf(StartError);
  });

  it('a cancelled start ends, and leaves nothing', async () => {
    const [folder, runtimeDir] = [testFolder(), testFolder()];
    const command = join(folder, 'redis-server');
    writeFileSync(command, '#!/bin/sh\ntouch "$0.runs"\nexec sleep 1000\n', { mode: 0o755 });
    const off = new AbortController();

    const failed = start({ command, runtimeDir, signal: off.signal });
    failed.catch(() => {});
    await vi.waitFor(() => expect(existsSync(`${command}.runs`)).toBe(true), PATIENCE);
    off.abort();

    await expect(failed).rejects.toMatchObject({ cause: { message: 'the start was cancelled' } });
    expect(readdirSync(runtimeDir)).toEqual([]);
  });
});
