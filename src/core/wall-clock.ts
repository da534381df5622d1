import { uptime } from 'node:os';
import type { TimeShift } from './time-shift.ts';

/** What the machine says of time besides the process's own clock (ms). */
export interface MachineTime {
  /** ms since 1970 as the machine believes; steps when somebody sets it. */
  wall(): number;
  /** Since the machine was started, also while it was suspended: the process's own clock stands still then. */
  sinceBoot(): number;
}

export const machineTime: MachineTime = { wall: () => Date.now(), sinceBoot: () => uptime() * 1000 };

/** A difference up to this (ms) is a clock that is slewed, or a reading that took its time. */
export const CLOCK_TOLERANCE = 2000;

/** No clock shows an earlier time than the year of this version, unless it has lost its battery (ms since 1970). */
export const EARLIEST = Date.UTC(2026, 0, 1);

/** check: a clock that can't be right is not believed. trust: it is right whatever it says. */
export type ClockPolicy = 'check' | 'trust';

/** Where the gateway's time begins. */
export type TimeBase = {
  /** Its first instant (ms since 1970). */
  readonly from: number;
  /** Why its times may be wrong, with what to do; null: they are right. */
  readonly doubt: string | null;
};

/** What the last life of the gateway wrote down about time. */
export type LastLife = {
  /** When it was last alive (ms since 1970); null: there was none. */
  readonly alive: number | null;
  /** It did not trust the clock: how its times become those of that clock. */
  readonly doubted: TimeShift | null;
};

/** How an instant (ms since 1970) is written in a sentence. */
type Write = (at: number) => string;

/**
 * The time base of a new process. A clock behind the journal's last time, or before this version was made, has lost its time:
 * the gateway's time then goes on from the journal's, so that nothing is recorded as if it had come before what it came after.
 */
export function beginTime(
  wall: number,
  { alive, doubted }: LastLife,
  policy: ClockPolicy,
  write: Write,
): TimeBase & { readonly shift: TimeShift | null } {
  if (policy === 'trust') {
    const shift = doubted ?? (isBehind(wall, alive) ? { from: alive, by: wall - alive } : null);
    return { from: wall, doubt: null, shift };
  }
  const doubt = doubtOf(wall, alive, write);
  if (doubt !== null) return { from: Math.max(alive ?? EARLIEST, EARLIEST), doubt, shift: null };
  return { from: wall, doubt: null, shift: null };
}

/** Why a clock that shows `wall` is not believed, with what to do; null: nothing is said against it. `alive`: see `LastLife`. */
export function doubtOf(wall: number, alive: number | null, write: Write): string | null {
  const mend = 'nothing is sent: set the clock (NTP), or write `clock: trust` under gateway if it is right';
  const says = `the clock says ${write(wall)}`;
  if (isBehind(wall, alive)) return `${says}, the journal was last written at ${write(alive)}; ${mend}`;
  return wall < EARLIEST ? `${says}, this version was made after ${write(EARLIEST)}; ${mend}` : null;
}

function isBehind(wall: number, alive: number | null): alive is number {
  return alive !== null && wall < alive - CLOCK_TOLERANCE;
}

/** Whether the wall clock may be followed from a time base: it shows no time before it, and none before this version. */
export function isPlausible(wall: number, base: TimeBase, policy: ClockPolicy): boolean {
  if (policy === 'trust') return true;
  return wall >= EARLIEST && (base.doubt === null || wall >= base.from - CLOCK_TOLERANCE);
}

/**
 * What a wall clock that is `off` (wall − gateway, ms) has done, when it was `expected` to be off by so much and the machine was
 * suspended for `slept` ms since. An uptime that goes wrong by itself is no suspension: the wall clock has to agree.
 */
export function judgeClock(off: number, expected: number, slept: number): 'right' | 'suspended' | 'stepped' {
  const isNear = (a: number, b: number) => Math.abs(a - b) <= CLOCK_TOLERANCE;
  if (isNear(off, expected)) return 'right';
  return slept > CLOCK_TOLERANCE && isNear(off, expected + slept) ? 'suspended' : 'stepped';
}
