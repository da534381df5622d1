import type { Redis } from 'ioredis';
import { words } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { refusalWords } from './redis-words.ts';

/** Whether Redis does its part, in words for the status page. */
export type LinkStatus = { readonly up: boolean; readonly since: number; readonly detail: string };

export type LinkOptions = {
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

export interface Link {
  /** It stands; Redis may refuse what it is told all the same, `status` says so. */
  readonly up: boolean;
  readonly status: LinkStatus;
}

export interface WatchedLink extends Link {
  /** Finds out whether Redis takes writes; rejects when it does not. */
  touch(): Promise<void>;
}

const REFUSES = 'Redis refuses what the queue tells it; calls wait in the journal';
const SILENT = 'Redis does not answer; calls wait in the journal';

/** Follows a connection, and what Redis says on it. */
export function watchLink({ redis, key, now, log, onUp, isStopping }: LinkOptions): WatchedLink {
  let connected = false;
  let status: LinkStatus = { up: false, since: now(), detail: 'connecting to Redis' };
  let lastError = '';
  /** What was said in the log and is not over yet. */
  let told: string | null = null;

  /** `detail` is for the status page; the log hears of each cause once. */
  function fails(detail: string): void {
    status = { up: false, since: status.up ? now() : status.since, detail };
    const refusal = refusalWords(lastError);
    const cause = refusal ?? (connected ? REFUSES : SILENT);
    if (told === cause || isStopping()) return;
    told = cause;
    if (cause === SILENT) log.warn({ detail: lastError }, SILENT);
    else log.error({ detail: refusal ?? lastError, error: lastError }, REFUSES);
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
    fails(`${detail}; calls wait in the journal until it is mended`);
  }

  function down(): void {
    connected = false;
    const detail = refusalWords(lastError) ?? `Redis does not answer${lastError && `: ${lastError}`}`;
    fails(`${detail}; calls wait in the journal until it does`);
  }

  function up(): void {
    connected = true;
    works();
    onUp();
  }

  redis.on('error', error => {
    lastError = words(error);
  });
  redis.on('ready', up);
  redis.on('close', down);
  if (redis.status === 'ready') up();
  return {
    get up() {
      return connected;
    },
    get status() {
      return status;
    },
    async touch() {
      try {
        await redis.set(key, '1', 'PX', 60_000);
      } catch (cause) {
        if (connected) refused(words(cause));
        throw cause;
      }
      if (connected) works();
    },
  };
}
