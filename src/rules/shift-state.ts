import type { TimeShift } from '../core/time-shift.ts';
import { shiftLag } from './common/kept-lag.ts';
import { MOST_SKEW } from './common/shift-moves.ts';
import { ruleKind } from './kinds/registry.ts';
import { parseState } from './stored/stored-state.ts';

/**
 * A rule's state after the gateway's clock was corrected: what was recorded by it moves along, so delays keep the time that has
 * passed and counters the time between two readings. `text` is returned as it is when no rule of this version wrote it.
 * `sentMoves`: what was sent by that clock waited for this, and moves along.
 */
export function shiftState(text: string, shift: TimeShift, sentMoves = false): string {
  const data = parseState(text);
  if (data === undefined) return text;
  return JSON.stringify({
    ...ruleKind(data.kind).shift(data, shift, sentMoves),
    lag: shiftLag(data.lag, shift, MOST_SKEW),
  });
}
