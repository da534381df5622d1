import type { TimeShift } from '../core/time-shift.ts';
import { shiftLag } from './common/kept-lag.ts';
import { MOST_SKEW } from './common/shift-moves.ts';
import { ruleKind } from './kinds/registry.ts';
import { parseState } from './stored/stored-state.ts';

/**
 * A stored state after the gateway's clock was corrected. The times that this clock gave move by the same step: delays keep the time
 * that has passed, and counters keep the time between two readings. It returns `text` unchanged when no rule of this version wrote it.
 * `sentMoves`: the actions of that clock were not sent yet, and their times move too.
 */
export function shiftState(text: string, shift: TimeShift, sentMoves = false): string {
  const data = parseState(text);
  if (data === undefined) return text;
  return JSON.stringify({
    ...ruleKind(data.kind).shift(data, shift, sentMoves),
    lag: shiftLag(data.lag, shift, MOST_SKEW),
  });
}
