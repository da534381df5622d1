import type { MachineTime } from '../../src/core/wall-clock.ts';

/** The clocks of the machine that the gateway runs on, as somebody turns them. */
export interface TurnedClocks extends MachineTime {
  /** How far the wall clock is from the true time (ms). */
  readonly off: number;
  /** How long the clock that the process runs by has stood still so far (ms). */
  readonly still: number;
  /** The wall clock shows the true time and so much more (ms) from now on. */
  set(off: number): void;
  /** For `ms` from now on the process's clock stands still; the other two go on. */
  suspend(ms: number): void;
}

/** @param now the true time (ms since 1970) */
export function turnedClocks(now: () => number): TurnedClocks {
  let off = 0;
  let still = 0;
  return {
    get off() {
      return off;
    },
    get still() {
      return still;
    },
    wall: () => now() + off,
    sinceBoot: now,
    set(by) {
      off = by;
    },
    suspend(ms) {
      still += ms;
    },
  };
}
