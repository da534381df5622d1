import type { Clock } from '../../core/clock.ts';

/** One timer for the next due time of any rule. */
export interface WakeTimer extends Disposable {
  /** Wakes up at `at` (ms since 1970) at the latest. Null: no timer runs. */
  by(at: number | null): void;
}

/** When a timer is late by so much (ms), the waiting data of the sockets is read first. */
const LATE = 250;

export function createWakeTimer(clock: Clock, wake: () => void): WakeTimer {
  let next: { at: number; timer: Disposable } | null = null;
  let stopped = false;

  function onTime(): void {
    if (stopped) return;
    next = null;
    wake();
  }

  return {
    by(at) {
      // An early wake-up does no harm, so the timer is moved only when it would be too late.
      if (at === null || stopped || (next && next.at <= at)) return;
      next?.timer[Symbol.dispose]();
      const timer = clock.at(at, () => {
        // Node runs timers before it reads the sockets, where a message about the end of the condition may wait.
        if (clock.now() - at > LATE) setImmediate(() => setImmediate(onTime));
        else onTime();
      });
      next = { at, timer };
    },
    [Symbol.dispose]() {
      stopped = true;
      next?.timer[Symbol.dispose]();
    },
  };
}
