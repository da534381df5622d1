import { createHash } from 'node:crypto';

/** What makes a mark: the action's key and the time it is about, so it differs between two journals that count alike. */
export type Marked = { readonly key: string; readonly at: number };

/** Hex digits of a mark: at a million dispatches of a site one in a million chances that a new one reads like another. */
const DIGITS = 10;
const MARK = new RegExp(`\\[gw [0-9a-f]{${DIGITS}}\\]`);

/** The end of a description by which a dispatch is found again when its answer was lost. The same after a restart. */
export function markOf(marked: Marked): string {
  return `[gw ${hashOf(marked).slice(0, DIGITS)}]`;
}

/** The end of a comment that says that a condition is over. It reads differently, so that no dispatch is taken for marked by it. */
export function noteMarkOf(marked: Marked): string {
  return `[gw note ${hashOf(marked).slice(0, DIGITS)}]`;
}

/** For `dispatches/add`, which takes an external id of up to 255 characters. */
export function externalIdOf(marked: Marked): string {
  return `gw-${hashOf(marked).slice(0, 16)}`;
}

/** Whether a gateway wrote this description, whichever episode of whichever journal it was for. */
export function isMarked(description: string): boolean {
  return MARK.test(description);
}

function hashOf({ key, at }: Marked): string {
  return createHash('sha256').update(`${key} ${at}`).digest('hex');
}
