import type { Clock } from '../core/clock.ts';
import type { Outcome, Setback } from '../core/delivery.ts';
import { errorMessage } from '../core/errors.ts';
import { backoff } from '../core/lifecycle.ts';
import type { Logger } from '../core/logger.ts';
import { checkSite, type Finding, type SiteCheckOptions } from './site-check.ts';

export type ReachabilityOptions = Omit<SiteCheckOptions, 'now'> & {
  /** The company's address, for messages. */
  readonly url: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Writes an instant (ms since 1970) for `problem`. */
  readonly iso: (at: number) => string;
  /** never: L2L is not read, so nothing is checked. Default full. */
  readonly reads?: 'full' | 'never';
  /** L2L answers, and no setting is known to be wrong any more. Calls that waited can continue. */
  readonly onGood?: () => void;
};

/** Whether the key may read anything in L2L; `unknown`: L2L did not answer. */
export type KeySaid = 'takes' | 'refuses' | 'unknown';

/** Checks at the start and later that L2L answers, takes the key, and has the site with the time zone of the config. */
export interface Reachability {
  /** Checks now, and repeats the check while no call shows the answer. */
  start(): void;
  /** The outcome of a call says as much as a check. */
  note(outcome: Outcome): void;
  /** What is wrong, in words; null: nothing is known to be wrong. */
  problem(): string | null;
  /** Whether calls must wait: key, site or zone are known to be wrong, or L2L has not answered the first check. */
  holds(): boolean;
  /** Why calls must wait, in words; null: they may be sent. */
  hold(): string | null;
  /** Whether L2L answers other reads after it refused the key or one read. Reads L2L, but not twice within a short time. */
  askKey(signal: AbortSignal): Promise<KeySaid>;
  /** Checks key, site and zone, unless L2L has confirmed them since the start. May take as long as a read of L2L. */
  verify(signal: AbortSignal): Promise<void>;
  /**
   * null: since the start, L2L has confirmed key, site and zone, or they could not be checked. Else the setback says why a call must
   * wait: times in a wrong zone can't be corrected later.
   */
  unverified(): Setback | null;
  stop(): void;
}

/** Time between two checks while no call shows the answer (ms). */
const EVERY = 60_000;
/** Time between two checks while calls are delivered (ms): somebody may change the site's zone in L2L. */
const EVERY_ANYWAY = 15 * 60_000;
/** Time between two checks while L2L is away (ms). It is short, so that a person who repairs the network soon sees the result. */
const EVERY_WHILE_AWAY = 10_000;
/** Time between two checks while a person has to correct the config or L2L (ms): the first one, and the longest. */
const FIRST_MEND = 5000;
const LONGEST_MEND = 60_000;
/** A check is not repeated within this time (ms). */
const FRESH = 10_000;

const UNREAD: Finding = {
  kind: 'unchecked',
  takes: true,
  detail: 'the config says l2l.reads: never, so the key, the site and its time zone are not checked',
};

const WHAT = {
  away: "can't be reached",
  busy: 'takes nothing for now',
  between: 'gives no answer: something between the gateway and L2L does, such as a proxy or a login page',
  key: 'does not take the API key',
  site: 'does not have the site of the config',
  zone: 'has another time zone than the config',
} as const;
type Wrong = keyof typeof WHAT;

export function createReachability(options: ReachabilityOptions): Reachability {
  const { url, clock, log, iso, reads = 'full' } = options;
  const abort = new AbortController();
  let trouble: { readonly kind: Wrong; readonly words: string; readonly since: number } | null = null;
  let unchecked: string | null = null;
  /** How many checks in a row found the config to be wrong. */
  let wrongs = 0;
  let shownAt = Number.NEGATIVE_INFINITY;
  let askedAt = Number.NEGATIVE_INFINITY;
  let last: Finding = { kind: 'nothing' };
  /** When L2L last took a call. */
  let takenAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;
  let started = false;
  /** L2L has answered the first check, or the check was not possible. */
  let answered = false;
  /** L2L has said something about the config. */
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
    verified ||= !isNoAnswer(finding.kind);
    const detail = finding.kind === 'unchecked' ? finding.detail : null;
    if (detail !== null && detail !== unchecked) log.warn({ url, detail }, 'some L2L settings could not be checked');
    unchecked = detail;
    if (finding.kind === 'good' || finding.kind === 'unchecked') {
      good();
      if (reads === 'full') options.onGood?.();
    } else bad(finding.kind, finding.detail);
  }

  /** One check at a time. */
  function ask(): Promise<void> {
    asking ??= (
      reads === 'never' ? Promise.resolve(UNREAD) : checkSite({ ...options, now: () => clock.now() }, abort.signal)
    )
      // An error of the gateway itself must not end the checks, and must not hold up a call.
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
      // A call that L2L took does not show that its times were in the right zone.
      const isWrong = trouble !== null && (trouble.kind === 'zone' || trouble.kind === 'site');
      const isTaken = kind === 'delivered' || kind === 'accepted';
      if (isTaken) takenAt = clock.now();
      if (isTaken && !isWrong) good();
    },
    problem,
    hold: () =>
      holds() ? (problem() ?? 'L2L has not said yet whether the API key, the site and the time zone are right') : null,
    holds,
    async askKey(signal) {
      if (reads === 'never') return clock.now() - takenAt < EVERY_ANYWAY ? 'takes' : 'unknown';
      if (asking || clock.now() - askedAt >= FRESH) await Promise.race([ask(), aborted(signal)]);
      if (isNoAnswer(last.kind) || last.kind === 'nothing') return 'unknown';
      if (last.kind === 'key') {
        arm(untilNext());
        return 'refuses';
      }
      return last.kind === 'unchecked' && !last.takes ? 'refuses' : 'takes';
    },
    async verify(signal) {
      if (!verified) await Promise.race([ask(), aborted(signal)]);
    },
    unverified() {
      if (trouble && isOfConfig(trouble.kind)) return { kind: 'retry', reason: 'stopped', detail: trouble.words };
      if (verified) return null;
      if (!trouble) return { kind: 'retry', reason: 'stopped', detail: 'L2L has not confirmed the settings yet' };
      return { kind: 'retry', reason: trouble.kind === 'between' ? 'unreadable' : 'network', detail: trouble.words };
    },
    stop() {
      abort.abort();
      timer?.[Symbol.dispose]();
    },
  };
}

function isNoAnswer(kind: Finding['kind']): boolean {
  return kind === 'away' || kind === 'between' || kind === 'busy';
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
