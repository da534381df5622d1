import type { Clock } from '../core/clock.ts';
import type { Outcome, Setback } from '../core/delivery.ts';
import { errorMessage } from '../core/errors.ts';
import { backoff } from '../core/lifecycle.ts';
import type { Logger } from '../core/logger.ts';
import { checkSite, type Finding, type SiteCheckOptions } from './site-check.ts';

export type ReachabilityOptions = Omit<SiteCheckOptions, 'now'> & {
  /** The company's address, for the words. */
  readonly url: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** How an instant (ms since 1970) is written in `problem`. */
  readonly iso: (at: number) => string;
  /** L2L answers, and nothing of the config is known to be wrong any more: what waited can go on. */
  readonly onGood?: () => void;
};

/** Whether L2L lets the key read anything at all; `unknown`: it could not be asked. */
export type KeySaid = 'takes' | 'refuses' | 'unknown';

/** Whether L2L is there, takes the key, and has the site with the time zone of the config: at the start, and all the time. */
export interface Reachability {
  /** Asks once now, and again and again while no call shows it. */
  start(): void;
  /** A call was sent: what came of it says as much as asking would. */
  note(outcome: Outcome): void;
  /** What is wrong, in words; null: nothing that is known. */
  problem(): string | null;
  /** Whether nothing may be sent: key, site or zone are known to be wrong, or the first answer is still to come. */
  holds(): boolean;
  /** The same in words; null: calls may be sent. */
  hold(): string | null;
  /** L2L refused the key, or one read: what it says to other questions. Asks L2L, at most once in a while. */
  askKey(signal: AbortSignal): Promise<KeySaid>;
  /**
   * Before a send: null when L2L has said once since the start that key, site and zone are right, or could not be checked. Else it
   * is asked, and the setback is why nothing may be sent yet: times in a wrong zone can't be taken back.
   */
  verify(signal: AbortSignal): Promise<Setback | null>;
  stop(): void;
}

/** Without a call that shows it (ms). */
const EVERY = 60_000;
/** The site and its zone may be changed in L2L while calls are delivered (ms). */
const EVERY_ANYWAY = 15 * 60_000;
/** While nothing listens there a question costs nothing, and who mends the network wants to see it (ms). */
const EVERY_WHILE_AWAY = 10_000;
/** While a person has to mend the config or L2L: so often at first, then more seldom (ms). */
const FIRST_MEND = 5000;
const LONGEST_MEND = 60_000;
/** What was asked so short a time ago (ms) is not asked again. */
const FRESH = 10_000;

const WHAT = {
  away: "can't be reached",
  between: 'gives no answer: something between the gateway and L2L does, such as a proxy or a login page',
  key: 'does not take the API key',
  site: 'does not have the site of the config',
  zone: 'has another time zone than the config',
} as const;
type Wrong = keyof typeof WHAT;

