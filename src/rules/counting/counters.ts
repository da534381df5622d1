import type { CounterDefinition, SampleBatch, SignalDefinition, Value } from '../../core/sample.ts';
import { isReading } from '../common/counter-reading.ts';
import { type CounterState, compact, type Doubted, readingOf, waitingIn } from './counter-state.ts';
import { goesOnFrom, MOST_DOUBTED } from './doubted.ts';
import { difference, type Movement, movement, movementWords, type Reading } from './movement.ts';

/** Readings without a time of their own may pile up in the transport for so long (ms) and then arrive at once. */
const STALL = 30_000;

/** A movement with what it spans. `wrong_reading`: a step over readings that turned out to be wrong. */
export type Counted = Omit<Movement, 'kind'> & {
  readonly kind: Movement['kind'] | 'wrong_reading';
  /** The rule's own time when the reading was taken that it ends with. */
  readonly at: number;
  /** Time of the reading it starts from. */
  readonly from: number;
  /** Since when nothing was seen before this reading; null: it was known all the time. */
  readonly blindFrom: number | null;
  /** For the events, when it was no plain step. */
  readonly words: string | null;
};

export type CounterInput = Pick<SampleBatch, 'at' | 'time'> & {
  readonly retained: boolean;
  readonly undated: boolean;
  /** The gateway's clock is not believed. */
  readonly doubted?: boolean;
};

/** What a movement takes from the step in which it is read; `moment`: the rule's own time. */
type Input = Pick<CounterInput, 'time' | 'undated'> & { readonly unsure: boolean; readonly moment: number };

/** One counter signal as one rule follows it. */
export interface Counter {
  readonly definition: SignalDefinition;
  /**
   * Takes a good reading. Returns what it says about movement, oldest first: nothing for a retained message, which never counts and
   * only gives a base where there is none, and for a reading that the next one has to judge. `moment`: the rule's own time.
   */
  read(value: Value | null, input: CounterInput, moment?: number): readonly Counted[];
  /** Believes the readings that wait for the next one; their counts, oldest first. */
  settle(): readonly Counted[];
  /** What waits for the next reading, and since when; null: no count waits. */
  readonly waiting: { readonly count: number; readonly at: number } | null;
  /**
   * The signal is unknown from `at` on; true when it was known before. `until`: nothing read up to then means that nothing
   * moved meanwhile, since what was missed would have come.
   */
  lose(at: number, until?: number): boolean;
  /** Nobody knows how long nothing was read before the next reading. */
  loseTrack(): void;
  readonly blindFrom: number | null;
  readonly quarantined: number;
  /** Whether a count that was read at this time of the rule waits for the next reading. */
  waitsIn(moment: number): boolean;
  /** How many readings the next one judges. */
  readonly doubts: number;
  /** Time of the last reading; null before the first. */
  readonly at: number | null;
  state(): CounterState | null;
}

/**
 * Follows one counter signal for one rule. `firstSight` decides what the very first reading is: a base, or a count from 0.
 * A signal that was re-addressed or rescaled is another counter: its first reading is a base, never a count.
 */
