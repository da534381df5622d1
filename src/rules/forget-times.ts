import { ruleKind } from './kinds/registry.ts';
import { parseState } from './stored/stored-state.ts';

/**
 * A rule's state after a process that did not believe its clock ended before that was set: nobody knows how far its times are off.
 * What began by that clock after `from` (ms since 1970) is forgotten. `text` is returned as it is when no rule of this version wrote
 * it, or when nothing is forgotten.
 */
export function forgetTimes(text: string, from: number): string {
  const state = parseState(text);
  const kept = state && ruleKind(state.kind).forget?.(state, from);
  return kept ? JSON.stringify(kept) : text;
}
