import { z } from 'zod';
import type { TimeShift } from '../../core/time-shift.ts';

/**
 * How far the source's own clock that a rule goes by was behind the gateway's (ms), as kept over a restart: until the next live
 * message nothing else shows. Null: the rule goes by the gateway's clock, or no live message was heard yet.
 */
export const KeptLag = z.number().nullable().default(null);
export type KeptLag = z.infer<typeof KeptLag>;

/** A lag that has changed by no more than this (ms) is not written again. */
const KEPT_WITHIN = 1000;

/** Whether the lag has to be written, as it is now. */
export function isNews(lag: number, kept: KeptLag): boolean {
  return kept === null || Math.abs(lag - kept) > KEPT_WITHIN;
}

/**
 * What stands in for the lag until the next live message. A source whose clock was ahead may have been set right meanwhile: a delay
 * rather ends late than early.
 */
export function standIn(kept: number): number {
  return Math.max(0, kept);
}

/** After the gateway's clock was set: a source's own clock was not. Null: it is too far away now to be believed. */
export function shiftLag(kept: KeptLag, { by }: TimeShift, mostSkew: number): KeptLag {
  // A step this large is one of the source's clock as well.
  if (kept === null || Math.abs(by) > mostSkew) return kept;
  const lag = kept + by;
  return Math.abs(lag) > mostSkew ? null : lag;
}
