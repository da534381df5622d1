import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { Emit } from './queue-event.ts';
import type { QueueWords } from './queue-words.ts';

/** Why nothing is sent to a destination at present. It lives in the process: a restart begins without it. */
export type PauseCause =
  | 'network' // it does not answer
  | 'refused' // it refuses everything that is sent
  | 'auth' // it does not accept the key
  | 'journal'; // the journal cannot write

export type Pause = {
  readonly cause: PauseCause;
  readonly detail: string;
  readonly since: number;
  /** When one call may be tried again (ms since 1970). */
  readonly probeAt: number;
  /** How many probes failed so far. */
  readonly probes: number;
};

/** Refusals with the same words, with no accepted call between them. */
type Streak = { readonly text: string; readonly calls: ReadonlySet<number>; readonly lanes: ReadonlySet<string> };

export type BreakerState = {
  /** Attempts in a row, over all lanes, without an answer. */
  readonly failures: number;
  readonly streak: Streak | null;
  readonly pause: Pause | null;
};

/** The evidence about a destination, and about the journal. */
export type Evidence =
  | { readonly kind: 'accepted' }
  /** A read was answered: the destination answers and accepts the key. That says nothing about writes. */
  | { readonly kind: 'answered' }
  | { readonly kind: 'failed'; readonly detail: string }
  | { readonly kind: 'refused'; readonly call: number; readonly lanes: readonly string[]; readonly detail: string }
  | { readonly kind: 'halted'; readonly detail: string }
  | { readonly kind: 'journal_failed'; readonly detail: string }
  /** The journal wrote again after it had failed. */
  | { readonly kind: 'written' }
  /** The probe ended without evidence: a 429, or its call was gone by then. */
  | { readonly kind: 'probe_undecided' };

export type BreakerOptions = {
  /** This many unanswered attempts in a row open the breaker. */
  readonly failures: number;
  readonly firstWait: number;
  readonly longestWait: number;
  /** The wait between probes while the destination refuses everything or the key (ms). */
  readonly probeEvery: number;
  /** The wait between attempts while the journal cannot write (ms). */
  readonly journalEvery: number;
  /** The same refusal on this many lanes, or for this many calls in a row, counts as a refusal of all calls. */
  readonly sameRefusalLanes: number;
  readonly sameRefusalCalls: number;
};

export const BREAKER_DEFAULTS: BreakerOptions = {
  failures: 5,
  firstWait: 2000,
  longestWait: 60_000,
  probeEvery: 300_000,
  journalEvery: 5000,
  sameRefusalLanes: 3,
  sameRefusalCalls: 5,
};

export const CLOSED: BreakerState = { failures: 0, streak: null, pause: null };

export type BreakerParts = {
  readonly clock: Clock;
  readonly log: Logger;
  readonly words: QueueWords;
  readonly options?: Partial<BreakerOptions> | undefined;
  readonly emit: Emit;
};

/** Pauses a destination when the evidence asks for it. Then it lets one call through from time to time, until the cause is gone. */
export interface Breaker {
  /** Null: calls may run. */
  readonly pause: Pause | null;
  readonly refusesAll: boolean;
  take(evidence: Evidence): void;
  /** Tries one call now, because a person or a reload expects that the cause is gone. */
  probeNow(): void;
  stop(): void;
}

export function createBreaker({ clock, log, words, emit, ...parts }: BreakerParts): Breaker {
  const options = { ...BREAKER_DEFAULTS, ...parts.options };
  let state = CLOSED;
  let timer: Disposable | undefined;
  let isStopped = false;
  const probe = () => emit({ kind: 'probe_due' });

  return {
    get pause() {
      return state.pause;
    },
    get refusesAll() {
      return state.pause?.cause === 'refused';
    },
    take(evidence) {
      const before = state.pause;
      state = stepBreaker(state, evidence, clock.now(), options);
      const { pause } = state;
      if (pause && pause.probeAt !== before?.probeAt) {
        timer?.[Symbol.dispose]();
        if (!isStopped) timer = clock.at(pause.probeAt, probe);
      }
      if (pause && pause.cause !== before?.cause) {
        log.error({ cause: pause.cause, detail: pause.detail }, words.paused[pause.cause]);
        emit({ kind: 'paused', pause });
      }
      if (before && !pause) {
        timer?.[Symbol.dispose]();
        log.info({ cause: before.cause, ms: Math.round(clock.now() - before.since) }, words.resumed);
        emit({ kind: 'resumed', ended: before });
      }
    },
    probeNow() {
      if (state.pause) state = { ...state, pause: { ...state.pause, probeAt: clock.now() } };
      probe();
    },
    stop() {
      isStopped = true;
      timer?.[Symbol.dispose]();
    },
  };
}

