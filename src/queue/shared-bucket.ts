import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Clock } from '../core/clock.ts';
import { errorMessage } from '../core/errors.ts';
import { redactorOf } from './redis.ts';
import { refusalWords } from './redis-words.ts';

export type SharedBucketOptions = {
  readonly redis: Redis;
  /** The host of the site. Host and key together name the bucket, so gateways with the same key share it. */
  readonly host: string;
  readonly key: string;
  /** Requests per millisecond, for all gateways together. */
  readonly rate: number;
  /** How many requests may leave at once after a quiet time; at least 1. */
  readonly burst: number;
  /** A name that no other gateway of this bucket has. */
  readonly gateway: string;
  readonly clock: Clock;
};

/** One token bucket for every gateway that talks to the same L2L site with the same key. */
export interface SharedBucket {
  /**
   * Resolves to 0: one request was taken. To more: nothing was taken, ask again after that many ms. Rejects while Redis cannot be reached.
   */
  take(): Promise<number>;
  /** L2L asked for a pause: no gateway gets anything for `ms`. */
  pause(ms: number): Promise<void>;
  /** How many gateways shared it when Redis was last reached, this one included; 1 before that. */
  readonly gateways: number;
  /** True until the first connection to Redis is made, or fails. */
  readonly isConnecting: boolean;
  /** Takes this gateway out of the bucket. The caller closes the connection. */
  stop(): Promise<void>;
}

const NO_CONNECTION = 'there is no connection to Redis';

/** How often a gateway reports that it runs, and how long it counts after that (ms). */
const SIGN_OF_LIFE_EVERY = 20_000;
const COUNTS_FOR = 60_000;

/**
 * The scripts use the clock of Redis, because the clocks of the gateways differ. A bucket that nobody used for long is full again. So its
 * key may expire, and a wiped Redis allows at most one burst more.
 */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at', 'paused_until')
local paused = tonumber(bucket[3] or 0) - now
if paused > 0 then return math.ceil(paused) end
local tokens = math.min(burst, tonumber(bucket[1] or burst) + math.max(0, now - tonumber(bucket[2] or now)) * rate)
local wait = 0
if tokens < 1 then wait = math.max(1, math.ceil((1 - tokens) / rate)) else tokens = tokens - 1 end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', string.format('%.3f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate) + 60000)
return wait
`;

const PAUSE = `
local time = redis.call('TIME')
local until_ = time[1] * 1000 + time[2] / 1000 + tonumber(ARGV[1])
if until_ > tonumber(redis.call('HGET', KEYS[1], 'paused_until') or 0) then
  redis.call('HSET', KEYS[1], 'paused_until', string.format('%.3f', until_), 'tokens', '0')
  redis.call('PEXPIRE', KEYS[1], math.ceil(tonumber(ARGV[1])) + 60000)
end
return 0
`;

/** The set has a member for each gateway. Its score is the time when it stops counting. The key expires with the last member. */
const SIGN_OF_LIFE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])
`;

export function createSharedBucket(options: SharedBucketOptions): SharedBucket {
  const { redis, host, key, rate, burst, gateway, clock } = options;
  const digest = createHash('sha256').update(`${host}\n${key}`).digest('hex').slice(0, 16);
  const name = `{l2l-budget:${digest}}`;
  const members = `${name}:gateways`;
  let gateways = 1;
  let next: Disposable | undefined;
  let isConnecting = redis.status !== 'ready';
  /** Why there is no connection. */
  let why = NO_CONNECTION;

  function plain(error: unknown): string {
    return redactorOf(redis)(refusalWords(errorMessage(error)) ?? errorMessage(error));
  }

  /** Without a connection, the client library's message is only about its own settings, so the error of the connection is shown instead. */
  async function ask(...command: Parameters<Redis['eval']>): Promise<number> {
    try {
      return Number(await redis.eval(...command));
    } catch (cause) {
      throw new Error(redis.status === 'ready' ? plain(cause) : why, { cause });
    }
  }

  async function signOfLife(): Promise<void> {
    try {
      gateways = await ask(SIGN_OF_LIFE, 1, members, gateway, COUNTS_FOR);
    } catch {
      // Redis is away: the number of gateways stays as it was. `take` reports the error.
    }
  }
  function goOn(): void {
    next = clock.at(clock.now() + SIGN_OF_LIFE_EVERY, goOn);
    void signOfLife();
  }
  function onReady(): void {
    isConnecting = false;
    why = NO_CONNECTION;
    void signOfLife();
  }
  function onError(error: unknown): void {
    why = plain(error);
  }
  function onClose(): void {
    isConnecting = false;
  }
  redis.on('ready', onReady).on('error', onError).on('close', onClose);
  goOn();

  return {
    get gateways() {
      return gateways;
    },
    get isConnecting() {
      return isConnecting;
    },
    async stop() {
      next?.[Symbol.dispose]();
      redis.off('ready', onReady).off('error', onError).off('close', onClose);
      // Without this, the gateway still counts for a minute.
      if (redis.status === 'ready') await redis.zrem(members, gateway).catch(() => {});
    },
    take: () => ask(TAKE, 1, name, String(rate), String(Math.max(1, burst))),
    async pause(ms) {
      await ask(PAUSE, 1, name, String(Math.max(0, ms)));
    },
  };
}
