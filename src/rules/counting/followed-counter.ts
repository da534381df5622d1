import type { SignalCell } from '../common/signal-table.ts';
import { report, type Step } from '../common/step.ts';
import type { RuleEvent } from '../program.ts';
import type { Counted } from './counter-track.ts';
import type { Counter } from './counters.ts';

/** A counter, and the signal from which one rule reads it. It is part of the rule state, so each method takes the step. */
export interface FollowedCounter {
  readonly counter: Counter;
  /** The movements of the reading of this step, oldest first; empty: there is no reading, or no movement. */
  read(at: number, step: Step): readonly Counted[];
  /** Reports a reading that was more than a plain step. */
  report(counted: Counted, step: Step): void;
  /** When waiting counts are believed if no next reading comes; Infinity: none wait. */
  believedAt(): number;
  /** Believes the readings that wait for the next one; returns what they counted. */
  believeAll(step: Step): readonly Counted[];
  /** The signal is unknown from `at` on; `until` as a counter takes it. */
  lose(at: number, step: Step, until?: number): void;
  /** The process starts again; the signal is unknown since `at`. */
  restart(at: number, step: Step): void;
}

/**
 * Counts wait so long (ms) for the next reading, which is long enough for a slow poll. A subscribed counter that stands still sends none.
 */
const LONGEST_WAIT = 120_000;

/** `cell`: undefined when no source declares the signal; then there is never a reading. */
export function followCounter(
  rule: { readonly name: string },
  cell: SignalCell | undefined,
  counter: Counter,
): FollowedCounter {
  const { definition } = counter;
  const exactTo = definition.counter?.exactTo ?? Infinity;
  /** Reported since the start, so that a lasting problem is reported once. */
  let reportedUncountable = false;
  let reportedInexact = false;
  /** When the process started, until the first reading, which may take some time. */
  let unreadSince = -Infinity;

  function lose(at: number, step: Step, until?: number): void {
    if (counter.lose(at, until)) step.changed.add(rule.name);
  }

  /** Reports once that values can't be counted, until a value can be counted. */
  function reportUncountable({ refused }: SignalCell, at: number, step: Step): void {
    if (refused !== null && !reportedUncountable)
      report(step, rule, at, 'not_counted', `${definition.name} can't be counted: ${refused}`, {
        signal: definition.name,
      });
    reportedUncountable = refused !== null;
  }

  function reportInexact(value: SignalCell['value'], at: number, step: Step): void {
    if (reportedInexact || (typeof value !== 'number' && typeof value !== 'bigint') || value < exactTo) return;
    reportedInexact = true;
    const words = `${definition.name} is at ${value}: from ${exactTo} on a 32-bit float can't count by ones, so counts are missing; let the PLC count in a 32-bit integer`;
    report(step, rule, at, 'not_counted', words, { signal: definition.name });
  }

  return {
    counter,
    lose,
    restart(at, step) {
      reportedUncountable = false;
      reportedInexact = false;
      unreadSince = step.at;
      lose(at, step);
      if (step.doubted) counter.loseTrack();
    },
    read(at, step) {
      if (cell === undefined || cell.fresh !== step.serial) return NOTHING;
      reportUncountable(cell, at, step);
      if (!cell.good) {
        lose(at, step);
        return NOTHING;
      }
      reportInexact(cell.value, at, step);
      const { blindFrom, doubts } = counter;
      const counted = counter.read(cell.value, step, at);
      const isBlind = counter.blindFrom !== null;
      if (!isBlind) unreadSince = -Infinity;
      if (isBlind !== (blindFrom !== null) || counter.doubts !== doubts) step.changed.add(rule.name);
      if (counted.some(({ moved }) => moved > 0)) step.moved.add(rule.name);
      return counted;
    },
    report(counted, step) {
      const kind = EVENT[counted.kind];
      if (kind !== undefined) report(step, rule, counted.at, kind, counted.words ?? '', { signal: definition.name });
    },
    believedAt() {
      const { waiting } = counter;
      return waiting === null ? Infinity : Math.max(waiting.at, unreadSince) + LONGEST_WAIT;
    },
    believeAll(step) {
      const counted = counter.believeAll();
      if (counted.length > 0) step.changed.add(rule.name);
      return counted;
    },
  };
}

const NOTHING: readonly never[] = [];

const EVENT: Partial<Record<Counted['kind'], RuleEvent['kind']>> = {
  first_sight: 'first_sight',
  rollover: 'rollover',
  reset: 'counter_reset',
  quarantine: 'quarantined',
  wrong_reading: 'wrong_reading',
};
