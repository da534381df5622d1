import type { Action, Mode } from '../../actions/action.ts';
import type { SampleBatch } from '../../core/sample.ts';
import type { Program, RuleEvent, StepResult } from '../program.ts';

/** What a step knows and collects while the rules look at it. One object for the life of an engine. */
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
  /** A source was stopped by the gateway, which ends: that is nothing a rule has to explain. */
  ending: boolean;
  /** The gateway's clock is not believed: how long it was away before its start is not known. */
  doubted: boolean;
  readonly mode: Mode;
  readonly freezeLimit: number;
  readonly events: RuleEvent[];
  readonly actions: Action[];
  readonly changed: Set<string>;
  readonly moved: Set<string>;
  readonly forgotten: Set<string>;
};

/** The step of an engine that received nothing yet. */
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
    ending: false,
    doubted: false,
    mode,
    freezeLimit,
    events: [],
    actions: [],
    changed: new Set(),
    moved: new Set(),
    forgotten: new Set(),
  };
}

/** Reports for people what happened with a rule; its state has changed then. */
export function report(
  step: Step,
  rule: { readonly name: string },
  at: number,
  kind: RuleEvent['kind'],
  detail: string,
  more: EventDetails = {},
): void {
  note(step, rule, at, kind, detail, more);
  step.changed.add(rule.name);
}

export type EventDetails = Pick<RuleEvent, 'values' | 'lasted' | 'signal' | 'line' | 'action'>;

/** Notes what happened with a rule whose state stays as it is: it is recorded with the next commit and asks for none. */
export function note(
  step: Step,
  rule: { readonly name: string },
  at: number,
  kind: RuleEvent['kind'],
  detail: string,
  more: EventDetails = {},
): void {
  step.events.push({ rule: rule.name, at, kind, detail, ...more });
}

/** What the steps since the last call came to; the step collects anew. */
export function takeResult(step: Step, wakeAt: number | null): StepResult {
  return {
    events: step.events.length > 0 ? step.events.splice(0) : NOTHING,
    actions: step.actions.length > 0 ? step.actions.splice(0) : NOTHING,
    changed: take(step.changed),
    moved: take(step.moved),
    forgotten: take(step.forgotten),
    wakeAt,
  };
}

const NOTHING: readonly never[] = [];

function take(names: Set<string>): readonly string[] {
  if (names.size === 0) return NOTHING;
  const list = [...names];
  names.clear();
  return list;
}
