import type { Redis, RedisOptions } from 'ioredis';
import { redactor } from '../core/redact.ts';
import type { Secret } from '../core/secret.ts';
import { type ConnectionOptions, RedisConnection } from './redis-connection.ts';

/** The place of Redis: a URL (it may hold a password), or the socket of the gateway's own child. */
export type RedisAddress = { readonly url: Secret } | { readonly socket: string };

/**
 * `producer` fails at once while Redis is away. The journal is the buffer, and a command that is sent again after a reconnect would add its
 * job a second time. `worker` waits for Redis, because BullMQ requires that.
 */
export type RedisRole = 'producer' | 'worker';

const LONGEST_RETRY_WAIT = 500;
/** A connection without an answer for this long is dead (ms): cable, switch, suspended host. BullMQ's longest wait is 10 s. */
const SILENCE = 20_000;

const ROLE_OPTIONS = {
  producer: {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    autoResendUnfulfilledCommands: false,
    // A Redis that hangs counts as away.
    commandTimeout: 10_000,
  },
  worker: { maxRetriesPerRequest: null },
} satisfies Record<RedisRole, RedisOptions>;

/** Makes every connection. Each one connects in the background, and again at most 500 ms after a loss. */
export function openRedis(address: RedisAddress, role: RedisRole, name: string): Redis {
  const options: ConnectionOptions = {
    ...ROLE_OPTIONS[role],
    ...('url' in address ? serverOf(address.url) : { path: address.socket }),
    connectionName: name,
    connectTimeout: 5000,
    socketTimeout: SILENCE,
    retryStrategy: (times: number) => Math.min(50 * times, LONGEST_RETRY_WAIT),
  };
  const redis = new RedisConnection(options, role === 'worker');
  // Without a listener ioredis writes every failed connect to the console.
  redis.on('error', () => {});
  return redis;
}

/** Removes the password of the connection from a text. A server or a proxy may send back what it did not understand. */
export function redactorOf({ options }: Redis): (text: string) => string {
  return redactor(options.password ?? '');
}

/** The config has checked the address. */
function serverOf(address: Secret): ConnectionOptions {
  const { protocol, hostname, port, username, password, pathname } = new URL(address.reveal());
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? 6379 : Number(port),
    db: Number(pathname.slice(1)),
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' && { tls: {} }),
  };
}

/** Mistakes in the setup of Redis, each with the command that corrects it. */
export async function checkRedis(redis: Redis): Promise<readonly string[]> {
  const problems: string[] = [];
  const info = String(await redis.call('INFO'));
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  if (policy !== undefined && policy !== 'noeviction') {
    problems.push(
      `Redis drops keys when memory is short (maxmemory-policy ${policy}); put "maxmemory-policy noeviction" into redis.conf, or run: redis-cli CONFIG SET maxmemory-policy noeviction`,
    );
  }
  const version = /^redis_version:(\d+)\.(\d+)\S*/m.exec(info);
  if (version && Number(version[1]) * 100 + Number(version[2]) < 602) {
    problems.push(
      `the Redis of gateway.redis is ${version[0].replace('redis_version:', 'version ')}, and the queue needs 6.2 or newer; install a newer Redis`,
    );
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

/** Removes every key of a family except those of one prefix. It removes a few at a time, so that Redis stays quick for others. */
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
