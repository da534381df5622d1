import type { Breaker } from './breaker.ts';
import type { OpenCall } from './open-call.ts';
import type { Probe } from './probe.ts';
import type { Scheduler } from './scheduler.ts';

export type PassesOptions = {
  readonly breaker: Breaker;
  readonly probe: Probe;
  readonly scheduler: Scheduler;
  readonly dispatch: (open: OpenCall) => void;
  /** Redis is there, and nothing but a pause holds calls back. */
  readonly isReady: () => boolean;
  readonly isStopping: () => boolean;
};

/** A pass turns what waits in the lanes into calls with jobs, or tries one probe during a pause. */
export interface Passes {
  passNow(): void;
  /** One pass soon, for however many reasons. */
  wake(): void;
  /** Wakes, and the pass looks at held actions again too. The status shows what is held, so this comes with a sweep, not more often. */
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
