import { type Clock, systemClock } from '../../src/core/clock.ts';

/** Real time that a test can move ahead: what has to wait long enough for everything else to happen need not be waited for. */
export interface MovableClock extends Clock {
  /** It is `ms` later at once, and what is due by then happens. */
  advance(ms: number): void;
}

export function movableClock(): MovableClock {
  const real = systemClock();
  let ahead = 0;
  const waiting = new Set<() => void>();
  const now = () => real.now() + ahead;
  return {
    now,
    at(at, callback) {
      let timer: Disposable;
      const arm = () => {
        timer = real.at(at - ahead, () => {
          waiting.delete(again);
          callback();
        });
      };
      const again = () => {
        timer[Symbol.dispose]();
        arm();
      };
      waiting.add(again);
      arm();
      return {
        [Symbol.dispose]() {
          waiting.delete(again);
          timer[Symbol.dispose]();
        },
      };
    },
    advance(ms) {
      ahead += ms;
      for (const again of waiting) again();
    },
  };
}
