import { createHash } from 'node:crypto';

/** The input of a mark: the key of an action and its time. The time makes marks of two journals with equal keys differ. */
export type Marked = { readonly key: string; readonly at: number };

/** Hex digits of a mark. With a million dispatches at a site, a new mark equals an existing one with a probability of one in a million. */
const DIGITS = 10;
const MARK = new RegExp(`\\[gw [0-9a-f]{${DIGITS}}\\]`);

/** The end of a description. With it, a look-up finds the dispatch after its answer was lost. A restart does not change it. */
export function markOf(marked: Marked): string {
  return `[gw ${hashOf(marked).slice(0, DIGITS)}]`;
}

/** The end of a comment that says that a condition is over. It differs from a mark, so that it marks no dispatch. */
export function noteMarkOf(marked: Marked): string {
  return `[gw note ${hashOf(marked).slice(0, DIGITS)}]`;
}

/** The external id for `dispatches/add`, which takes up to 255 characters. */
export function externalIdOf(marked: Marked): string {
  return `gw-${hashOf(marked).slice(0, 16)}`;
}

/** Whether a gateway wrote this description, for any episode of any journal. */
export function isMarked(description: string): boolean {
  return MARK.test(description);
}

function hashOf({ key, at }: Marked): string {
  return createHash('sha256').update(`${key} ${at}`).digest('hex');
}
