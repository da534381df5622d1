import { z } from 'zod';
import type { Reading } from './movement.ts';

/** A whole number as text, because it may be beyond 2^53. */
const Whole = z.string().regex(/^-?\d+$/);

/** A reading that was no plain step, with what it counts should the next one go on from it. */
const Doubted = z.object({
  reading: Whole,
  at: z.number(),
  /** The rule's own time when it was read. */
  moment: z.number(),
  kind: z.enum(['rollover', 'reset', 'quarantine']),
  moved: z.number(),
  quarantined: z.number(),
  /** Time of the reading it starts from. */
  from: z.number(),
  blindFrom: z.number().nullable(),
  words: z.string().nullable(),
  /** Time not used up after it (ms). */
  spare: z.number(),
});
export type Doubted = z.infer<typeof Doubted>;

/** A counter as one rule follows it: belongs to the signal with this fingerprint and to no other. */
export const CounterState = z.object({
  fingerprint: z.string(),
  /** The last reading that was believed. */
  reading: Whole,
  at: z.number(),
  spare: z.number(),
  /** Since when it is unknown; null while known. */
  blindFrom: z.number().nullable(),
  /** Units quarantined so far. */
  quarantined: z.number(),
  /** Readings after the believed one, oldest first, that the next reading judges. */
  doubted: z.array(Doubted).default([]),
  /** Movements over absences of unknown length, from a reading of `at` to `to`: judged when the clock is believed again. */
  gaps: z.array(z.object({ from: Whole, at: z.number(), to: Whole })).default([]),
});
export type CounterState = z.infer<typeof CounterState>;

/** What a counter counts that is not believed yet, and since when in the rule's time; null: nothing. */
export function waitingIn(doubted: readonly Doubted[]): { readonly count: number; readonly at: number } | null {
  const counting = doubted.filter(({ moved }) => moved > 0);
  const [first] = counting;
  return first ? { count: counting.reduce((sum, { moved }) => sum + moved, 0), at: first.moment } : null;
}

export function readingOf({ reading, at }: { readonly reading: string; readonly at: number }): Reading {
  return { value: compact(reading), at };
}

/** A number where that is exact. */
export function compact(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}
