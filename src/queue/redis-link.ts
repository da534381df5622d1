import type { Redis } from 'ioredis';
import { errorMessage } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { isRefusal } from './redis-connection.ts';
import { allRefusalWords, refusalWords } from './redis-words.ts';

/** Whether Redis works, in words for the status page. */
export type LinkStatus = { readonly up: boolean; readonly since: number; readonly detail: string };

export type LinkOptions = {
  readonly redis: Redis;
  /** Removes the password from a text that a server or a proxy sent back. */
  readonly redact?: (text: string) => string;
  /** A key that the queue writes to find out whether Redis takes writes. */
  readonly key: string;
  readonly now: () => number;
  readonly log: Logger;
  /** Called after every connect: Redis may be empty, or out of date. */
  readonly onUp: () => void;
  /** The queue ends, so a lost connection is not logged any more. */
  readonly isStopping: () => boolean;
};

export interface Link {
  /** There is a connection. Redis may still refuse commands; `status` shows that. */
  readonly up: boolean;
  readonly status: LinkStatus;
}

export interface WatchedLink extends Link {
  /** Finds out whether Redis takes writes; rejects when it does not. */
  touch(): Promise<void>;
  /** A command of the queue failed. When Redis refused it, the status shows that until Redis refuses nothing any more. */
  failed(error: unknown): void;
}

const REFUSES = 'Redis refuses commands of the queue; calls wait in the journal';
const SILENT = 'Redis does not answer; calls wait in the journal';
/** A refusal is over when nothing was refused for this long (ms). It is longer than a sweep, and than the pause of BullMQ's worker. */
const REFUSAL_LASTS = 3000;

/** Watches a connection and the answers of Redis on it. */
export function watchLink(options: LinkOptions): WatchedLink {
  const { redis, key, now, log, onUp, isStopping, redact = text => text } = options;
  let connected = false;
  let status: LinkStatus = { up: false, since: now(), detail: 'connecting to Redis' };
  let lastError = '';
  /** The refusals of Redis, each with the time when it came last. */
  const refusals = new Map<string, number>();
  /** The logged causes that are not over yet. */
  const logged = new Set<string>();

  /** `detail` is for the status page. Each cause is logged once. */
  function fails(detail: string): void {
    status = { up: false, since: status.up ? now() : status.since, detail };
    const refusal = refusalWords(lastError);
    const cause = refusal ?? (connected ? REFUSES : SILENT);
    if (logged.has(cause) || isStopping()) return;
    logged.add(cause);
    if (cause === SILENT) log.warn({ detail: lastError }, SILENT);
    else log.error({ detail: refusal ?? lastError, error: lastError }, REFUSES);
  }

  function works(): void {
    if (logged.size > 0) log.info({}, 'Redis answers again');
    logged.clear();
    lastError = '';
    if (!status.up) status = { up: true, since: now(), detail: 'connected' };
  }

  function refused(message: string): void {
    lastError = redact(message);
    refusals.set(lastError, now());
    fails(`${allRefusalWords([...refusals.keys()])}; calls wait in the journal until it is corrected`);
  }

  /** Forgets the refusals that did not come again for a while. */
  function isRefused(): boolean {
    for (const [message, at] of refusals) if (now() - at >= REFUSAL_LASTS) refusals.delete(message);
    return refusals.size > 0;
  }

  function down(): void {
    connected = false;
    const detail = refusalWords(lastError) ?? `Redis does not answer${lastError && `: ${lastError}`}`;
    fails(`${detail}; calls wait in the journal until it does`);
  }

  function up(): void {
    connected = true;
    // The first commands show whether Redis still refuses the same as before.
    if (!isRefused()) works();
    onUp();
  }

  redis.on('error', error => {
    lastError = redact(errorMessage(error));
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
    failed(error) {
      if (connected && isRefusal(error)) refused(error.message);
    },
    async touch() {
      try {
        await redis.set(key, '1', 'PX', 60_000);
      } catch (cause) {
        if (connected) refused(errorMessage(cause));
        throw cause;
      }
      if (connected && !isRefused()) works();
    },
  };
}
