import type { Action, Mode } from '../../actions/action.ts';
import type { SampleBatch } from '../../core/sample.ts';
import type { Program, RuleEvent, StepResult } from '../program.ts';

/** The input of a step, and the results of the rules. One object for the life of an engine. */
export type Step = {
  /** Rises with every step: a cell whose `fresh` is this serial got a sample in it. */
  serial: number;
  /** Event time of the input (ms since 1970); a rule's own time may be later. */
  at: number;
  /** How far the clock of the current rule is behind the gateway's (ms). A rule goes by the clock of its first signal. */
  lag: number;
  /** From the time of the current rule to the time by the clock of the input (ms); 0: it is the same clock. */
  shift: number;
  time: SampleBatch['time'];
  retained: boolean;
  /** The values of this step also held while they were unknown. */
  kept: boolean;
  /** The samples come from a queue and have no time of their own, so nobody knows how old they are. */
  undated: boolean;
  /** The gateway ends and stopped the source. No rule has to explain that. */
  ending: boolean;
  /** The gateway's clock is not trusted, so the length of the absence before its start is unknown. */
  doubted: boolean;
  readonly mode: Mode;
  readonly freezeLimit: number;
  readonly events: RuleEvent[];
  readonly actions: Action[];
  readonly changed: Set<string>;
  readonly moved: Set<string>;
  readonly forgotten: Set<string>;
};

/** The step of an engine without any input yet. */
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

/** Reports an event of a rule whose state has changed. */
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

/** Reports an event of a rule whose state has not changed. It is recorded with the next commit, and causes none. */
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

/** The results of the steps since the last call. The step then collects from zero. */
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
