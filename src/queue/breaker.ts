/** Why nothing is sent for now. Process state: a restart begins without it. */
export type PauseCause =
  | 'network' // L2L does not answer
  | 'refused' // L2L refuses everything that is sent
  | 'auth' // L2L does not accept the key
  | 'journal'; // nothing can be made durable

export type Pause = {
  readonly cause: PauseCause;
  readonly detail: string;
  readonly since: number;
  /** When one call may be tried again (ms since 1970). */
  readonly probeAt: number;
  /** Probes that failed so far. */
  readonly probes: number;
};

/** The same words of refusal, with nothing accepted in between. */
type Streak = { readonly text: string; readonly calls: ReadonlySet<number>; readonly lanes: ReadonlySet<string> };

export type BreakerState = {
  /** Attempts in a row, over all lanes, that L2L did not answer. */
  readonly failures: number;
  readonly streak: Streak | null;
  readonly pause: Pause | null;
};

/** What an attempt said about L2L and the journal. */
export type BreakerEvent =
  | { readonly kind: 'accepted' }
  /** L2L answered a read: it is there and takes the key, which says nothing about writes. */
  | { readonly kind: 'answered' }
  | { readonly kind: 'failed'; readonly detail: string }
  | { readonly kind: 'refused'; readonly call: number; readonly lanes: readonly string[]; readonly detail: string }
  | { readonly kind: 'halted'; readonly detail: string }
  | { readonly kind: 'journal_failed'; readonly detail: string }
  /** The journal wrote again after it had failed. */
  | { readonly kind: 'written' }
  /** The probe ended without saying anything (429, or its call was not there any more). */
  | { readonly kind: 'probe_undecided' };

export type BreakerOptions = {
  /** Unanswered attempts in a row that open the breaker. */
  readonly failures: number;
  readonly firstWait: number;
  readonly longestWait: number;
  /** Between probes while refused or not authorised (ms). */
  readonly probeEvery: number;
  /** Between tries while the journal can't write (ms). */
  readonly journalEvery: number;
  /** The same refusal on so many lanes, or for so many calls in a row, is not about one call. */
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

/** Pure. A pause is left only by evidence that its cause is gone, never by time alone. */
export function stepBreaker(
  state: BreakerState,
  event: BreakerEvent,
  now: number,
  options: BreakerOptions,
): BreakerState {
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

/** Whether a refused call is one of many: then it is kept, not given up. */
export function isGeneral(state: BreakerState): boolean {
  return state.pause?.cause === 'refused';
}

/** Numbers differ from call to call (ids, times); the sentence around them is what L2L means. */
export function refusalText(detail: string): string {
  return detail.replace(/\d+/g, '#').trim().toLowerCase();
}

function refused(
  state: BreakerState,
  event: Extract<BreakerEvent, { kind: 'refused' }>,
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
  // One batch call of many lanes is one refusal, not many.
  const lanes = streak.calls.size > 1 ? streak.lanes.size : 1;
  const general = lanes >= options.sameRefusalLanes || streak.calls.size >= options.sameRefusalCalls;
  if (state.pause?.cause === 'refused' || general) {
    return paused({ ...state, failures: 0, streak }, 'refused', event.detail, now, options);
  }
  // L2L answers and takes the key: a pause for either is over.
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
  const early = now < pause.probeAt; // calls that were on their way when the pause began
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
