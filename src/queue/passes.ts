import type { Breaker } from './breaker.ts';
import type { OpenCall } from './open-call.ts';
import type { Probe } from './probe.ts';
import type { Scheduler } from './scheduler.ts';

export type PassesOptions = {
  readonly breaker: Breaker;
  readonly probe: Probe;
  readonly scheduler: Scheduler;
  readonly dispatch: (open: OpenCall) => void;
  /** Redis answers, and only a pause can hold calls back. */
  readonly isReady: () => boolean;
  readonly isStopping: () => boolean;
};

/** A pass builds calls with jobs from the waiting actions of the lanes. During a pause it tries one probe instead. */
export interface Passes {
  passNow(): void;
  /** Asks for one pass soon, however many reasons there are. */
  wake(): void;
  /**
   * Asks for a pass that also looks at held actions again. The status shows held actions, so a sweep calls this, and nothing calls it more
   * often.
   */
  wakeHeld(): void;
}

export function createPasses({ breaker, probe, scheduler, dispatch, isReady, isStopping }: PassesOptions): Passes {
  let next: NodeJS.Immediate | undefined;
  let looksAtHeld = false;

  function passNow(): void {
    clearImmediate(next);
    next = undefined;
    if (!isReady()) return;
    if (looksAtHeld) scheduler.forgetHeld();
    looksAtHeld = false;
    if (breaker.pause) probe.tryOne();
    else for (const open of scheduler.fill()) dispatch(open);
  }

  function wake(): void {
    if (!isStopping()) next ??= setImmediate(passNow);
  }

  return {
    passNow,
    wake,
    wakeHeld() {
      looksAtHeld = true;
      wake();
    },
  };
}
