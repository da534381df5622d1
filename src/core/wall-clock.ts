import { uptime } from 'node:os';
import type { TimeShift } from './time-shift.ts';

/** The clocks of the host, read together with the clock of the process (ms). */
export interface MachineTime {
  /** ms since 1970 by the host's clock. It steps when somebody sets it. */
  wall(): number;
  /** Time since the host was started, including the time that it was suspended. The clock of the process stops during a suspension. */
  sinceBoot(): number;
}

export const machineTime: MachineTime = { wall: () => Date.now(), sinceBoot: () => uptime() * 1000 };

/** A difference up to this size (ms) may come from a clock that is slewed, or from a slow reading. */
export const CLOCK_TOLERANCE = 2000;

/** The year of this version (ms since 1970). A clock with an earlier time has lost its time, for example with an empty battery. */
export const EARLIEST = Date.UTC(2026, 0, 1);

/** check: a clock with an impossible time is not used. trust: the clock is right, whatever it shows. */
export type ClockPolicy = 'check' | 'trust';

/** The beginning of the gateway's time. */
export type TimeBase = {
  /** Its first instant (ms since 1970). */
  readonly from: number;
  /** Why its times may be wrong, with the next step; null: they are right. */
  readonly doubt: string | null;
};

/** The facts about time that the last life of the gateway recorded. */
export type LastLife = {
  /** When it was last alive (ms since 1970); null: there was none. */
  readonly alive: number | null;
  /** Not null: the last life did not trust the clock. This corrects its times to that clock. */
  readonly doubted: TimeShift | null;
};

/** Writes an instant (ms since 1970) for a sentence. */
type Write = (at: number) => string;

/**
 * The time base of a new process. A clock has lost its time when it shows a time before the last one of the journal, or before this version
 * was made. Then the gateway's time continues from that of the journal, so that the order of the records stays right.
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

/** Why a clock that shows `wall` is not used, with what to do; null: it is used. `alive`: see `LastLife`. */
export function doubtOf(wall: number, alive: number | null, write: Write): string | null {
  const mend = 'nothing is sent: set the clock (NTP), or write `clock: trust` under gateway if it is right';
  const says = `the clock says ${write(wall)}`;
  if (isBehind(wall, alive)) return `${says}, the journal was last written at ${write(alive)}; ${mend}`;
  return wall < EARLIEST ? `${says}, this version was made after ${write(EARLIEST)}; ${mend}` : null;
}

function isBehind(wall: number, alive: number | null): alive is number {
  return alive !== null && wall < alive - CLOCK_TOLERANCE;
}

/** Whether the gateway may use the wall clock from now on: the clock shows no time before the time base, and none before this version. */
export function isPlausible(wall: number, base: TimeBase, policy: ClockPolicy): boolean {
  if (policy === 'trust') return true;
  return wall >= EARLIEST && (base.doubt === null || wall >= base.from - CLOCK_TOLERANCE);
}

/**
 * What has happened to the wall clock. `off`: wall − gateway (ms) now; `expected`: the same before; `slept`: how long the host has been
 * suspended since then (ms). A wrong uptime alone is no suspension: the wall clock has to agree.
 */
export function judgeClock(off: number, expected: number, slept: number): 'right' | 'suspended' | 'stepped' {
  const isNear = (a: number, b: number) => Math.abs(a - b) <= CLOCK_TOLERANCE;
  if (isNear(off, expected)) return 'right';
  return slept > CLOCK_TOLERANCE && isNear(off, expected + slept) ? 'suspended' : 'stepped';
}
