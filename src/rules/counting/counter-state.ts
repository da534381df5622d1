import { z } from 'zod';
import type { Reading } from './movement.ts';

/** A whole number as text, because it may be beyond 2^53. */
const Whole = z.string().regex(/^-?\d+$/);

/** A reading that was no plain step, with its count if the next reading confirms it. */
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
  /** Time that no movement has used up yet (ms). */
  spare: z.number(),
});
export type Doubted = z.infer<typeof Doubted>;

/** A counter as one rule follows it. It belongs to the signal with this fingerprint only [C1]. */
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
  /** Readings after the last believed one, oldest first. The next reading decides about them. */
  doubted: z.array(Doubted).default([]),
  /** Movements over absences of unknown length, from a reading of `at` to `to`. They are judged when the clock is trusted again [T6]. */
  gaps: z.array(z.object({ from: Whole, at: z.number(), to: Whole })).default([]),
});
export type CounterState = z.infer<typeof CounterState>;

/** The count that is not believed yet, and since when in the rule's time; null: none. */
export function waitingIn(doubted: readonly Doubted[]): { readonly count: number; readonly at: number } | null {
  const counting = doubted.filter(({ moved }) => moved > 0);
  const [first] = counting;
  return first ? { count: counting.reduce((sum, { moved }) => sum + moved, 0), at: first.moment } : null;
}

export function readingOf({ reading, at }: { readonly reading: string; readonly at: number }): Reading {
  return { value: compact(reading), at };
}

/** A number if it is exact. */
export function compact(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}
