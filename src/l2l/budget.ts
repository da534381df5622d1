import { type Clock, sleep } from '../core/clock.ts';
import { errorMessage } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';

/** Sends go before look-ups, look-ups before the feed. */
export type Priority = 'send' | 'look' | 'feed';

/** Every request to L2L takes one permit here, so that the site is never flooded. */
export interface Budget {
  /** Resolves when one request may leave; rejects with the signal's reason as soon as it aborts. */
  take(priority: Priority, signal: AbortSignal): Promise<void>;
  /** L2L asked for a pause (Retry-After): no request leaves for `ms`, at most 15 minutes. */
  pause(ms: number): void;
}

/** One bucket for all gateways of a plant. */
export interface SharedBudget {
  /** 0: one request was taken from the bucket. More: nothing was taken, ask again after so many ms. Rejects when it can't be reached. */
  take(): Promise<number>;
  /** Gateways that shared it when it was last reached, this one included; at least 1. */
  readonly gateways: number;
  /** Its first connection is still being made: that it can't be reached is no news. */
  readonly isConnecting: boolean;
  /** Empties the bucket for `ms`. */
  pause(ms: number): Promise<void>;
}

export type BudgetOptions = {
  readonly clock: Clock;
  readonly log: Logger;
  /** Requests per millisecond; null: no limit. While a shared budget can't be reached, this gateway takes its share of it. */
  readonly rate: number | null;
  /** Requests that may leave at once after a quiet time. Default: what two seconds bring, at least 2 (a look and its send). */
  readonly burst?: number;
  readonly shared?: SharedBudget;
};

export const LONGEST_PAUSE = 15 * 60_000;
/** One grant in five goes to who has waited longest, so that look-ups move on even while sends keep coming. */
const OLDEST_EVERY = 5;

type Waiter = { readonly order: number; readonly grant: () => void };

export function createBudget({ clock, log, rate, burst, shared }: BudgetOptions): Budget {
  const most = rate === null ? Number.POSITIVE_INFINITY : (burst ?? Math.max(2, Math.ceil(rate * 2000)));
  /** A gateway that is alone takes all of it. */
  const gateways = () => Math.max(1, shared?.gateways ?? 1);
  const queues: Readonly<Record<Priority, Set<Waiter>>> = { send: new Set(), look: new Set(), feed: new Set() };
  let tokens = most;
  let filledAt = clock.now();
  let pausedUntil = 0;
  let order = 0;
  let grants = 0;
  let granting = false;
  let sharedIsAway = false;
  /** Ends the current wait when nobody waits any more. */
  let idle = new AbortController();

  const isEmpty = () => Object.values(queues).every(queue => queue.size === 0);

  /** 0: a permit was taken; else how long to wait before asking again. */
  function takeLocal(): number {
    if (rate === null) return 0;
    const now = clock.now();
    const share = rate / gateways();
    tokens = Math.min(Math.max(1, most / gateways()), tokens + (now - filledAt) * share);
    filledAt = now;
    // Sums of fractions: what is a hair below one is one.
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
        else await sleep(clock, wait, idle.signal).catch(() => undefined); // Aborted: nobody waits any more.
      }
    } finally {
      granting = false;
    }
  }

  return {
    take(priority, signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      // The common case costs nothing: no limit, or a token and nobody before.
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