/** Pure. A pause ends only with evidence that its cause is gone, never by time alone [S9]. */
export function stepBreaker(state: BreakerState, event: Evidence, now: number, options: BreakerOptions): BreakerState {
  switch (event.kind) {
    case 'accepted':
      return CLOSED;
    case 'answered':
      return state.pause?.cause === 'refused' || state.pause?.cause === 'journal'
        ? { ...state, failures: 0, pause: probedAgain(state.pause, now, options) }
        : { ...state, failures: 0, pause: null };
    case 'failed': {
      if (state.pause) return { ...state, pause: probeFailed(state.pause, now, options) };
      const failures = state.failures + 1;
      if (failures < options.failures) return { ...state, failures };
      return { ...state, failures, pause: pauseFor('network', event.detail, now, options) };
    }
    case 'refused':
      return refused(state, event, now, options);
    case 'halted':
      return paused(state, 'auth', event.detail, now, options);
    case 'journal_failed':
      return paused(state, 'journal', event.detail, now, options);
    case 'written':
      return state.pause?.cause === 'journal' ? { ...state, pause: null } : state;
    case 'probe_undecided':
      return state.pause ? { ...state, pause: probedAgain(state.pause, now, options) } : state;
  }
}

/** Numbers differ from call to call (ids, times), so only the words around them are compared. */
export function refusalText(detail: string): string {
  return detail.replace(/\d+/g, '#').trim().toLowerCase();
}

function refused(
  state: BreakerState,
  event: Extract<Evidence, { kind: 'refused' }>,
  now: number,
  options: BreakerOptions,
): BreakerState {
  const text = refusalText(event.detail);
  const before = state.streak?.text === text ? state.streak : null;
  const streak: Streak = {
    text,
    calls: new Set([...(before?.calls ?? []), event.call]),
    lanes: new Set([...(before?.lanes ?? []), ...event.lanes]),
  };
  // A batch call of many lanes counts as one refusal.
  const lanes = streak.calls.size > 1 ? streak.lanes.size : 1;
  const general = lanes >= options.sameRefusalLanes || streak.calls.size >= options.sameRefusalCalls;
  if (state.pause?.cause === 'refused' || general) {
    return paused({ ...state, failures: 0, streak }, 'refused', event.detail, now, options);
  }
  // The destination answers and accepts the key, so a pause for one of these reasons is over.
  return { failures: 0, streak, pause: null };
}

function paused(
  state: BreakerState,
  cause: PauseCause,
  detail: string,
  now: number,
  options: BreakerOptions,
): BreakerState {
  const same = state.pause?.cause === cause;
  const pause = same && state.pause ? probeFailed(state.pause, now, options) : pauseFor(cause, detail, now, options);
  return { ...state, pause: { ...pause, detail } };
}

function pauseFor(cause: PauseCause, detail: string, now: number, options: BreakerOptions): Pause {
  return { cause, detail, since: now, probeAt: now + waitFor(cause, 0, options), probes: 0 };
}

function probeFailed(pause: Pause, now: number, options: BreakerOptions): Pause {
  const early = now < pause.probeAt; // calls that were under way when the pause began
  if (early) return pause;
  const probes = pause.probes + 1;
  return { ...pause, probes, probeAt: now + waitFor(pause.cause, probes, options) };
}

function probedAgain(pause: Pause, now: number, options: BreakerOptions): Pause {
  return now < pause.probeAt ? pause : { ...pause, probeAt: now + waitFor(pause.cause, pause.probes, options) };
}

function waitFor(cause: PauseCause, probes: number, options: BreakerOptions): number {
  if (cause === 'journal') return options.journalEvery;
  if (cause !== 'network') return options.probeEvery;
  return Math.min(options.longestWait, options.firstWait * 2 ** Math.min(probes, 30));
}
