import type { Clock } from '../core/clock.ts';
import type { Outcome } from '../core/delivery.ts';
import type { Logger } from '../core/logger.ts';
import type { Client } from './client.ts';
import { judge } from './outcome.ts';

export type ReachabilityOptions = {
  readonly client: Pick<Client, 'get'>;
  /** The company's address, for the words. */
  readonly url: string;
  readonly site: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** How an instant (ms since 1970) is written in `problem`. */
  readonly iso: (at: number) => string;
};

/** Whether L2L is there and takes the key, found out before the first call needs it. Never holds up a call. */
export interface Reachability {
  /** Asks once now, and again and again while no call shows it. */
  start(): void;
  /** A call was sent: what came of it says as much as asking would. */
  note(outcome: Outcome): void;
  /** What is wrong, in words; null: nothing that is known. */
  problem(): string | null;
  stop(): void;
}

const EVERY = 60_000;
/** While nothing listens there a question costs nothing, and who mends the network wants to see it. */
const EVERY_WHILE_AWAY = 10_000;

export function createReachability({ client, url, site, clock, log, iso }: ReachabilityOptions): Reachability {
  const abort = new AbortController();
  let trouble: { readonly what: string; readonly words: string; readonly since: number } | null = null;
  let shownAt = Number.NEGATIVE_INFINITY;
  let timer: Disposable | undefined;

  function good(): void {
    shownAt = clock.now();
    if (trouble) log.info({ url }, 'L2L answers and takes the key');
    trouble = null;
  }

  function bad(what: string, words: string): void {
    if (trouble?.what !== what) log.error({ url, detail: words }, `L2L ${what}`);
    trouble = { what, words, since: trouble?.what === what ? trouble.since : clock.now() };
  }

  async function ask(): Promise<void> {
    const verdict = judge(await client.get('sites/', { site, limit: 1, fields: 'site' }, 'feed', abort.signal), []);
    if (abort.signal.aborted) return;
    if (verdict.kind === 'halt') bad(REFUSES, verdict.detail);
    else if (verdict.kind === 'success' || verdict.kind === 'rejected' || verdict.reason === 'rate_limited') good();
    else bad(AWAY, verdict.detail);
  }

  async function round(): Promise<void> {
    if (trouble || clock.now() - shownAt >= EVERY) await ask();
    if (!abort.signal.aborted) {
      const wait = trouble?.what === AWAY ? EVERY_WHILE_AWAY : EVERY;
      timer = clock.at(clock.now() + wait, () => void round());
    }
  }

  return {
    start: () => void round(),
    note({ kind }) {
      if (kind === 'delivered' || kind === 'accepted') good();
    },
    problem: () => trouble && `L2L (${url}) ${trouble.what} since ${iso(trouble.since)}: ${trouble.words}`,
    stop() {
      abort.abort();
      timer?.[Symbol.dispose]();
    },
  };
}

const AWAY = "can't be reached";
const REFUSES = 'does not take the API key';
