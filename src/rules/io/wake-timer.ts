import type { Clock } from '../../core/clock.ts';

/** One timer for the next time at which a rule has something to do. */
export interface WakeTimer extends Disposable {
  /** Wakes up at `at` (ms since 1970) at the latest. Null: nothing waits. */
  by(at: number | null): void;
}

/** Before a timer that comes late by so much (ms), what waits in the sockets is read first. */
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
      // Waking up too early does no harm, so the timer is moved only when it would be too late.
      if (at === null || stopped || (next && next.at <= at)) return;
      next?.timer[Symbol.dispose]();
      const timer = clock.at(at, () => {
        // Timers come before the sockets are read: what says that the condition ended may be waiting there.
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
