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

/** What whoever is about to send asks about time. */
export interface ClockGuard {
  /** Why nothing may be sent for the clock's sake; null: nothing is in the way. Not null any more before the gateway begins anew. */
  doubt(): string | null;
  /** Rises each time the process was found to have stood still: what it had read of L2L before is old. */
  standstills(): number;
  /**
   * The clock was set or the machine was suspended: this time base is left. What comes in now would be stamped by it; it belongs to
   * the life that begins next.
   */
  isLeft(): boolean;
}

/** Why the gateway's time base has to be left. */
export type ClockChange =
  /** The machine was suspended: the gateway's time stands behind by so much (ms). */
  | { readonly kind: 'suspended'; readonly slept: number }
  /** The wall clock was set: times so far have to be shifted by so much (ms), a suspension not counted. */
  | { readonly kind: 'stepped'; readonly slept: number; readonly by: number };

export interface ClockWatch extends ClockGuard {
  /** Resolves at the first change; never when there is none. */
  readonly changed: Promise<ClockChange>;
  /** How the machine's clocks stand to the gateway's now (ms). */
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
/** Two looks further apart than this (ms), although one is due every second: the process stood still. */
const STANDSTILL = 2000;
/** A reading that took longer (ms) was interrupted and says nothing. */
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
    // Two cheap readings, before every send; only what looks like a change is measured.
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
      // A clock that was not followed was set right: what may be left is a suspension meanwhile.
      if (slept > 0) return { kind: 'suspended', slept };
      log.info({}, 'the clock agrees with the gateway again');
    } else if (base.doubt !== null || isPlausible(wall, base, policy)) {
      // Doubted, it may not be followed now either; but how far it is off has to be known should a person say that it is right.
      return { kind: 'stepped', slept, by };
    } else if (slept > 0) {
      // Whatever the clock says: the gateway's time goes on, the suspension included.
      return { kind: 'suspended', slept };
    } else {
      log.error({ clock: new Date(wall) }, 'the clock was set to a time that cannot be: it is not followed');
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
      return change === null ? base.doubt : 'the clock was set or the host was suspended: the gateway begins anew';
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
