import { type Clock, systemClock } from '../../src/core/clock.ts';

/** Real time that a test can move ahead. So a test does not wait for the long waits. */
export interface MovableClock extends Clock {
  /** Moves the time ahead by `ms`. Everything that is due by then runs. */
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
