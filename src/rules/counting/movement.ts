import type { CounterDefinition } from '../../core/sample.ts';

/** The value of a counter, and its time (ms since 1970). */
export type Reading = { readonly value: number | bigint; readonly at: number };

/** The movement between two readings. */
export type Movement = {
  readonly kind: 'step' | 'rollover' | 'reset' | 'quarantine' | 'first_sight';
  /** Units that count. */
  readonly moved: number;
  /** Units that are not counted, because a counter with this `max_rate` can't have moved so far. */
  readonly quarantined: number;
};

/** Readings are stamped a little late or early: a step may take so much longer (ms) than their times show. */
const JITTER = 1000;

/**
 * Judges a new reading. A higher value is a step. A lower value is a rollover, if the step over the highest value is plausible, or else
 * a reset, if the counter can have counted the new value since. An implausible movement is not counted. `spare`: time before the
 * previous reading that no movement has used up (ms).
 */
export function movement(counter: CounterDefinition, previous: Reading | null, next: Reading, spare = 0): Movement {
  if (previous === null) return { kind: 'first_sight', moved: 0, quarantined: 0 };
  const most = mostWithin(counter, previous, next, spare + JITTER);
  const step = difference(next.value, previous.value);
  if (step >= 0 && step <= most) return { kind: 'step', moved: step, quarantined: 0 };
  const rollover = step < 0 ? rollovers(counter, previous, next).find(by => by > 0 && by <= most) : undefined;
  if (rollover !== undefined) return { kind: 'rollover', moved: rollover, quarantined: 0 };
  const sinceZero = Number(next.value);
  // A counter in the negative half goes up when it is reset.
  const canBeReset = sinceZero >= 0 && (step < 0 || previous.value < 0);
  if (canBeReset && sinceZero <= most) return { kind: 'reset', moved: sinceZero, quarantined: 0 };
  return { kind: 'quarantine', moved: 0, quarantined: step < 0 && sinceZero >= 0 ? sinceZero : Math.abs(step) };
}

/** Whether the time between the two readings is enough for this step, without an allowance for late stamps. */
export function isStrictStep(counter: CounterDefinition, previous: Reading, next: Reading): boolean {
  const step = difference(next.value, previous.value);
  return step >= 0 && step <= mostWithin(counter, previous, next, 0);
}

function mostWithin({ maxRate }: CounterDefinition, previous: Reading, next: Reading, allowance: number): number {
  return maxRate * (Math.max(0, next.at - previous.at) + allowance) + 1;
}

/**
 * Units counted over one rollover: to the lowest value of its type, or to 0, because some devices with a signed counter leave
 * the negative half out.
 */
function rollovers({ wrapsAt, wrapsTo = 0 }: CounterDefinition, previous: Reading, next: Reading): readonly number[] {
  if (wrapsAt === null) return [];
  const toHighest = difference(wrapsAt, previous.value);
  if (toHighest < 0) return [];
  const starts = next.value >= 0 && wrapsTo !== 0 ? [wrapsTo, 0] : [wrapsTo];
  return starts.map(start => toHighest + difference(next.value, start) + 1);
}

/** Exact also beyond 2^53, because a plausible difference is small. */
export function difference(a: number | bigint, b: number | bigint): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : Number(BigInt(a) - BigInt(b));
}

/** A movement in words for people; null for a plain step. */
export function movementWords(name: string, previous: Reading, next: Reading, found: Movement): string | null {
  const step = `${name} went from ${previous.value} to ${next.value}`;
  switch (found.kind) {
    case 'rollover':
      return `${step}: it passed its highest value, ${found.moved} counted`;
    case 'reset':
      return `${step}: it was reset, ${found.moved} counted; parts between the last reading and the reset can't be known`;
    case 'quarantine':
      return `${step}, more than its max_rate allows: ${found.quarantined} not counted; the next reading shows where counting goes on`;
    default:
      return null;
  }
}
