import type { Span } from './plan.ts';
import type { StoredRow } from './stored-actions.ts';

/** The state of the clock of one life of the gateway, from a moment on. */
export type ClockReading = {
  /** The true time. */
  readonly at: number;
  /** The number of its process. Two lives in one process follow each other because the clock was set. */
  readonly process: number;
  /** How far the clock was from the true time (ms). */
  readonly off: number;
  /** The gateway did not trust the host's clock. */
  readonly isDoubted: boolean;
};

/** The kind of an action's times, and the true time when it was made. */
export type Dated = { readonly time: 'source' | 'received'; readonly made: number };

/** Knows which times the gateway may send for a true instant, by the state of its clock. */
export interface ClockLog {
  note(reading: ClockReading): void;
  /**
   * A person started this process with the statement that the clock is right, and its journal knows that. Times that the process before it
   * marked are right by that clock.
   */
  trust(process: number): void;
  /**
   * Whether an action may state the time `stated` for the true instant `at`, to the second that L2L has. `surely`: only by the clock of its
   * own process. `ahead`: the time may be later by this much (ms).
   */
  isTimeOf(stated: number, at: number, action: Dated, surely?: 'surely' | null, ahead?: number): boolean;
  /** Whether `stated` is later than any time that an action may state for the true instant `at`. */
  isLater(stated: number, at: number, action: Dated): boolean;
  /**
   * The gateway's time for the true instant `at`, as its journal has it at the true instant `now`. This time moves when the clock is set
   * back, and stays when the clock is set forward.
   */
  shownAt(at: number, now: number): number;
  /**
   * The process that made the action did not trust its clock, and ended before the clock was set or trusted. So the times of the action are
   * not known.
   */
  isUntimed(action: Dated): boolean;
  /** The true instant that an action most likely means by a time that it states. */
  truly(stated: number, action: Dated): number;
  /**
   * When a call leaves at the true instant `at`, the true instant up to which it may carry this action. The age of the action counts by the
   * clock of that moment. Its expiry moves when the clock of its process is set while it waits.
   */
  lastMoment(expiresAt: number, action: Pick<StoredRow, 'made' | 'settled'>, at: number): number;
  /** The times in which the gateway did not trust its clock. */
  doubts(): Span[];
  /** The most by which the clock was set since the action was made (ms). */
  mostMoved(action: Dated): number;
  /** The largest difference between its readings (ms); 0 when the clock was always right. */
  readonly spread: number;
}

const SECOND = 1000;

export function createClockLog(): ClockLog {
  const readings: ClockReading[] = [];
  /** Processes that a person started with the statement that the clock is right. */
  const trusting = new Set<number>();

  /** Whether times of `process`, which did not trust its clock, are corrected by the clock of `other`. */
  function corrects(other: number, process: number): boolean {
    return other === process || (other === process + 1 && trusting.has(other));
  }

  /**
   * The clock that counts in the end for a life that did not trust its own clock: the clock after it was set, the clock that a person
   * trusted, or the life's own clock when its process ended before that.
   */
  function corrected(reading: ClockReading): readonly ClockReading[] {
    if (!reading.isDoubted) return [reading];
    const later = readings.slice(readings.indexOf(reading)).find(({ isDoubted }) => !isDoubted) ?? reading;
    return corrects(later.process, reading.process) ? [later] : [reading, later];
  }

  /**
   * Times from a source's own clock are true. Times from the gateway's clock are as wrong as the clock was when the action was made,
   * because earlier readings move when the clock is set. Readings of an earlier process may come from another clock.
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
      // Changes of the clock in the process that made the action moved its expiry, as long as the action waited.
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
