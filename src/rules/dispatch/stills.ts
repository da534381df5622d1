import { z } from 'zod';
import type { Value } from '../../core/sample.ts';
import type { SignalCell } from '../common/signal-table.ts';

/** The stored state of one `still(x)` of a rule. */
export const StillState = z.object({
  /** The last good value as text with its type in front. */
  value: z.string(),
  changedAt: z.number(),
  /** Changed while the rule was active, and has not stood still for on_delay since. */
  moving: z.boolean(),
});
export type StillState = z.infer<typeof StillState>;

/** Follows which signals that a rule names in `still(x)` stand still. A signal that never moved stands still. */
export interface Stills {
  readonly size: number;
  /** `still(x)`; undefined while x is unknown. */
  stands(signal: string): boolean | undefined;
  /**
   * Looks at the samples of the step with this serial: a signal that changed moves. The first value ever is no change.
   * `starts`: something moves now that stood still.
   */
  note(at: number, serial: number): 'no change' | 'starts' | 'goes on';
  /** When the first moving signal will have stood still for long enough; Infinity: no signal moves, or it is not known. */
  readonly due: number;
  /** Signals that have not changed for long enough at `at` stand still again. True: at least one does. */
  stopDue(at: number): boolean;
  /** All signals count as standing still. Returns the last change of a moving one; -Infinity: none moved. */
  stopAll(): number;
  /** After a time without readings a moving signal has to stand still for the whole time again. */
  restart(): void;
  /** A time of `length` ms without readings does not count. */
  postpone(length: number): void;
  state(): Record<string, StillState>;
}

type Still = {
  readonly cell: SignalCell;
  /** Undefined before the first good value. */
  value: Value | undefined;
  changedAt: number;
  moving: boolean;
  /** While moving: when it will have stood still for long enough. */
  until: number;
};

/** `length`: a signal that moved stands still again after so long without a change (ms). */
export function createStills(
  cells: readonly SignalCell[],
  length: number,
  restored: Readonly<Record<string, StillState>>,
): Stills {
  // Made on demand, because most rules have none, and the memory that each sample touches limits the number of rules.
  return cells.length === 0 ? NONE : followStills(cells, length, restored);
}

function followStills(
  cells: readonly SignalCell[],
  length: number,
  restored: Readonly<Record<string, StillState>>,
): Stills {
  const stills = cells.map((cell): Still => {
    const kept = restored[cell.definition.name];
    return {
      cell,
      value: kept && decode(kept.value),
      changedAt: kept?.changedAt ?? -Infinity,
      moving: kept?.moving ?? false,
      until: Infinity,
    };
  });

  /** Whether the signal's fresh sample is a change. */
  function noteSample(still: Still, at: number): boolean {
    const { cell } = still;
    if (!cell.good) {
      still.until = Infinity;
      return false;
    }
    const changed = still.value !== undefined && still.value !== cell.value;
    if (changed || still.value === undefined) still.changedAt = at;
    if (cell.value !== null) still.value = cell.value;
    if (changed) still.moving = true;
    // After a gap without a change the time starts anew, because unseen standstill does not count.
    if (still.moving && (changed || still.until === Infinity)) still.until = at + length;
    return changed;
  }

  return {
    size: stills.length,
    stands(signal) {
      const still = stills.find(one => one.cell.definition.name === signal);
      return still?.cell.good ? !still.moving : undefined;
    },
    note(at, serial) {
      let outcome: ReturnType<Stills['note']> = 'no change';
      for (const still of stills) {
        const wasMoving = still.moving;
        if (still.cell.fresh !== serial || !noteSample(still, at)) continue;
        if (!wasMoving) outcome = 'starts';
        else if (outcome === 'no change') outcome = 'goes on';
      }
      return outcome;
    },
    get due() {
      let due = Infinity;
      for (const still of stills) if (still.moving) due = Math.min(due, still.until);
      return due;
    },
    stopDue(at) {
      let stopped = false;
      for (const still of stills) {
        if (!still.moving || still.until > at) continue;
        still.moving = false;
        still.until = Infinity;
        stopped = true;
      }
      return stopped;
    },
    stopAll() {
      let last = -Infinity;
      for (const still of stills) {
        if (still.moving) last = Math.max(last, still.changedAt);
        still.moving = false;
      }
      return last;
    },
    restart() {
      for (const still of stills) still.until = Infinity;
    },
    postpone(by) {
      for (const still of stills) if (still.moving) still.until += by;
    },
    state() {
      const states: Record<string, StillState> = {};
      for (const { cell, value, changedAt, moving } of stills) {
        if (value !== undefined) states[cell.definition.name] = { value: encode(value), changedAt, moving };
      }
      return states;
    },
  };
}

const NONE = followStills([], 0, {});

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
