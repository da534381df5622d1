import { parseState } from './stored/stored-state.ts';

/**
 * A rule's state after a process that did not believe its clock ended before that was set: nobody knows how far its times are off.
 * A delay that began by that clock, after `from` (ms since 1970), begins anew. One that a source stamped goes on, and so does one
 * that began before. `text` is returned as it is when no rule of this version wrote it.
 */
export function forgetTimes(text: string, from: number): string {
  const state = parseState(text);
  if (state?.kind !== 'dispatch') return text;
  const { delay, phase } = state;
  if (delay === null || delay.time === 'source' || delay.since <= from) return text;
  return JSON.stringify({
    ...state,
    phase: phase === 'clearing' ? 'active' : 'inactive',
    delay: null,
    time: null,
    anew: true,
  });
}
