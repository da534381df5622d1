import { z } from 'zod';
import type { TimeShift } from '../../core/time-shift.ts';

/**
 * How far the source clock of a rule was behind the gateway's clock (ms), as stored over a restart. Until the next live
 * message nothing else shows it. Null: the rule goes by the gateway's clock, or no live message has come yet.
 */
export const KeptLag = z.number().nullable().default(null);
export type KeptLag = z.infer<typeof KeptLag>;

/** A lag that has changed by no more than this (ms) is not written again. */
const KEPT_WITHIN = 1000;

/** Whether the present lag has to be written. */
export function isNews(lag: number, kept: KeptLag): boolean {
  return kept === null || Math.abs(lag - kept) > KEPT_WITHIN;
}

/**
 * The assumed lag until the next live message. A source clock that was ahead may have been set right meanwhile, so a delay
 * ends rather late than early.
 */
export function standIn(kept: number): number {
  return Math.max(0, kept);
}

/** The lag after a step of the gateway's clock, with an unchanged source clock. Null: the source clock is too far off to be trusted. */
export function shiftLag(kept: KeptLag, { by }: TimeShift, mostSkew: number): KeptLag {
  // With a step this large the source's clock has stepped too.
  if (kept === null || Math.abs(by) > mostSkew) return kept;
  const lag = kept + by;
  return Math.abs(lag) > mostSkew ? null : lag;
}
