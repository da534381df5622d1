import type { SampleBatch, SignalDefinition, Value } from '../../core/sample.ts';
import { isReading } from '../common/counter-reading.ts';
import { type CounterState, waitingIn } from './counter-state.ts';
import { believe, type Counted, lastReadingAt, loseSight, stateOfTrack, trackOf } from './counter-track.ts';
import { takeFirst, takeNext } from './take-reading.ts';

export type CounterInput = Pick<SampleBatch, 'at' | 'time'> & {
  readonly retained: boolean;
  readonly undated: boolean;
  /** The gateway's clock is not trusted. */
  readonly doubted?: boolean;
};

/** One counter signal as one rule follows it. */
export interface Counter {
  readonly definition: SignalDefinition;
  /**
   * Takes a good reading and returns its movements, oldest first. A retained message never counts [M3]: it only gives a base
   * where there is none. A reading that waits for the next one returns nothing yet. `moment`: the rule's own time.
   */
  read(value: Value | null, input: CounterInput, moment?: number): readonly Counted[];
  /** Believes the readings that wait for the next one. Returns what they counted, oldest first. */
  believeAll(): readonly Counted[];
  /** The count that waits for the next reading, and since when; null: none waits. */
  readonly waiting: { readonly count: number; readonly at: number } | null;
  /**
   * The signal is unknown from `at` on; true when it was known before. `until`: without a reading up to then nothing moved
   * meanwhile, because a missed reading would have come by then.
   */
  lose(at: number, until?: number): boolean;
  /** The time without readings before the next reading has an unknown length. */
  loseTrack(): void;
  readonly blindFrom: number | null;
  readonly quarantined: number;
  /** Whether a count that was read at this time of the rule waits for the next reading. */
  waitsIn(moment: number): boolean;
  /** The number of readings that wait for the next one. */
  readonly doubts: number;
  /** Time of the last reading; null: none yet. */
  readonly at: number | null;
  state(): CounterState | null;
}

/**
 * Follows one counter signal for one rule. `firstSight`: the very first reading is a base, or a count from 0.
 * A signal with another address or scale is another counter: its first reading is a base, never a count [C1].
 */
export function createCounter(
  definition: SignalDefinition,
  restored: CounterState | null,
  firstSight: 'base' | 'count',
): Counter {
  const track = trackOf(definition, restored);

  return {
    definition,
    read(value, input, moment = input.at) {
      const { base } = track;
      if (!isReading(track.counter, value)) {
        loseSight(track, input.at, Infinity);
        return [];
      }
      if (base === null || track.fingerprint !== definition.fingerprint) {
        const countsFromZero = firstSight === 'count' && base === null;
        // A retained value counts nothing; with no base taken, the first live reading counts from 0.
        if (countsFromZero && input.retained) return [];
        return takeFirst(track, { value, at: input.at }, countsFromZero, moment);
      }
      if (input.retained) {
        // It never counts. But when it repeats the base, the counter did not move meanwhile.
        if (value === base.value) track.blindFrom = null;
        return [];
      }
      if (input.at > track.blindUntil) track.blindFrom = null;
      const { at, time, undated, doubted: unsure = false } = input;
      const next = { value, at: Math.max(at, lastReadingAt(track) ?? at) };
      return takeNext(track, base, next, { time, undated, unsure, moment });
    },
    believeAll: () => believe(track, track.doubted.length),
    waitsIn: moment => track.doubted.some(one => one.moved > 0 && one.moment === moment),
    get waiting() {
      return waitingIn(track.doubted);
    },
    lose: (at, until = Infinity) => loseSight(track, at, until),
    loseTrack() {
      if (track.base !== null) track.lostTrack = true;
    },
    get blindFrom() {
      return track.blindFrom;
    },
    get quarantined() {
      return track.quarantined;
    },
    get doubts() {
      return track.doubted.length;
    },
    get at() {
      return lastReadingAt(track);
    },
    state: () => stateOfTrack(track),
  };
}

/** Until when a counter is known after a start. If its source was catching up, the counter is known up to its last reading only. */
export function knownUntil(lastReading: number | null, held: boolean, lastAlive: number): number {
  return held ? (lastReading ?? lastAlive) : lastAlive;
}
