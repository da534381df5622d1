import { z } from 'zod';
import type { Value } from '../../core/sample.ts';
import type { SignalCell } from '../engine/signal-table.ts';

/** One `still(x)` of a rule, as kept over a restart. */
export const StillState = z.object({
  /** The last good value as text with its type in front. */
  value: z.string(),
  changedAt: z.number(),
  /** Changed while the rule was active, and has not stood still for on_delay since. */
  moving: z.boolean(),
});
export type StillState = z.infer<typeof StillState>;

/** Follows whether one signal stands still, for one rule. */
export type Still = {
  readonly cell: SignalCell;
  /** Undefined before the first good value. */
  value: Value | undefined;
  changedAt: number;
  moving: boolean;
  /** While moving: when it will have stood still for long enough. */
  until: number;
};

export function createStill(cell: SignalCell, restored: StillState | undefined): Still {
  return {
    cell,
    value: restored && decode(restored.value),
    changedAt: restored?.changedAt ?? -Infinity,
    moving: restored?.moving ?? false,
    until: Infinity,
  };
}

/** Looks at a fresh sample. True when the value changed; the first value ever is no change. `length`: on_delay. */
export function noteSample(still: Still, at: number, active: boolean, length: number): boolean {
  const { cell } = still;
  if (!cell.good) {
    still.until = Infinity;
    return false;
  }
  const changed = still.value !== undefined && still.value !== cell.value;
  if (changed || still.value === undefined) still.changedAt = at;
  if (cell.value !== null) still.value = cell.value;
  if (changed && active) still.moving = true;
  // Back after a gap without a change: what stood still unseen does not count, the time starts anew.
  if (still.moving && (changed || still.until === Infinity)) still.until = at + length;
  return changed;
}

export function stillState(still: Still): StillState | undefined {
  if (still.value === undefined) return undefined;
  return { value: encode(still.value), changedAt: still.changedAt, moving: still.moving };
}

function encode(value: Value): string {
  return `${typeof value}:${value}`;
}

function decode(text: string): Value {
  const cut = text.indexOf(':');
  const rest = text.slice(cut + 1);
  switch (text.slice(0, cut)) {
    case 'number':
      return Number(rest);
    case 'bigint':
      return BigInt(rest);
    case 'boolean':
      return rest === 'true';
    default:
      return rest;
  }
}
