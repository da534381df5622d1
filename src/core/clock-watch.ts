import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import {
  CLOCK_TOLERANCE,
  type ClockPolicy,
  isPlausible,
  judgeClock,
  type MachineTime,
  type TimeBase,
} from './wall-clock.ts';

/** The facts about time that a send needs. */
export interface ClockGuard {
  /** Why the clock allows no sends; null: it allows them. Once it is not null, it stays so until the next life of the gateway. */
  doubt(): string | null;
  /** Rises with each standstill of the process. Everything that was read from L2L before it is out of date. */
  standstills(): number;
  /**
   * The clock was set or the host was suspended, so this time base is wrong. New samples belong to the next life of the gateway, which has
   * the right time base.
   */
  isLeft(): boolean;
}

/** Why the time base is wrong. */
export type ClockChange =
  /** The host was suspended: the gateway's time is behind by this much (ms). */
  | { readonly kind: 'suspended'; readonly slept: number }
  /** The wall clock was set: earlier times have to be shifted by this much (ms), without a suspension. */
  | { readonly kind: 'stepped'; readonly slept: number; readonly by: number };

export interface ClockWatch extends ClockGuard {
  /** Resolves at the first change; never when nothing changes. */
  readonly changed: Promise<ClockChange>;
  /** How far the host's clock is from the gateway's at present, and how long the host was suspended (ms). */
  measure(): { readonly off: number; readonly slept: number };
  stop(): void;
}

export type ClockWatchOptions = {
  readonly clock: Clock;
  readonly machine: MachineTime;
  readonly base: TimeBase;
  readonly policy: ClockPolicy;
  readonly log: Logger;
};

const EVERY = 1000;
/** A check is due every second. When two checks are further apart than this (ms), the process stood still. */
const STANDSTILL = 2000;
/** A reading that took longer than this (ms) was interrupted, and is not used. */
const INTERRUPTED = 100;

/** Compares the wall clock with the gateway's once a second, and before every send [T5]. */
export function watchClock({ clock, machine, base, policy, log }: ClockWatchOptions): ClockWatch {
  const { promise: changed, resolve } = Promise.withResolvers<ClockChange>();
  const bootedBy = machine.sinceBoot() - clock.now();
  let expected = measure().off;
  let change: ClockChange | null = null;
  let seen = clock.now();
  let standstills = 0;
  let timer: Disposable | null = null;

  function measure() {
    for (;;) {
      const before = clock.now();
      const off = machine.wall() - before;
      const slept = Math.max(0, machine.sinceBoot() - before - bootedBy);
      if (clock.now() - before <= INTERRUPTED) return { off, slept };
    }
  }

  function look(): void {
    const now = clock.now();
    if (now - seen > STANDSTILL) standstills += 1;
    seen = now;
    // Before every send, two cheap readings are enough. Only a difference that may be a change is measured exactly.
    if (change !== null || Math.abs(machine.wall() - now - expected) <= CLOCK_TOLERANCE) return;
    const { off, slept } = measure();
    const found = judgeClock(off, expected, slept);
    if (found === 'right') return;
    if (found === 'suspended') change = { kind: 'suspended', slept };
    else change = stepped(off, slept > CLOCK_TOLERANCE ? slept : 0);
    if (change !== null) resolve(change);
  }

  function stepped(off: number, slept: number): ClockChange | null {
    const by = off - slept;
    const wall = clock.now() + off;
    if (base.doubt === null && Math.abs(by) <= CLOCK_TOLERANCE) {
      // A clock that was not trusted was set right. The host may have been suspended meanwhile.
      if (slept > 0) return { kind: 'suspended', slept };
      log.info({}, 'the clock is right again');
    } else if (base.doubt !== null || isPlausible(wall, base, policy)) {
      // A clock in doubt may still not be trusted now. But a person may confirm it, so its distance has to be known.
      return { kind: 'stepped', slept, by };
    } else if (slept > 0) {
      // The gateway's time goes on and includes the suspension, whatever the clock shows.
      return { kind: 'suspended', slept };
    } else {
      log.error({ clock: new Date(wall) }, 'the clock was set to an impossible time: the gateway keeps its own time');
    }
    expected = off;
    return null;
  }

  function beat(): void {
    look();
    timer = clock.at(clock.now() + EVERY, beat);
  }
  beat();

  return {
    changed,
    measure,
    doubt() {
      look();
      return change === null ? base.doubt : 'the clock was set or the host was suspended: the gateway starts again';
    },
    standstills() {
      look();
      return standstills;
    },
    isLeft() {
      look();
      return change !== null;
    },
    stop: () => timer?.[Symbol.dispose](),
  };
}
