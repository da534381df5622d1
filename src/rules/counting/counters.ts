import { z } from 'zod';
import type { CounterDefinition, SampleBatch, SignalDefinition, Value } from '../../core/sample.ts';

/** What a counter showed, and when (ms since 1970). */
export type Reading = { readonly value: number | bigint; readonly at: number };

/** What lies between two readings. */
export type Movement = {
  readonly kind: 'step' | 'rollover' | 'reset' | 'quarantine' | 'first_sight';
  /** Units that count. */
  readonly moved: number;
  /** Units that were not counted because no counter of this rate can have moved so far. */
  readonly quarantined: number;
};

/** Readings are stamped a little late or early: a step is plausible when it fits a time longer by this (ms). */
const JITTER = 1000;
/** Readings without a time of their own may pile up in the transport for so long (ms) and then arrive at once. */
const STALL = 30_000;

/**
 * What a counter's new reading means. A higher value is a step; a lower one is a rollover if the step over `wrapsAt` is
 * plausible, else a reset if the new value can have been counted since. What is not plausible is not counted: it is
 * reported, and counting goes on from the new reading. `spare`: ms of earlier readings' time that were not used up.
 */
export function movement(counter: CounterDefinition, previous: Reading | null, next: Reading, spare = 0): Movement {
  if (previous === null) return { kind: 'first_sight', moved: 0, quarantined: 0 };
  const elapsed = Math.max(0, next.at - previous.at) + spare + JITTER;
  const most = counter.maxRate * elapsed + 1;
  const step = difference(next.value, previous.value);
  if (step >= 0) {
    return step <= most
      ? { kind: 'step', moved: step, quarantined: 0 }
      : { kind: 'quarantine', moved: 0, quarantined: step };
  }
  const sinceZero = Number(next.value);
  if (counter.wrapsAt !== null) {
    const wrapped = difference(counter.wrapsAt, previous.value) + sinceZero + 1;
    if (wrapped > 0 && wrapped <= most) return { kind: 'rollover', moved: wrapped, quarantined: 0 };
  }
  return sinceZero <= most
    ? { kind: 'reset', moved: sinceZero, quarantined: 0 }
    : { kind: 'quarantine', moved: 0, quarantined: sinceZero };
}

/** Exact also where both are beyond 2^53, which their difference is not as long as it is plausible. */
function difference(a: number | bigint, b: number | bigint): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : Number(BigInt(a) - BigInt(b));
}

/** Whether a value can be a counter's reading at all: a whole number, not negative, exact. */
export function isReading(value: Value | null): value is number | bigint {
  return (
    (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) ||
    (typeof value === 'bigint' && value >= 0n)
  );
}

/** A counter as one rule follows it: belongs to the signal with this fingerprint and to no other. */
export const CounterState = z.object({
  fingerprint: z.string(),
  /** The last good reading; text, because it may be beyond 2^53. */
  reading: z.string().regex(/^\d+$/),
  at: z.number(),
  spare: z.number(),
  /** Since when it is unknown; null while known. */
  blindFrom: z.number().nullable(),
  /** Units quarantined so far. */
  quarantined: z.number(),
  /** Movements over absences of unknown length, from a reading of `at` to `to`: judged when the clock is believed again. */
  gaps: z
    .array(z.object({ from: z.string().regex(/^\d+$/), at: z.number(), to: z.string().regex(/^\d+$/) }))
    .default([]),
});
export type CounterState = z.infer<typeof CounterState>;

