import { type ChildProcess, spawn } from 'node:child_process';
import { access, constants, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { errorMessage, StartError } from '../core/errors.ts';
import { makeFolder } from '../core/folder.ts';
import { backoff } from '../core/lifecycle.ts';
import type { Logger } from '../core/logger.ts';
import { socketPlace } from '../core/socket-place.ts';

export type EmbeddedRedisOptions = {
  /**
   * Where the folder for the socket is made, such as /run/l2l-gateway. A path that is too long for a socket is replaced by a shorter one.
   */
  readonly runtimeDir: string;
  /** Journal id and epoch: every life of the gateway gets its own folder. */
  readonly journal: string;
  readonly epoch: number;
  readonly log: Logger;
  /** Aborted when the gateway has to end: a start under way then fails. */
  readonly signal?: AbortSignal;
  /** The program, as a path or a name on PATH. */
  readonly command?: string;
  readonly random?: () => number;
};

export interface EmbeddedRedis {
  readonly socket: string;
  /** Resolves when the process is gone and its folder removed. */
  stop(): Promise<void>;
}

const READY_WITHIN = 10_000;
const LONGEST_RESTART_WAIT = 5000;

/**
 * Two shells around Redis, in their own process group. The outer shell reads standard input. Nobody writes there, so the read ends when the
 * gateway ends, however that happens. The inner shell waits for Redis. The shell that ends first kills the whole group with the number 0,
 * "my own group". So no process id is used that the system may have given to another process.
 */
const WRAPPER = '( "$@" </dev/null; kill -KILL 0 ) & read -r _; kill -KILL 0';

/**
 * Starts the gateway's own Redis. It has only a unix socket, and nothing on disk. It ends with the gateway, even after SIGKILL. When it
 * dies, it is started again, empty, and the queue fills it from the journal. Throws a StartError that says what to do [Q13].
 */
export async function startEmbeddedRedis(options: EmbeddedRedisOptions): Promise<EmbeddedRedis> {
  const { log } = options;
  const command = await findCommand(options.command ?? 'redis-server');
  const folder = await prepareFolder(options);
  const socket = join(folder, 'redis.sock');
  const random = options.random ?? Math.random;
  const stopping = new AbortController();
  let life = startOnce(command, folder, socket);

  try {
    await answering(life, socket, options.signal);
  } catch (cause) {
    await endOnce(life);
    await rm(folder, { recursive: true, force: true });
    throw new StartError(`the gateway could not start its own Redis (${command}); start it by hand to see why`, {
      cause,
    });
  }
  const supervised = supervise();

  async function supervise(): Promise<void> {
    let deaths = 0;
    while (!stopping.signal.aborted) {
      const startedAt = performance.now();
      await life.ended;
      if (stopping.signal.aborted) return;
      deaths = performance.now() - startedAt > 60_000 ? 1 : deaths + 1;
      log.error({ output: life.output() }, "the gateway's own Redis ended; it is started again");
      try {
        await wait(backoff(deaths, 100, LONGEST_RESTART_WAIT, random()), undefined, { signal: stopping.signal });
      } catch {
        return; // Only stop() aborts this wait.
      }
      await rm(socket, { force: true });
      // stop() has ended the process before this one, and does not know the new one.
      if (stopping.signal.aborted) return;
      life = startOnce(command, folder, socket);
    }
  }

  return {
    socket,
    async stop() {
      stopping.abort();
      await endOnce(life);
      await supervised;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type Life = { readonly child: ChildProcess; readonly ended: Promise<void>; readonly output: () => string };

function startOnce(command: string, folder: string, socket: string): Life {
  const settings = [
    ['port', '0'],
    ['unixsocket', socket],
    ['unixsocketperm', '700'],
    ['dir', folder],
    ['save', ''],
    ['appendonly', 'no'],
    ['maxmemory-policy', 'noeviction'],
    ['daemonize', 'no'],
    ['loglevel', 'warning'],
  ].flatMap(([key, value]) => [`--${key}`, value ?? '']);
  // `detached` gives the wrapper its own session: Ctrl-C in the terminal reaches the gateway, not Redis.
  const child = spawn('/bin/sh', ['-c', WRAPPER, 'redis-wrapper', command, ...settings], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-2000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  // The pipe breaks when Redis ends first. The exit is handled below.
  child.stdin.on('error', () => {});
  const ended = new Promise<void>(resolve => {
    child.once('error', error => {
      keep(Buffer.from(errorMessage(error)));
      resolve();
    });
    child.once('exit', () => resolve());
  });
  return { child, ended, output: () => output.trim() };
}

/** Closes the pipe, as the death of the gateway would. So both ends take the same tested way. */
async function endOnce(life: Life): Promise<void> {
  life.child.stdin?.end();
  await life.ended;
}

async function answering(life: Life, socket: string, signal?: AbortSignal): Promise<void> {
  const deadline = performance.now() + READY_WITHIN;
  const dead = life.ended.then(() => {
    throw new Error(`redis-server ended at once: ${life.output() || 'it wrote no output'}`);
  });
  // From its first answer on, the supervisor watches for its end.
  dead.catch(() => {});
  while (!(await Promise.race([connects(socket), dead]))) {
    if (signal?.aborted) throw new Error('the start was cancelled');
    if (performance.now() > deadline) throw new Error(`redis-server did not answer on ${socket} within 10 s`);
    await Promise.race([wait(20), dead]);
  }
}

function connects(socket: string): Promise<boolean> {
  return new Promise(resolve => {
    const connection = createConnection(socket);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => resolve(false));
  });
}

async function findCommand(command: string): Promise<string> {
  const candidates = command.includes('/')
    ? [command]
    : (process.env.PATH ?? '').split(delimiter).map(folder => join(folder, command));
  for (const candidate of candidates) {
    try {
      await access(candidate, constants.X_OK);
      return candidate;
    } catch {
      // The socket does not fit into this folder, so the next one is tried.
    }
  }
  throw new StartError(
    `${command} was not found, and no Redis address is configured. An administrator has to run: apt install redis-server`,
  );
}

/** A SIGKILL or a power cut leaves folders of earlier lives. They contain only a dead socket. */
async function prepareFolder(options: EmbeddedRedisOptions): Promise<string> {
  const family = `redis-${options.journal.slice(0, 8)}-`;
  const name = `${family}${options.epoch}`;
  const { base, isWanted } = socketPlace(options.runtimeDir, `${name}/redis.sock`);
  try {
    if (!isWanted) return await mkdtemp(join(base, 'l2l-redis-'));
    const folder = join(base, name);
    makeFolder(folder, 0o700);
    const old = (await readdir(base)).filter(entry => entry.startsWith(family) && entry !== name);
    // A folder that can't be removed does no harm.
    await Promise.allSettled(old.map(entry => rm(join(base, entry), { recursive: true, force: true })));
    return folder;
  } catch (cause) {
    throw new StartError(
      `the folder for the socket of the gateway's own Redis can't be made in ${base}: ${errorMessage(cause)}; give the gateway's user the right to write there, or set the environment variable ${isWanted ? 'RUNTIME_DIRECTORY to another folder' : 'RUNTIME_DIRECTORY to a folder with a short path'}`,
    );
  }
}
