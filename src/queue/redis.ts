import type { Writable } from 'node:stream';
import { Redis, type RedisOptions } from 'ioredis';
import type { Secret } from '../core/secret.ts';

/** Where Redis is: a URL (it may hold a password), or the socket of the gateway's own child. */
export type RedisAddress = { readonly url: Secret } | { readonly socket: string };

/**
 * `producer` fails at once while Redis is away: the journal is the buffer, and a command that is resent after a reconnect
 * would add its job a second time. `worker` waits for Redis to come back, which BullMQ asks of it.
 */
export type RedisRole = 'producer' | 'worker';

const LONGEST_RETRY_WAIT = 500;
/** A connection that owes an answer for so long is dead (cable, switch, paused machine); BullMQ's longest wait is 10 s. */
const SILENCE = 20_000;

const ROLE_OPTIONS = {
  producer: {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    autoResendUnfulfilledCommands: false,
    // A Redis that hangs is as good as away.
    commandTimeout: 10_000,
  },
  worker: { maxRetriesPerRequest: null },
} satisfies Record<RedisRole, RedisOptions>;

/** The one place that makes connections. It connects in the background and again after every loss, at most 500 ms later. */
export function openRedis(address: RedisAddress, role: RedisRole, name: string): Redis {
  const options = {
    ...ROLE_OPTIONS[role],
    connectionName: name,
    connectTimeout: 5000,
    socketTimeout: SILENCE,
    retryStrategy: (times: number) => Math.min(50 * times, LONGEST_RETRY_WAIT),
  };
  const redis =
    'url' in address ? new Redis(address.url.reveal(), options) : new Redis({ ...options, path: address.socket });
  // Without a listener ioredis writes every failed connect to the console; who needs the words listens as well.
  redis.on('error', () => {});
  redis.on('connect', () => gatherWrites(redis.stream));
  return redis;
}

/**
 * What is sent in one turn of the event loop leaves in one write: under load a commit lets many commands go at once. ioredis' own
 * pipelining would let a command wait until the batch before it is answered.
 */
function gatherWrites(socket: Writable): void {
  const write = socket.write.bind(socket);
  socket.write = ((...args: Parameters<typeof write>) => {
    if (socket.writableCorked === 0) {
      socket.cork();
      setImmediate(() => socket.uncork());
    }
    return write(...args);
  }) as typeof socket.write;
}

/** What is wrong with how Redis is set up, each with the line that mends it. Empty when nothing is. */
export async function checkRedis(redis: Redis): Promise<readonly string[]> {
  const problems: string[] = [];
  const info = await redis.info();
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  if (policy !== undefined && policy !== 'noeviction') {
    problems.push(
      `Redis drops keys when memory is short (maxmemory-policy ${policy}); put "maxmemory-policy noeviction" into redis.conf, or run: redis-cli CONFIG SET maxmemory-policy noeviction`,
    );
  }
  const version = /^redis_version:(\d+)\.(\d+)/m.exec(info);
  if (version && Number(version[1]) * 100 + Number(version[2]) < 602) {
    problems.push(`Redis ${version[1]}.${version[2]} is too old for BullMQ; install Redis 6.2 or newer`);
  }
  const used = Number(/^used_memory:(\d+)/m.exec(info)?.[1] ?? 0);
  const most = Number(/^maxmemory:(\d+)/m.exec(info)?.[1] ?? 0);
  if (most > 0 && used > 0.8 * most) {
    problems.push(
      `Redis has used ${Math.round((100 * used) / most)} % of its memory; raise maxmemory in redis.conf, or give the gateway a Redis of its own`,
    );
  }
  return problems;
}

/** Removes every key of a family except those of one prefix, a few at a time so that Redis stays quick for others. */
export async function unlinkOthers(redis: Redis, family: string, keep: string): Promise<number> {
  let removed = 0;
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${family}*`, 'COUNT', 500);
    const old = keys.filter(key => !key.startsWith(keep));
    if (old.length > 0) removed += await redis.unlink(...old);
    cursor = next;
  } while (cursor !== '0');
  return removed;
}