export function createCounter(
  definition: SignalDefinition,
  restored: CounterState | null,
  firstSight: 'base' | 'count',
): Counter {
  const { name } = definition;
  const rules = definition.counter ?? { wrapsAt: null, maxRate: Infinity };
  let base: Reading | null = restored && readingOf(restored);
  let fingerprint = restored?.fingerprint ?? definition.fingerprint;
  let spare = restored?.spare ?? 0;
  let blindFrom = restored?.blindFrom ?? null;
  let blindUntil = Infinity;
  let quarantined = restored?.quarantined ?? 0;
  let doubted: readonly Doubted[] = restored?.doubted ?? [];
  let gaps = restored?.gaps ?? [];
  let lostTrack = false;

  function takeBase(reading: Reading, unused: number): void {
    base = reading;
    fingerprint = definition.fingerprint;
    spare = unused;
    lostTrack = false;
  }

  /** Movements while the gateway was away: no longer, as is known now, than until `at`. */
  function judgeGaps(at: number, since: number | null, moment: number): readonly Counted[] {
    const judged = gaps.map(gap => {
      const previous = readingOf({ reading: gap.from, at: gap.at });
      const next = { value: compact(gap.to), at };
      const found = movement(rules, previous, next);
      quarantined += found.quarantined;
      return {
        ...found,
        at: moment,
        from: gap.at,
        blindFrom: since,
        words: movementWords(name, previous, next, found),
      };
    });
    gaps = [];
    return judged;
  }

  /** The first `count` doubted readings were right. */
  function believe(count: number): readonly Counted[] {
    const right = doubted.slice(0, count);
    doubted = doubted.slice(count);
    const last = right.at(-1);
    if (last) takeBase(readingOf(last), last.spare);
    // What is quarantined was reported and added up when it was read.
    return right.filter(({ kind }) => kind !== 'quarantine').map(one => ({ ...one, at: one.moment }));
  }

  /** These doubted readings were wrong. */
  function forget(wrong: readonly Doubted[]): void {
    quarantined -= wrong.reduce((sum, one) => sum + one.quarantined, 0);
    doubted = doubted.filter(one => !wrong.includes(one));
  }

  function sight(value: number | bigint, input: CounterInput, at: number): readonly Counted[] {
    const replaced = base !== null;
    const count = firstSight === 'count' && !replaced;
    // A retained value counts nothing; with no base taken, the first live reading counts from 0.
    if (count && input.retained) return [];
    const before = believe(doubted.length);
    takeBase({ value, at: input.at }, 0);
    blindFrom = null;
    gaps = [];
    const words = replaced
      ? `${name} is read from another address or scale now: counting starts at its reading of ${value}`
      : `${name} seen for the first time at ${value}: counting starts ${count ? 'at 0' : 'there'}`;
    const moved = count ? sinceZero(rules, value) : 0;
    const first = { kind: 'first_sight', moved, quarantined: 0, at, from: input.at, blindFrom: null, words };
    return [...before, first as Counted];
  }

  /** The time that was not used up is good for what comes after it where readings have no time of their own. */
  function unusedAfter({ time, undated }: Input, previous: Reading, next: Reading, before: number, moved: number) {
    if (time !== 'received') return 0;
    const unused = next.at - previous.at + before - moved / rules.maxRate;
    return Math.max(0, undated ? unused : Math.min(unused, STALL));
  }

  /** A reading that was no plain step waits for the next one. What is quarantined is reported at once, and replaced by what comes next. */
  function doubt(start: Reading, next: Reading, since: number | null, input: Input): readonly Counted[] {
    if (doubted.at(-1)?.kind === 'quarantine') forget(doubted.slice(-1));
    const believed = doubted.length < MOST_DOUBTED ? [] : believe(1);
    const latest = doubted.at(-1);
    const previous = latest ? readingOf(latest) : (base ?? start);
    const before = latest?.spare ?? spare;
    const found = movement(rules, previous, next, before);
    const kind: Doubted['kind'] = found.kind === 'rollover' || found.kind === 'reset' ? found.kind : 'quarantine';
    const words = movementWords(name, previous, next, found);
    const { moved, quarantined: skipped } = found;
    const told = { kind, moved, quarantined: skipped, from: previous.at, blindFrom: since, words };
    const { moment } = input;
    const unused = unusedAfter(input, previous, next, before, moved);
    doubted = [...doubted, { reading: next.value.toString(), at: next.at, moment, ...told, spare: unused }];
    quarantined += skipped;
    return kind === 'quarantine' ? [...believed, { ...told, at: moment }] : believed;
  }

  function take(previous: Reading, next: Reading, input: Input): readonly Counted[] {
    const since = blindFrom;
    blindFrom = null;
    const judged = input.unsure ? [] : judgeGaps(next.at, since, input.moment);
    const open = doubted.map(one => ({ reading: readingOf(one), spare: one.spare, moved: one.moved }));
    const from = goesOnFrom(rules, { reading: previous, spare }, open, next);
    if (from === 'stays') return judged;
    if (from !== 'none') return [...judged, ...step(from, next, since, input)];
    if (!lostTrack) return [...judged, ...doubt(previous, next, since, input)];
    const believed = believe(doubted.length);
    const last = base ?? previous;
    gaps = [...gaps, { from: last.value.toString(), at: last.at, to: next.value.toString() }];
    takeBase(next, 0);
    return [...judged, ...believed];
  }

  /** A plain step from the last believed reading, or from a doubted one that is believed now. */
  function step(from: 'base' | number, next: Reading, since: number | null, input: Input): readonly Counted[] {
    const believed = from === 'base' ? [] : believe(from + 1);
    const wrong = doubted;
    forget(wrong);
    const start = base ?? next;
    const found = movement(rules, start, next, spare);
    const counted = { ...found, at: input.moment, from: start.at, blindFrom: since, words: null };
    takeBase(next, unusedAfter(input, start, next, spare, found.moved));
    const [first] = wrong;
    if (first === undefined) return [...believed, counted];
    const shown = wrong.map(({ reading }) => reading).join(', ');
    const words = `${name} showed ${shown} between ${start.value} and ${next.value}: taken for a wrong reading of the device, not for a reset; ${found.moved} counted`;
    return [...believed, { ...counted, kind: 'wrong_reading', blindFrom: first.blindFrom ?? since, words }];
  }

  return {
    definition,
    read(value, input, moment = input.at) {
      if (!isReading(rules, value)) {
        this.lose(input.at);
        return [];
      }
      if (base === null || fingerprint !== definition.fingerprint) return sight(value, input, moment);
      if (input.retained) {
        // It never counts; but the reading we know, said again, means that nothing moved while nothing was seen.
        if (value === base.value) blindFrom = null;
        return [];
      }
      if (input.at > blindUntil) blindFrom = null;
      const { at, time, undated, doubted: unsure = false } = input;
      const next = { value, at: Math.max(at, doubted.at(-1)?.at ?? base.at) };
      return take(base, next, { time, undated, unsure, moment });
    },
    settle: () => believe(doubted.length),
    waitsIn: moment => doubted.some(one => one.moved > 0 && one.moment === moment),
    get waiting() {
      return waitingIn(doubted);
    },
    lose(at, until = Infinity) {
      if (base === null) return false;
      blindUntil = blindFrom === null ? until : Math.max(blindUntil, until);
      if (blindFrom !== null) return false;
      blindFrom = Math.max(at, doubted.at(-1)?.at ?? base.at);
      return true;
    },
    loseTrack() {
      if (base !== null) lostTrack = true;
    },
    get blindFrom() {
      return blindFrom;
    },
    get quarantined() {
      return quarantined;
    },
    get doubts() {
      return doubted.length;
    },
    get at() {
      return doubted.at(-1)?.at ?? base?.at ?? null;
    },
    state: () =>
      base && {
        fingerprint,
        reading: base.value.toString(),
        at: base.at,
        spare,
        blindFrom,
        quarantined,
        doubted: [...doubted],
        gaps,
      },
  };
}

/** What a counter that began at 0 has counted when it shows this: one in the negative half went through the positive one. */
function sinceZero({ wrapsAt, wrapsTo = 0 }: CounterDefinition, value: number | bigint): number {
  if (value >= 0 || wrapsAt === null) return Number(value);
  return difference(wrapsAt, wrapsTo) + difference(value, 0) + 1;
}

/** Until when a counter is known after a start: while its source was catching up, no longer than to its last reading. */
export function knownUntil(lastReading: number | null, held: boolean, lastAlive: number): number {
  return held ? (lastReading ?? lastAlive) : lastAlive;
}
