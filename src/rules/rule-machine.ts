import type { Action, Cause, CauseValue, Mode } from '../core/action.ts';
import { plainValue } from '../core/action.ts';
import type { SampleBatch } from '../core/sample.ts';
import type { Episode } from './episode.ts';
import type { CompiledRule, Program, RuleEvent } from './program.ts';
import type { SignalCell } from './signal-table.ts';

/** What a step knows and collects while the rules' machines look at it. One object for the life of an engine. */
export type Step = {
  /** Rises with every step: a cell whose `fresh` is this serial got a sample in it. */
  serial: number;
  /** Event time of the input (ms since 1970); a rule's own time may be later. */
  at: number;
  /** How far the time of the rule that looks is behind the gateway's (ms): it goes by the clock of its first signal. */
  lag: number;
  /** What is added to the time of the rule that looks for the time by the clock of what it is shown (ms); 0 by its own. */
  shift: number;
  time: SampleBatch['time'];
  retained: boolean;
  /** The values of this step held all the time that they were not seen. */
  kept: boolean;
  /** Queued messages without a time of their own are arriving: how long ago they happened is not known. */
  undated: boolean;
  readonly mode: Mode;
  readonly freezeLimit: number;
  readonly events: RuleEvent[];
  readonly actions: Action[];
  readonly changed: Set<string>;
  readonly moved: Set<string>;
  readonly forgotten: Set<string>;
};

export function createStep({ mode, freezeLimit }: Program): Step {
  return {
    serial: 0,
    at: 0,
    lag: 0,
    shift: 0,
    time: 'received',
    retained: false,
    kept: false,
    undated: false,
    mode,
    freezeLimit,
    events: [],
    actions: [],
    changed: new Set(),
    moved: new Set(),
    forgotten: new Set(),
  };
}

/**
 * One rule with its state, updated in place. Machines are deterministic and know no clock: all times handed in and out are
 * those of the clock the rule goes by, which may be behind the gateway's or ahead of it.
 */
export interface RuleMachine {
  readonly rule: CompiledRule;
  /** When `fire` wants to be called (ms since 1970); Infinity: not at all. */
  readonly due: number;
  /** `rule.active`. */
  readonly active: boolean;
  /** The open episode of a dispatch rule. */
  readonly episode: Episode | null;
  /** Looks at the signals as they are now. `at` may lie before the rule's own time, which never runs backwards. */
  evaluate(at: number, step: Step): void;
  /** Called when `due` has come, with that time. Afterwards `due` has moved or work has been taken off it. */
  fire(at: number, step: Step): void;
  /** Nothing was seen since `lastAlive`. */
  restart(lastAlive: number, at: number, step: Step): void;
  /** The process stood still: nothing was seen in between, and the last values hold again from `to` on. */
  standstill(from: number, to: number, step: Step): void;
  /** A person ended the dispatch of its open episode. */
  closedByPerson(at: number, step: Step): void;
  /** A source it reads began or ended catching up: event time stands still for it meanwhile. */
  hold(held: boolean, step: Step): void;
  /** The clock it goes by turned out to be so far behind the gateway's, whose time stood in for it since the start (ms). */
  setBack(lag: number): void;
  /** Its timers wait for signals not seen since the start, until `until` at the latest; -Infinity: no longer. */
  awaitSignals(until: number): void;
  /** Plain JSON; a machine made from it goes on as if nothing had happened. */
  state(): object;
  view(): RuleView;
}

/** A rule as the status page shows it. */
export type RuleView = {
  readonly rule: string;
  readonly kind: CompiledRule['kind'];
  /** inactive, pending, active, clearing; counting for the others. */
  readonly phase: string;
  /** Since when the phase's condition holds (ms since 1970). */
  readonly since: number | null;
  /** When it acts by itself next. */
  readonly due: number | null;
  /** Where it stands, in one plain sentence. */
  readonly text: string;
};

export function tell(
  step: Step,
  rule: { readonly name: string },
  at: number,
  kind: RuleEvent['kind'],
  detail: string,
): void {
  step.events.push({ rule: rule.name, at, kind, detail });
  step.changed.add(rule.name);
}

export function causeOf(rule: CompiledRule, cells: readonly SignalCell[], text: string): Cause {
  const values: CauseValue[] = cells.map(cell => ({
    signal: cell.definition.name,
    value: plainValue(cell.value),
    quality: cell.quality,
    at: cell.at,
  }));
  return { rule: rule.name, where: `${rule.place.file}:${rule.place.line}`, text, values };
}

/** The next multiple of `every` after `at`, counted from 1970: on the clock for every length that divides an hour. */
export function boundaryAfter(at: number, every: number): number {
  return (Math.floor(at / every) + 1) * every;
}
