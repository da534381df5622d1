import type { CounterDefinition } from '../../core/sample.ts';
import { type Doubted, readingOf } from './counter-state.ts';
import {
  believe,
  type Counted,
  type CounterTrack,
  disbelieve,
  judgeGaps,
  type ReadingInput,
  takeBase,
} from './counter-track.ts';
import { goesOnFrom, MOST_DOUBTED } from './doubted.ts';
import { difference, movement, movementWords, type Reading } from './movement.ts';

/** Readings without a time of their own may pile up in the transport for so long (ms) and then arrive at once. */
const STALL = 30_000;

/** The first reading of a signal, or of another address or scale. `countsFromZero`: the counter began at 0. */
export function takeFirst(
  track: CounterTrack,
  reading: Reading,
  countsFromZero: boolean,
  moment: number,
): readonly Counted[] {
  const { name } = track.definition;
  const replaced = track.base !== null;
  const before = believe(track, track.doubted.length);
  takeBase(track, reading, 0);
  track.blindFrom = null;
  track.gaps = [];
  const words = replaced
    ? `${name} is read from another address or scale now: counting starts at its reading of ${reading.value}`
    : `${name} seen for the first time at ${reading.value}: counting starts ${countsFromZero ? 'at 0' : 'there'}`;
  const first: Counted = {
    kind: 'first_sight',
    moved: countsFromZero ? sinceZero(track.counter, reading.value) : 0,
    quarantined: 0,
    at: moment,
    from: reading.at,
    blindFrom: null,
    words,
  };
  return [...before, first];
}

/** The movements that a reading after the first one shows, oldest first. */
export function takeNext(track: CounterTrack, base: Reading, next: Reading, input: ReadingInput): readonly Counted[] {
  const since = track.blindFrom;
  track.blindFrom = null;
  const judged = input.unsure ? [] : judgeGaps(track, next.at, since, input.moment);
  const doubted = track.doubted.map(one => ({ reading: readingOf(one), spare: one.spare, moved: one.moved }));
  const from = goesOnFrom(track.counter, { reading: base, spare: track.spare }, doubted, next);
  if (from === 'stays') return judged;
  if (from !== 'none') return [...judged, ...takeStep(track, from, next, since, input)];
  if (track.lostTrack) return [...judged, ...takeGap(track, base, next)];
  return [...judged, ...doubt(track, base, next, since, input)];
}

/** A plain step from the last believed reading, or from a doubted one that is believed now. */
function takeStep(
  track: CounterTrack,
  from: 'base' | number,
  next: Reading,
  since: number | null,
  input: ReadingInput,
): readonly Counted[] {
  const believed = from === 'base' ? [] : believe(track, from + 1);
  const wrong = track.doubted;
  disbelieve(track, wrong);
  const start = track.base ?? next;
  const { spare } = track;
  const found = movement(track.counter, start, next, spare);
  const counted = { ...found, at: input.moment, from: start.at, blindFrom: since, words: null };
  takeBase(track, next, unusedAfter(track.counter, input, start, next, spare, found.moved));
  const [first] = wrong;
  if (first === undefined) return [...believed, counted];
  const shown = wrong.map(({ reading }) => reading).join(', ');
  const words = `${track.definition.name} showed ${shown} between ${start.value} and ${next.value}: taken for a wrong reading of the device, not for a reset; ${found.moved} counted`;
  return [...believed, { ...counted, kind: 'wrong_reading', blindFrom: first.blindFrom ?? since, words }];
}

/**
 * A reading that was no plain step waits for the next one. A quarantined movement is reported at once, and the next reading replaces
 * it.
 */
function doubt(
  track: CounterTrack,
  base: Reading,
  next: Reading,
  since: number | null,
  input: ReadingInput,
): readonly Counted[] {
  const { counter, definition } = track;
  if (track.doubted.at(-1)?.kind === 'quarantine') disbelieve(track, track.doubted.slice(-1));
  const believed = track.doubted.length < MOST_DOUBTED ? [] : believe(track, 1);
  const latest = track.doubted.at(-1);
  const previous = latest ? readingOf(latest) : (track.base ?? base);
  const before = latest?.spare ?? track.spare;
  const found = movement(counter, previous, next, before);
  const { moved, quarantined } = found;
  const { moment } = input;
  const kind: Doubted['kind'] = found.kind === 'rollover' || found.kind === 'reset' ? found.kind : 'quarantine';
  const counts = {
    kind,
    moved,
    quarantined,
    from: previous.at,
    blindFrom: since,
    words: movementWords(definition.name, previous, next, found),
  };
  const spare = unusedAfter(counter, input, previous, next, before, moved);
  track.doubted = [...track.doubted, { reading: next.value.toString(), at: next.at, moment, ...counts, spare }];
  track.quarantined += quarantined;
  return kind === 'quarantine' ? [...believed, { ...counts, at: moment }] : believed;
}

/** A movement over an absence of unknown length. It is judged when the clock is trusted again [T6]. */
function takeGap(track: CounterTrack, base: Reading, next: Reading): readonly Counted[] {
  const believed = believe(track, track.doubted.length);
  const last = track.base ?? base;
  track.gaps = [...track.gaps, { from: last.value.toString(), at: last.at, to: next.value.toString() }];
  takeBase(track, next, 0);
  return believed;
}

/** Where readings have no time of their own, time that a movement did not use up allows for the movements after it (ms). */
function unusedAfter(
  { maxRate }: CounterDefinition,
  { time, undated }: ReadingInput,
  previous: Reading,
  next: Reading,
  before: number,
  moved: number,
): number {
  if (time !== 'received') return 0;
  const unused = next.at - previous.at + before - moved / maxRate;
  return Math.max(0, undated ? unused : Math.min(unused, STALL));
}

/** The count of a counter that began at 0, by its value. A counter in the negative half went through the positive half. */
function sinceZero({ wrapsAt, wrapsTo = 0 }: CounterDefinition, value: number | bigint): number {
  if (value >= 0 || wrapsAt === null) return Number(value);
  return difference(wrapsAt, wrapsTo) + difference(value, 0) + 1;
}
