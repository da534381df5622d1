import { ruleKind } from './kinds/registry.ts';
import { parseState } from './stored/stored-state.ts';

/**
 * A stored state without the times that nobody can correct. A process that did not believe its clock ended before the clock was set, so
 * nobody knows how wrong its times are. This forgets what began by that clock after `from` (ms since 1970). It returns `text` unchanged
 * when no rule of this version wrote it, or when there is nothing to forget.
 */
export function forgetTimes(text: string, from: number): string {
  const state = parseState(text);
  const kept = state && ruleKind(state.kind).forget?.(state, from);
  return kept ? JSON.stringify(kept) : text;
}
