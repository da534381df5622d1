import type { CounterDefinition, SampleBatch, SignalDefinition } from '../../core/sample.ts';
import { type CounterState, compact, type Doubted, readingOf } from './counter-state.ts';
import { type Movement, movement, movementWords, type Reading } from './movement.ts';

/** A movement with its time span. `wrong_reading`: a step over readings that turned out to be wrong. */
export type Counted = Omit<Movement, 'kind'> & {
  readonly kind: Movement['kind'] | 'wrong_reading';
  /** The rule's own time of its last reading. */
  readonly at: number;
  /** Time of the reading it starts from. */
  readonly from: number;
  /** Since when the counter was unknown before this reading; null: it was known all the time. */
  readonly blindFrom: number | null;
  /** Text for the event; null for a plain step. */
  readonly words: string | null;
};

/** What the next readings of a counter are compared with. Functions of this file and of `take-reading.ts` update it in place. */
export type CounterTrack = {
  readonly definition: SignalDefinition;
  readonly counter: CounterDefinition;
  /** The last believed reading. */
  base: Reading | null;
  /** The fingerprint of the signal of `base`. */
  fingerprint: string;
  /** Time before `base` that no movement has used up (ms). */
  spare: number;
  blindFrom: number | null;
  /** While the signal is unknown: without a reading up to this time, nothing moved. */
  blindUntil: number;
  quarantined: number;
  /** Readings after `base`, oldest first. The next reading decides about them. */
  doubted: readonly Doubted[];
  gaps: CounterState['gaps'];
  /** The time without readings before the next reading has an unknown length. */
  lostTrack: boolean;
};

/** `restored`: the state of an earlier process. */
export function trackOf(definition: SignalDefinition, restored: CounterState | null): CounterTrack {
  return {
    definition,
    counter: definition.counter ?? { wrapsAt: null, maxRate: Infinity },
    base: restored && readingOf(restored),
    fingerprint: restored?.fingerprint ?? definition.fingerprint,
    spare: restored?.spare ?? 0,
    blindFrom: restored?.blindFrom ?? null,
    blindUntil: Infinity,
    quarantined: restored?.quarantined ?? 0,
    doubted: restored?.doubted ?? [],
    gaps: restored?.gaps ?? [],
    lostTrack: false,
  };
}

/** Null before the first reading. */
export function stateOfTrack({ base, fingerprint, spare, blindFrom, quarantined, doubted, gaps }: CounterTrack) {
  return (
    base && {
      fingerprint,
      reading: base.value.toString(),
      at: base.at,
      spare,
      blindFrom,
      quarantined,
      doubted: [...doubted],
      gaps,
    }
  );
}

/** Counting goes on from this reading. `unused`: time before it that no movement has used up (ms). */
export function takeBase(track: CounterTrack, reading: Reading, unused: number): void {
  track.base = reading;
  track.fingerprint = track.definition.fingerprint;
  track.spare = unused;
  track.lostTrack = false;
}

/** Time of the newest reading, believed or doubted; null: none yet. */
export function lastReadingAt({ base, doubted }: CounterTrack): number | null {
  return doubted.at(-1)?.at ?? base?.at ?? null;
}

/** The first `count` doubted readings were right. Returns what they counted, oldest first. */
export function believe(track: CounterTrack, count: number): readonly Counted[] {
  const right = track.doubted.slice(0, count);
  track.doubted = track.doubted.slice(count);
  const last = right.at(-1);
  if (last) takeBase(track, readingOf(last), last.spare);
  // A quarantined movement was reported and added when it was read.
  return right.filter(({ kind }) => kind !== 'quarantine').map(one => ({ ...one, at: one.moment }));
}

/** These doubted readings were wrong. */
export function disbelieve(track: CounterTrack, wrong: readonly Doubted[]): void {
  track.quarantined -= wrong.reduce((sum, one) => sum + one.quarantined, 0);
  track.doubted = track.doubted.filter(one => !wrong.includes(one));
}

/** The signal is unknown from `at` on; true when it was known before. */
export function loseSight(track: CounterTrack, at: number, until: number): boolean {
  const last = lastReadingAt(track);
  if (last === null) return false;
  track.blindUntil = track.blindFrom === null ? until : Math.max(track.blindUntil, until);
  if (track.blindFrom !== null) return false;
  track.blindFrom = Math.max(at, last);
  return true;
}

/** Counts the movements over absences of unknown length. The reading at `at` shows the longest that each can have lasted. */
export function judgeGaps(track: CounterTrack, at: number, since: number | null, moment: number): readonly Counted[] {
  if (track.gaps.length === 0) return NOTHING;
  const judged = track.gaps.map(gap => {
    const previous = readingOf({ reading: gap.from, at: gap.at });
    const next = { value: compact(gap.to), at };
    const found = movement(track.counter, previous, next);
    const words = movementWords(track.definition.name, previous, next, found);
    track.quarantined += found.quarantined;
    return { ...found, at: moment, from: gap.at, blindFrom: since, words };
  });
  track.gaps = [];
  return judged;
}

/** The facts of the step in which a movement is read; `moment`: the rule's own time. */
export type ReadingInput = Pick<SampleBatch, 'time'> & {
  readonly undated: boolean;
  /** The gateway's clock is not trusted. */
  readonly unsure: boolean;
  readonly moment: number;
};

const NOTHING: readonly never[] = [];