/** A movement with what it spans. */
export type Counted = Movement & {
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

/** One counter signal as one rule follows it. */
export interface Counter {
  readonly definition: SignalDefinition;
  /**
   * Takes a good reading. Null: it says nothing about movement (no whole number, or a retained message, which never
   * counts and only gives a base where there is none).
   */
  read(value: Value | null, input: CounterInput): Counted | null;
  /**
   * The signal is unknown from `at` on; true when it was known before. `until`: nothing read up to then means that nothing
   * moved meanwhile, since what was missed would have come.
   */
  lose(at: number, until?: number): boolean;
  /** Nobody knows how long nothing was read before the next reading. */
  loseTrack(): void;
  readonly blindFrom: number | null;
  readonly quarantined: number;
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
  const rules = definition.counter ?? { wrapsAt: null, maxRate: Infinity };
  let base: Reading | null = restored && { value: compact(BigInt(restored.reading)), at: restored.at };
  let fingerprint = restored?.fingerprint ?? definition.fingerprint;
  let spare = restored?.spare ?? 0;
  let blindFrom = restored?.blindFrom ?? null;
  let blindUntil = Infinity;
  let quarantined = restored?.quarantined ?? 0;
  let gaps = restored?.gaps ?? [];
  let lostTrack = false;

  function takeBase(value: number | bigint, at: number): void {
    base = { value, at };
    fingerprint = definition.fingerprint;
    spare = 0;
    blindFrom = null;
    lostTrack = false;
  }

  /** A reading with what moved while the gateway was away: no longer, as is known now, than until this reading. */
  function withGaps(counted: Counted, at: number): Counted {
    const read = (text: string) => compact(BigInt(text));
    const judged = gaps.map(gap => judge({ value: read(gap.from), at: gap.at }, { value: read(gap.to), at }));
    gaps = [];
    return judged.reduce(together, counted);
  }

  function judge(previous: Reading, next: Reading, unused = 0): Counted {
    const found = movement(rules, previous, next, unused);
    return { ...found, from: previous.at, blindFrom, words: wordsFor(definition, previous, next, found) };
  }

  function sight(value: number | bigint, input: CounterInput): Counted | null {
    const replaced = base !== null;
    const count = firstSight === 'count' && !replaced;
    // A retained value counts nothing; with no base taken, the first live reading counts from 0.
    if (count && input.retained) return null;
    const moved = count ? Number(value) : 0;
    takeBase(value, input.at);
    gaps = [];
    const words = replaced
      ? `${definition.name} is read from another address or scale now: counting starts at its reading of ${value}`
      : `${definition.name} seen for the first time at ${value}: counting starts ${count ? 'at 0' : 'there'}`;
    return { kind: 'first_sight', moved, quarantined: 0, from: input.at, blindFrom: null, words };
  }

  return {
    definition,
    read(value, input) {
      if (!isReading(value)) {
        this.lose(input.at);
        return null;
      }
      if (base === null || fingerprint !== definition.fingerprint) return sight(value, input);
      if (input.retained) {
        // It never counts; but the reading we know, said again, means that nothing moved while nothing was seen.
        if (value === base.value) blindFrom = null;
        return null;
      }
      if (input.at > blindUntil) blindFrom = null;
      const previous = base;
      const next = { value, at: Math.max(input.at, previous.at) };
      const plain = judge(previous, next, spare);
      if (lostTrack && plain.kind !== 'step') {
        gaps = [...gaps, { from: previous.value.toString(), at: previous.at, to: value.toString() }];
        takeBase(value, next.at);
        return null;
      }
      const unused = next.at - previous.at + spare - plain.moved / rules.maxRate;
      takeBase(value, next.at);
      if (input.time === 'received') spare = Math.max(0, input.undated ? unused : Math.min(unused, STALL));
      const counted = input.doubted || gaps.length === 0 ? plain : withGaps(plain, next.at);
      quarantined += counted.quarantined;
      return counted;
    },
    lose(at, until = Infinity) {
      if (base === null) return false;
      blindUntil = blindFrom === null ? until : Math.max(blindUntil, until);
      if (blindFrom !== null) return false;
      blindFrom = Math.max(at, base.at);
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
    get at() {
      return base?.at ?? null;
    },
    state: () =>
      base && { fingerprint, reading: base.value.toString(), at: base.at, spare, blindFrom, quarantined, gaps },
  };
}

function together(counted: Counted, before: Counted): Counted {
  const told = before.words === null ? counted : before;
  const moved = counted.moved + before.moved;
  return { ...told, moved, quarantined: counted.quarantined + before.quarantined, blindFrom: counted.blindFrom };
}

/** Until when a counter is known after a start: while its source was catching up, no longer than to its last reading. */
export function knownUntil(lastReading: number | null, held: boolean, lastAlive: number): number {
  return held ? (lastReading ?? lastAlive) : lastAlive;
}

function compact(value: bigint): number | bigint {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

function wordsFor(definition: SignalDefinition, previous: Reading, next: Reading, result: Movement): string | null {
  const step = `${definition.name} went from ${previous.value} to ${next.value}`;
  switch (result.kind) {
    case 'rollover':
      return `${step}: it started again at 0, ${result.moved} counted`;
    case 'reset':
      return `${step}: it was reset, ${result.moved} counted; parts between the last reading and the reset can't be known`;
    case 'quarantine':
      return `${step}, more than its max_rate allows: ${result.quarantined} not counted, counting goes on from ${next.value}`;
    default:
      return null;
  }
}
