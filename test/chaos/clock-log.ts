import type { Span } from './plan.ts';
import type { StoredRow } from './stored-actions.ts';

/** What the clock of one life of the gateway showed from a moment on. */
export type ClockReading = {
  /** The true time. */
  readonly at: number;
  /** Lives of one process follow each other because the clock was set. */
  readonly process: number;
  /** How far it was from the true time (ms). */
  readonly off: number;
  /** The gateway did not believe the host's clock. */
  readonly isDoubted: boolean;
};

/** An action's own account of its times, with when it was truly made. */
export type Dated = { readonly time: 'source' | 'received'; readonly made: number };

/** Which times the gateway may state for an instant, by how far its clock was from the true time. */
export interface ClockLog {
  note(reading: ClockReading): void;
  /** A person said with this process that the clock is right, and its journal knows. Times that the process before it marked are right by that clock. */
  trust(process: number): void;
  /**
   * Whether an action may state the time `stated` for the true instant `at`, to the second that L2L has. `surely`: not by the clock of an
   * earlier process. `ahead`: the time may be so much later (ms).
   */
  isTimeOf(stated: number, at: number, action: Dated, surely?: 'surely' | null, ahead?: number): boolean;
  /** Whether `stated` is later than any time that an action may state for the true instant `at`. */
  isLater(stated: number, at: number, action: Dated): boolean;
  /**
   * The gateway's time of the true instant `at`, as its journal has it at the true instant `now`. It moves along when the clock is set back,
   * and stays when the clock is set forward.
   */
  shownAt(at: number, now: number): number;
  /** The process that made it did not believe its clock and ended before the clock was set or trusted: its times are not known. */
  isUntimed(action: Dated): boolean;
  /** The true instant that an action most likely means by a time that it states. */
  truly(stated: number, action: Dated): number;
  /**
   * The true instant up to which a call may carry an action when it leaves at the true instant `at`. Its age goes by the clock of that
   * moment. Its expiry moves along when the clock of the process that made it is set while it waits.
   */
  lastMoment(expiresAt: number, action: Pick<StoredRow, 'made' | 'settled'>, at: number): number;
  /** When the gateway did not believe its clock. */
  doubts(): Span[];
  /** The most (ms) by which it was set since an action was made. */
  mostMoved(action: Dated): number;
  /** How far apart its times were at most: 0 when it was right all along (ms). */
  readonly spread: number;
}

const SECOND = 1000;

export function createClockLog(): ClockLog {
  const readings: ClockReading[] = [];
  /** Processes that a person started with the word that the clock is right. */
  const trusting = new Set<number>();

  /** Times of one process that did not believe its clock are corrected by the clock of the other. */
  function corrects(other: number, process: number): boolean {
    return other === process || (other === process + 1 && trusting.has(other));
  }

  /**
   * The clock that counts in the end for a life that did not believe its own: the one it was set to, the one that a person trusted, or its
   * own where the process ended first.
   */
  function corrected(reading: ClockReading): readonly ClockReading[] {
    if (!reading.isDoubted) return [reading];
    const later = readings.slice(readings.indexOf(reading)).find(({ isDoubted }) => !isDoubted) ?? reading;
    return corrects(later.process, reading.process) ? [later] : [reading, later];
  }

  /**
   * Times by a source's own clock are true. Times by the gateway's clock are off as that was when the action was made, because earlier
   * readings move along when the clock is set. Readings of an earlier process may be by another clock.
   */
  function rangeOf(at: number, { time, made }: Dated): readonly [number, number] {
    if (time === 'source') return [0, 0];
    const before = Math.max(
      0,
      readings.findLastIndex(reading => reading.at < at),
    );
    const between = readings.filter((reading, index) => index >= before && (reading.at < made || index === before));
    const last = between.at(-1);
    if (!last) return [0, 0];
    const isExact = isOneProcess(between);
    const offs = (isExact ? corrected(last) : [...between, ...corrected(last)]).map(({ off }) => off);
    return [Math.min(...offs), Math.max(...offs)];
  }

  return {
    note: reading => void readings.push(reading),
    trust: process => void trusting.add(process),
    isTimeOf(stated, at, action, surely, ahead = 0) {
      const [least, most] = rangeOf(surely ? action.made : at, action);
      const truly = Math.floor(at / SECOND) * SECOND;
      return stated >= truly + least - SECOND && stated <= truly + most + SECOND + ahead;
    },
    shownAt(at, now) {
      const first = Math.max(
        0,
        readings.findLastIndex(one => one.at < at),
      );
      const steps = readings.slice(first, readings.findLastIndex(one => one.at <= now) + 1);
      return steps.reduce(
        (shown, { process, off }, index) => {
          const before = steps[index - 1];
          return before?.process === process ? shown + Math.min(0, off - before.off) : shown;
        },
        at + (readings[first]?.off ?? 0),
      );
    },
    isLater: (stated, at, action) => stated > at + rangeOf(at, action)[1],
    isUntimed({ time, made }) {
      const own = readings.findLast(({ at }) => at < made);
      if (time !== 'received' || !own?.isDoubted) return false;
      return !readings.some(({ process, isDoubted, at }) => at > made && !isDoubted && corrects(process, own.process));
    },
    truly: (stated, action) => stated - rangeOf(action.made, action)[0],
    lastMoment(expiresAt, { made, settled }, at) {
      const indexAt = (time: number) =>
        Math.max(
          0,
          readings.findLastIndex(one => one.at < time),
        );
      const [maker, then] = [readings[indexAt(made)], readings[indexAt(at)]];
      // Steps of the process that made it moved it, as long as it waited.
      const steps = readings.slice(indexAt(at), indexAt(settled ?? Infinity) + 1);
      const last = steps.filter(({ process }) => process === maker?.process).at(-1) ?? then;
      const moved = then?.process === maker?.process ? (last?.off ?? 0) - (then?.off ?? 0) : 0;
      return expiresAt - moved - (then?.off ?? 0);
    },
    doubts() {
      return readings.flatMap((reading, index) =>
        reading.isDoubted ? [{ from: reading.at, to: readings[index + 1]?.at ?? Number.POSITIVE_INFINITY }] : [],
      );
    },
    mostMoved({ made }) {
      const first = readings.findLastIndex(({ at }) => at < made);
      const offs = readings.slice(Math.max(0, first)).map(({ off }) => off);
      return Math.max(...offs) - Math.min(...offs);
    },
    get spread() {
      const offs = readings.map(({ off }) => off);
      return Math.max(0, ...offs) - Math.min(0, ...offs);
    },
  };
}

function isOneProcess(readings: readonly ClockReading[]): boolean {
  return readings.every(({ process }) => process === readings[0]?.process);
}
