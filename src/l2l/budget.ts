import { type Clock, sleep } from '../core/clock.ts';
import { errorMessage } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';

/** Sends come before look-ups, and look-ups before the feed. */
export type Priority = 'send' | 'look' | 'feed';

/** Limits the requests to L2L: each one takes a permit here. */
export interface Budget {
  /** Resolves when one request may be sent. Rejects with the signal's reason when the signal aborts. */
  take(priority: Priority, signal: AbortSignal): Promise<void>;
  /** L2L asked for a pause (Retry-After): no request is sent for `ms`, at most 15 minutes. */
  pause(ms: number): void;
}

/** A token bucket that all gateways of a plant share. */
export interface SharedBudget {
  /** 0: took one token. More: took none; ask again after so many ms. Rejects when the bucket can't be reached. */
  take(): Promise<number>;
  /** The number of gateways that shared the bucket when it was last reached, this one included. At least 1. */
  readonly gateways: number;
  /** The first connection is not open yet, so an error needs no log line. */
  readonly isConnecting: boolean;
  /** Empties the bucket for `ms`. */
  pause(ms: number): Promise<void>;
}

export type BudgetOptions = {
  readonly clock: Clock;
  readonly log: Logger;
  /** Requests per millisecond; null: no limit. While the shared bucket can't be reached, this gateway uses its share of the rate. */
  readonly rate: number | null;
  /** Requests that may be sent at once after a quiet time. Default: those of two seconds, at least 2 (a look-up and its send). */
  readonly burst?: number;
  readonly shared?: SharedBudget;
};

export const LONGEST_PAUSE = 15 * 60_000;
/** One permit in five goes to the request that has waited longest, so that look-ups get their turn while there are always sends. */
const OLDEST_EVERY = 5;

type Waiter = { readonly order: number; readonly grant: () => void };

export function createBudget({ clock, log, rate, burst, shared }: BudgetOptions): Budget {
  const most = rate === null ? Number.POSITIVE_INFINITY : (burst ?? Math.max(2, Math.ceil(rate * 2000)));
  /** A single gateway uses the whole rate. */
  const gateways = () => Math.max(1, shared?.gateways ?? 1);
  const queues: Readonly<Record<Priority, Set<Waiter>>> = { send: new Set(), look: new Set(), feed: new Set() };
  let tokens = most;
  let filledAt = clock.now();
  let pausedUntil = 0;
  let order = 0;
  let grants = 0;
  let granting = false;
  let sharedIsAway = false;
  /** Ends the current wait when no request waits any more. */
  let idle = new AbortController();

  const isEmpty = () => Object.values(queues).every(queue => queue.size === 0);

  /** 0: took a permit. Else how long to wait before the next try (ms). */
  function takeLocal(): number {
    if (rate === null) return 0;
    const now = clock.now();
    const share = rate / gateways();
    tokens = Math.min(Math.max(1, most / gateways()), tokens + (now - filledAt) * share);
    filledAt = now;
    // Tokens are sums of fractions, so one token can be a little less than 1.
    if (tokens < 1 - 1e-9) return Math.ceil((1 - tokens) / share);
    tokens -= 1;
    return 0;
  }

  async function takePermit(): Promise<number> {
    const paused = pausedUntil - clock.now();
    if (paused > 0) return paused;
    if (!shared) return takeLocal();
    try {
      const wait = await shared.take();
      sharedIsAway = false;
      return wait;
    } catch (error) {
      if (!sharedIsAway && !shared.isConnecting) {
        log.warn(
          { error: errorMessage(error), gateways: gateways() },
          'Redis is away: this gateway uses its own share of the call budget',
        );
        sharedIsAway = true;
      }
      return takeLocal();
    }
  }

  function next(): Waiter | undefined {
    const heads = Object.values(queues).flatMap(queue => [...queue].slice(0, 1));
    grants += 1;
    const [first] = grants % OLDEST_EVERY === 0 ? heads.toSorted((a, b) => a.order - b.order) : heads;
    return first;
  }

  async function grant(): Promise<void> {
    if (granting) return;
    granting = true;
    try {
      while (!isEmpty()) {
        const wait = await takePermit();
        if (wait === 0) next()?.grant();
        else await sleep(clock, wait, idle.signal).catch(() => undefined); // The wait was aborted, because no request waits any more.
      }
    } finally {
      granting = false;
    }
  }

  return {
    take(priority, signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      // The usual case needs no queue: there is no limit, or there is a token and no request waits.
      if (!shared && isEmpty() && pausedUntil <= clock.now() && takeLocal() === 0) return Promise.resolve();
      const queue = queues[priority];
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const waiter: Waiter = {
        order: order++,
        grant() {
          queue.delete(waiter);
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      const leave = () => {
        queue.delete(waiter);
        if (isEmpty()) {
          idle.abort();
          idle = new AbortController();
        }
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      queue.add(waiter);
      void grant();
      return promise;
    },
    pause(ms) {
      const pause = Math.min(ms, LONGEST_PAUSE);
      pausedUntil = Math.max(pausedUntil, clock.now() + pause);
      shared?.pause(pause).catch(error => {
        log.warn({ error: errorMessage(error) }, 'Redis is away: only this gateway keeps the pause that L2L asked for');
      });
    },
  };
}
