import type { Clock } from '../../src/core/clock.ts';

/** A clock that stands still until a test moves it. Hours of rule time take milliseconds. */
export interface VirtualClock extends Clock {
  /** Runs every callback that is due by `at`, in order of time. */
  advanceTo(at: number): void;
  advance(ms: number): void;
}

export function virtualClock(start: number): VirtualClock {
  let now = start;
  let order = 0;
  const timers = new Map<number, { at: number; callback: () => void }>();
  const advanceTo = (at: number) => {
    for (;;) {
      let next: [number, { at: number; callback: () => void }] | undefined;
      for (const entry of timers) if (entry[1].at <= at && (!next || entry[1].at < next[1].at)) next = entry;
      if (!next) break;
      timers.delete(next[0]);
      now = Math.max(now, next[1].at);
      next[1].callback();
    }
    now = Math.max(now, at);
  };
  return {
    now: () => now,
    at(at, callback) {
      const id = order++;
      timers.set(id, { at, callback });
      return { [Symbol.dispose]: () => timers.delete(id) };
    },
    advanceTo,
    advance: ms => advanceTo(now + ms),
  };
}
