import type { MachineTime } from '../../src/core/wall-clock.ts';

/** The clocks of the gateway's host. Somebody may set them. */
export interface TurnedClocks extends MachineTime {
  /** How far the wall clock is from the true time (ms). */
  readonly off: number;
  /** How long the clock of the process has stood still so far (ms). */
  readonly still: number;
  /** From now on the wall clock shows the true time plus this (ms). */
  set(off: number): void;
  /** For `ms` from now on the process's clock stands still; the other two clocks go on. */
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
