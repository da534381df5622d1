import type { SignalCell } from '../engine/signal-table.ts';
import { type Step, tell } from '../engine/step.ts';
import type { RuleEvent } from '../program.ts';
import type { Counted, Counter } from './counters.ts';

/** A counter with the signal that one rule reads it from. What it notes is part of the rule's state, so the step is told. */
export interface FollowedCounter {
  readonly counter: Counter;
  /** The reading of this step; null: there is none, or it says nothing about movement. */
  read(at: number, step: Step): Counted | null;
  /** Tells people what a reading was when it was more than a plain step. */
  tell(counted: Counted, at: number, step: Step): void;
  /** The signal is unknown from `at` on; `until` as a counter takes it. */
  lose(at: number, step: Step, until?: number): void;
  /** The process starts again; the signal is unknown since `at`. */
  restart(at: number, step: Step): void;
}

/** `cell`: undefined when no source declares the signal; then there is never a reading. */
export function followCounter(
  rule: { readonly name: string },
  cell: SignalCell | undefined,
  counter: Counter,
): FollowedCounter {
  function lose(at: number, step: Step, until?: number): void {
    if (counter.lose(at, until)) step.changed.add(rule.name);
  }

  return {
    counter,
    lose,
    restart(at, step) {
      lose(at, step);
      if (step.doubted) counter.loseTrack();
    },
    read(at, step) {
      if (cell === undefined || cell.fresh !== step.serial) return null;
      if (!cell.good) {
        lose(at, step);
        return null;
      }
      const wasBlind = counter.blindFrom !== null;
      const counted = counter.read(cell.value, step);
      if (wasBlind !== (counter.blindFrom !== null)) step.changed.add(rule.name);
      if (counted !== null && counted.moved > 0) step.moved.add(rule.name);
      return counted;
    },
    tell(counted, at, step) {
      const kind = EVENT[counted.kind];
      if (kind !== undefined) tell(step, rule, at, kind, counted.words ?? '');
    },
  };
}

const EVENT: Partial<Record<Counted['kind'], RuleEvent['kind']>> = {
  first_sight: 'first_sight',
  rollover: 'rollover',
  reset: 'counter_reset',
  quarantine: 'quarantined',
};
