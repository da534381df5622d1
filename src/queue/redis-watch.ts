import type { Redis } from 'ioredis';
import { words } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { checkRedis } from './redis.ts';
import { refusalWords } from './redis-words.ts';

/** Whether Redis does its part, in words for the status page. */
export type RedisStatus = { readonly up: boolean; readonly since: number; readonly detail: string };

export type RedisWatchOptions = {
  readonly redis: Redis;
  /** A key of the queue's own, to find out whether Redis takes writes. */
  readonly key: string;
  readonly now: () => number;
  readonly log: Logger;
  /** After every connect: what Redis holds may be older than what it held before. */
  readonly onUp: () => void;
  /** Then a loss is meant, and nothing to report. */
  readonly isStopping: () => boolean;
};

/** Follows a connection, and what Redis says on it. */
export interface RedisWatch {
  /** It stands. Redis may refuse what it is told all the same: `status` says so. */
  readonly connected: boolean;
  readonly status: RedisStatus;
  /** What is wrong with how Redis is set up, each with the line that mends it. */
  readonly problems: readonly string[];
  /** Finds out whether Redis takes writes, and now and then how it is set up. Rejects when it does not. */
  check(): Promise<void>;
}

/** Looked over at the first check after each connect, and then every so many checks. */
const LOOK_OVER_EVERY = 30;
const REFUSES = 'Redis refuses what the queue tells it; calls wait in the journal';
const SILENT = 'Redis does not answer; calls wait in the journal';

export function watchRedis({ redis, key, now, log, onUp, isStopping }: RedisWatchOptions): RedisWatch {
  let connected = false;
  let status: RedisStatus = { up: false, since: now(), detail: 'connecting to Redis' };
  let problems: readonly string[] = [];
  let lastError = '';
  /** What was said in the log and is not over yet. */
  let told: string | null = null;
  let checks = 0;

  function fails(detail: string, message: string, fields: object): void {
    status = { up: false, since: status.up ? now() : status.since, detail };
    // A refusal says more than silence, and another one something else.
    const saying = refusalWords(lastError) ?? message;
    if (told === saying || isStopping()) return;
    told = saying;
    if (message === SILENT && saying === message) log.warn(fields, message);
    else log.error(fields, message);
  }

  function works(): void {
    if (told !== null) log.info({}, 'Redis answers again');
    told = null;
    lastError = '';
    if (!status.up) status = { up: true, since: now(), detail: 'connected' };
  }

  function refused(message: string): void {
    lastError = message;
    const detail = refusalWords(message) ?? `Redis refuses what the queue tells it: ${message}`;
    fails(`${detail}; calls wait in the journal until it is mended`, REFUSES, { detail, error: message });
  }

  function down(): void {
    connected = false;
    const refusal = refusalWords(lastError);
    const detail = refusal ?? `Redis does not answer${lastError && `: ${lastError}`}`;
    const message = refusal === null ? SILENT : REFUSES;
    fails(`${detail}; calls wait in the journal until it does`, message, {
      detail: refusal ?? lastError,
      error: lastError,
    });
  }

  function up(): void {
    connected = true;
    checks = 0;
    works();
    onUp();
  }

  async function lookOver(): Promise<void> {
    const found = await checkRedis(redis);
    for (const problem of found) if (!problems.includes(problem)) log.error({}, problem);
    problems = found;
  }

  redis.on('error', error => {
    lastError = words(error);
  });
  redis.on('ready', up);
  redis.on('close', down);
  if (redis.status === 'ready') up();
  return {
    get connected() {
      return connected;
    },
    get status() {
      return status;
    },
    get problems() {
      return problems;
    },
    async check() {
      try {
        await redis.set(key, '1', 'PX', 60_000);
      } catch (cause) {
        if (connected) refused(words(cause));
        throw cause;
      }
      if (connected) works();
      checks += 1;
      if (checks % LOOK_OVER_EVERY === 1) await lookOver();
    },
  };
}