export function createReachability(options: ReachabilityOptions): Reachability {
  const { url, clock, log, iso } = options;
  const abort = new AbortController();
  let trouble: { readonly kind: Wrong; readonly words: string; readonly since: number } | null = null;
  let unchecked: string | null = null;
  /** Times in a row that the config was found to be wrong. */
  let wrongs = 0;
  let shownAt = Number.NEGATIVE_INFINITY;
  let askedAt = Number.NEGATIVE_INFINITY;
  let last: Finding = { kind: 'nothing' };
  let asking: Promise<void> | undefined;
  let started = false;
  /** L2L has answered the first question, or could not be asked. */
  let answered = false;
  /** It has said something about the config. */
  let verified = false;
  let timer: Disposable | undefined;

  function good(): void {
    shownAt = clock.now();
    wrongs = 0;
    if (trouble) log.info({ url }, 'L2L answers and takes the key');
    trouble = null;
  }

  function bad(kind: Wrong, words: string): void {
    wrongs += 1;
    const isNew = trouble?.kind !== kind || (isOfConfig(kind) && trouble.words !== words);
    if (isNew) log.error({ url, detail: words }, `L2L ${WHAT[kind]}`);
    trouble = { kind, words, since: trouble && !isNew ? trouble.since : clock.now() };
  }

  function conclude(finding: Finding): void {
    if (finding.kind === 'nothing') return;
    last = finding;
    verified ||= finding.kind !== 'away' && finding.kind !== 'between';
    const detail = finding.kind === 'unchecked' ? finding.detail : null;
    if (detail !== null && detail !== unchecked)
      log.warn({ url, detail }, 'a part of the L2L settings could not be checked');
    unchecked = detail;
    if (finding.kind === 'good' || finding.kind === 'unchecked') {
      good();
      options.onGood?.();
    } else bad(finding.kind, finding.detail);
  }

  /** One question at a time. */
  function ask(): Promise<void> {
    asking ??= checkSite({ ...options, now: () => clock.now() }, abort.signal)
      // A fault of the gateway's own must neither end it nor hold up a call.
      .catch(
        (error): Finding => ({ kind: 'unchecked', takes: true, detail: `the check failed: ${errorMessage(error)}` }),
      )
      .then(finding => {
        if (abort.signal.aborted) return;
        askedAt = clock.now();
        answered = true;
        conclude(finding);
      })
      .finally(() => {
        asking = undefined;
      });
    return asking;
  }

  async function round(): Promise<void> {
    const now = clock.now();
    if (trouble || now - shownAt >= EVERY || now - askedAt >= EVERY_ANYWAY) await ask();
    if (!abort.signal.aborted) arm(untilNext());
  }

  function untilNext(): number {
    if (trouble === null) return EVERY;
    return isOfConfig(trouble.kind) ? backoff(wrongs, FIRST_MEND, LONGEST_MEND, 1) : EVERY_WHILE_AWAY;
  }

  function arm(wait: number): void {
    timer?.[Symbol.dispose]();
    timer = clock.at(clock.now() + wait, () => void round());
  }

  const problem = () => trouble && `L2L (${url}) ${WHAT[trouble.kind]} (since ${iso(trouble.since)}): ${trouble.words}`;

  function holds(): boolean {
    if (trouble) return isOfConfig(trouble.kind);
    return started && !answered;
  }

  return {
    start() {
      started = true;
      void round();
    },
    note({ kind }) {
      // A call that L2L took says nothing about the zone in which its times were written.
      const isWrong = trouble !== null && (trouble.kind === 'zone' || trouble.kind === 'site');
      if ((kind === 'delivered' || kind === 'accepted') && !isWrong) good();
    },
    problem,
    hold: () =>
      holds() ? (problem() ?? 'L2L has not said yet whether the API key, the site and the time zone are right') : null,
    holds,
    async askKey(signal) {
      if (asking || clock.now() - askedAt >= FRESH) await Promise.race([ask(), aborted(signal)]);
      if (last.kind === 'away' || last.kind === 'between' || last.kind === 'nothing') return 'unknown';
      if (last.kind === 'key') {
        arm(untilNext());
        return 'refuses';
      }
      return last.kind === 'unchecked' && !last.takes ? 'refuses' : 'takes';
    },
    async verify(signal) {
      if (!verified) await Promise.race([ask(), aborted(signal)]);
      if (trouble && isOfConfig(trouble.kind)) return { kind: 'retry', reason: 'stopped', detail: trouble.words };
      if (verified) return null;
      if (signal.aborted || !trouble)
        return { kind: 'retry', reason: 'stopped', detail: 'L2L has not said yet whether the settings are right' };
      return { kind: 'retry', reason: trouble.kind === 'between' ? 'unreadable' : 'network', detail: trouble.words };
    },
    stop() {
      abort.abort();
      timer?.[Symbol.dispose]();
    },
  };
}

function isOfConfig(kind: Wrong): boolean {
  return kind === 'key' || kind === 'site' || kind === 'zone';
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
