import type { Span } from './plan.ts';
import type { StoredRow } from './stored-actions.ts';

/** How the clock of one life of the gateway stood from a moment on. */
export type ClockReading = {
  /** The true time. */
  readonly at: number;
  /** Lives of one process follow each other because the clock was set. */
  readonly process: number;
  /** How far it was from the true time (ms). */
  readonly off: number;
  /** The gateway did not believe the machine's clock. */
  readonly isDoubted: boolean;
};

/** An action's own account of its times, with when it was truly made. */
export type Dated = { readonly time: 'source' | 'received'; readonly made: number };

/** What the gateway may tell of an instant, by how its clock went against the true time. */
export interface ClockLog {
  note(reading: ClockReading): void;
  /** With this process a person said that the clock is right, and its journal knows: what the process before it marked is right by that clock. */
  trust(process: number): void;
  /**
   * Whether `told` is what an action says of the true instant `at`, to the second that L2L has. `surely`: not by the clock of an
   * earlier process. `ahead`: it may be so much later (ms).
   */
  isTold(told: number, at: number, action: Dated, surely?: 'surely' | null, ahead?: number): boolean;
  /** Whether `told` is later than anything that an action says of the true instant `at`. */
  isLater(told: number, at: number, action: Dated): boolean;
  /**
   * The gateway's time of the true instant `at`, as its journal has it at the true instant `now`: set back it moves along, forward it stays.
   */
  shownAt(at: number, now: number): number;
  /** It was made by a process that did not believe its clock and ended before that was set or trusted: its times are not known. */
  isUntimed(action: Dated): boolean;
  /** The true instant that an action most likely means by what it tells. */
  truly(told: number, action: Dated): number;
  /**
   * The true instant up to which a call that leaves at the true instant `at` may tell an action. Its age goes by the clock of that
   * moment, and its end moves along when the clock of the process that made it is set while it waits.
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

  /** What one process made when it did not believe its clock is corrected by the clock of the other. */
  function corrects(other: number, process: number): boolean {
    return other === process || (other === process + 1 && trusting.has(other));
  }

  /**
   * What counts in the end of a life that did not believe its clock is the clock it was set to, or the one that a person trusted; or its
   * own, where the process ended first.
   */
  function settled(reading: ClockReading): readonly ClockReading[] {
    if (!reading.isDoubted) return [reading];
    const later = readings.slice(readings.indexOf(reading)).find(({ isDoubted }) => !isDoubted) ?? reading;
    return corrects(later.process, reading.process) ? [later] : [reading, later];
  }

  /**
   * By a source's own clock the times are true. By the gateway's they are as that stood when the action was made, since what it
   * had seen before moves along when its clock is set. Not what an earlier process saw, which may have had another clock.
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
    const offs = (isExact ? settled(last) : [...between, ...settled(last)]).map(({ off }) => off);
    return [Math.min(...offs), Math.max(...offs)];
  }

  return {
    note: reading => void readings.push(reading),
    trust: process => void trusting.add(process),
    isTold(told, at, action, surely, ahead = 0) {
      const [least, most] = rangeOf(surely ? action.made : at, action);
      const truly = Math.floor(at / SECOND) * SECOND;
      return told >= truly + least - SECOND && told <= truly + most + SECOND + ahead;
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
    isLater: (told, at, action) => told > at + rangeOf(at, action)[1],
    isUntimed({ time, made }) {
      const own = readings.findLast(({ at }) => at < made);
      if (time !== 'received' || !own?.isDoubted) return false;
      return !readings.some(({ process, isDoubted, at }) => at > made && !isDoubted && corrects(process, own.process));
    },
    truly: (told, action) => told - rangeOf(action.made, action)[0],
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
