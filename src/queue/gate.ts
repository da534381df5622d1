import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import {
  BREAKER_DEFAULTS,
  type BreakerEvent,
  type BreakerOptions,
  type BreakerState,
  CLOSED,
  type Pause,
  stepBreaker,
} from './breaker.ts';

export type GateOptions = {
  readonly clock: Clock;
  readonly log: Logger;
  readonly breaker?: Partial<BreakerOptions>;
  /** The pause ended: what it held back goes on. */
  readonly onOpen: (ended: Pause) => void;
  /** One call may be tried now. */
  readonly onProbe: () => void;
  readonly onPause: (pause: Pause) => void;
};

/** The breaker with its timer: whether calls may run, and when a paused queue tries one. */
export interface Gate {
  readonly state: BreakerState;
  readonly pause: Pause | null;
  notify(event: BreakerEvent): void;
  /** Tries one call now: a person or a reload thinks that the cause is gone. */
  probeNow(): void;
  stop(): void;
}

const WORDS = {
  network: 'L2L does not answer; all calls wait',
  refused: "L2L refuses everything that is sent; all calls are kept and wait. See L2L's words and mend the cause there",
  auth: "L2L does not accept the API key; all calls are kept and wait. Check the key and its user's rights in L2L",
  journal: 'the journal cannot be written; nothing is sent. Check the disk of the data folder',
} as const;

export function createGate(options: GateOptions): Gate {
  const { clock, log } = options;
  const breaker = { ...BREAKER_DEFAULTS, ...options.breaker };
  let state = CLOSED;
  let timer: Disposable | undefined;
  let stopped = false;

  function arm(at: number): void {
    timer?.[Symbol.dispose]();
    if (!stopped) timer = clock.at(at, options.onProbe);
  }

  function notify(event: BreakerEvent): void {
    const before = state.pause;
    state = stepBreaker(state, event, clock.now(), breaker);
    const { pause } = state;
    if (pause && pause.probeAt !== before?.probeAt) arm(pause.probeAt);
    if (pause && pause.cause !== before?.cause) {
      log.error({ cause: pause.cause, detail: pause.detail }, WORDS[pause.cause]);
      options.onPause(pause);
    }
    if (before && !pause) {
      timer?.[Symbol.dispose]();
      log.info({ cause: before.cause, ms: Math.round(clock.now() - before.since) }, 'calls go on');
      options.onOpen(before);
    }
  }

  return {
    get state() {
      return state;
    },
    get pause() {
      return state.pause;
    },
    notify,
    probeNow() {
      if (state.pause) state = { ...state, pause: { ...state.pause, probeAt: clock.now() } };
      options.onProbe();
    },
    stop() {
      stopped = true;
      timer?.[Symbol.dispose]();
    },
  };
}
