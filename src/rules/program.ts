import type { Action, CauseValue, Mode } from '../actions/action.ts';
import type { Place } from '../core/errors.ts';
import type { DecisionKind } from '../core/rule-decision.ts';
import type { SampleBatch, SignalDefinition, SourceState, Value } from '../core/sample.ts';
import type { CompiledRule } from './kinds/registry.ts';

export type { CompiledRule } from './kinds/registry.ts';

/** The result of a condition. `unknown` never opens and never closes anything. */
export type Truth = boolean | 'unknown';

/** What rules can read: the last good value of a signal, or undefined while it is unknown. */
export interface WorldScope {
  /** Value of a signal while its quality is good; undefined: unknown. */
  value(signal: string): Value | undefined;
  /** `good(x)`: never unknown. */
  good(signal: string): boolean;
  /** `NAME.connected`: never unknown. */
  connected(source: string): boolean;
  /** `rule.active`: never unknown. */
  active(rule: string): boolean;
}

/** What the expressions of one rule can read. Each rule has its own time after which a signal stands still. */
export interface ExpressionScope extends WorldScope {
  /** `still(x)`: undefined while x is unknown. */
  still(signal: string): boolean | undefined;
}

/** A compiled condition. Its references are complete: nothing else changes its result. */
export type Condition = {
  readonly text: string;
  readonly place: Place;
  /** Every signal named, also the ones inside `good()` and `still()`. */
  readonly signals: readonly string[];
  readonly still: readonly string[];
  readonly sources: readonly string[];
  readonly rules: readonly string[];
  evaluate(scope: ExpressionScope): Truth;
  /** The parts that decide its result now: the smallest ones that are true, false or unknown as the whole is. */
  explain(scope: ExpressionScope): readonly Part[];
};

/** A part of a condition that holds no `and` or `or`: `press1.running`, `oven2.temp > 80`. */
export type Part = {
  /** As it is written. */
  readonly text: string;
  readonly truth: Truth;
  readonly operands: readonly PartOperand[];
};

/** `value` undefined: unknown. `signal` null: a source or a rule, which are never unknown. */
export type PartOperand = {
  readonly name: string;
  readonly value: Value | undefined;
  readonly signal: string | null;
};

/** A compiled text with `{{ … }}` parts. They are filled in with the last good values when an action is made. */
export type Template = {
  readonly text: string;
  readonly signals: readonly string[];
  /** A part whose signal never was good prints as `unknown`. */
  render(lastGood: (signal: string) => Value | undefined): string;
};

/** A compiled text that gives a code, or why there is none (a lookup without that key). */
export type CodeTemplate = {
  readonly text: string;
  readonly signals: readonly string[];
  /** Every code that it can give. null: the value of a signal is a part of the code, so the config does not show them. */
  readonly codes: readonly string[] | null;
  /** Where one of `codes` is written, if not in the rule itself. */
  placeOf?(code: string): Place | undefined;
  resolve(lastGood: (signal: string) => Value | undefined): { readonly code: string } | { readonly missing: string };
};

/** What a compiled rule of every kind has. */
export type RuleBase = {
  readonly name: string;
  readonly place: Place;
  /** An action that is older than this (ms) is not sent any more; null: there is no limit. */
  readonly maxAge: number | null;
  /** What happens when nobody can say whether L2L took a call. */
  readonly onUnknown: 'park' | 'repeat' | 'drop';
  /** Its former name: the rule goes on from the state that is stored under it. */
  readonly renamedFrom: string | null;
};

/** Everything that the engine needs. A rule stands behind the rules whose `.active` it reads. */
export type Program = {
  readonly rules: readonly CompiledRule[];
  readonly signals: ReadonlyMap<string, SignalDefinition>;
  readonly sources: readonly string[];
  readonly mode: Mode;
  /** A pause longer than this makes a running delay start anew (ms). */
  readonly freezeLimit: number;
};

/** What the engine receives. Each input has its time (ms since 1970), because the engine has no clock. */
export type EngineInput =
  | { readonly kind: 'samples'; readonly batch: SampleBatch }
  | { readonly kind: 'source'; readonly source: string; readonly state: SourceState; readonly at: number }
  | { readonly kind: 'tick'; readonly at: number }
  /** After a start: nothing is known since `lastAlive`. */
  | { readonly kind: 'restart'; readonly at: number; readonly lastAlive: number; readonly doubted?: boolean }
  /** The process stood still: nothing was seen from `from` on; values are up to date again at `to`. */
  | { readonly kind: 'standstill'; readonly from: number; readonly to: number }
  /** A person ended the dispatch of this episode at `at`, before its condition cleared. `byL2l`: `at` is a time of L2L. It may come twice. */
  | { readonly kind: 'closed_by_person'; readonly chain: string; readonly at: number; readonly byL2l?: boolean };

/** What happened in a rule, for the journal, the pages and the log. */
export type RuleEvent = {
  readonly rule: string;
  readonly at: number;
  readonly kind:
    | DecisionKind
    // These come with an action, which is recorded itself.
    | 'activated'
    | 'cleared'
    | 'counted'
    | 'interval_closed';
  readonly detail: string;
  /** The values of the signals that decided. */
  readonly values?: readonly CauseValue[];
  /** How long the condition held (ms). */
  readonly lasted?: number;
  /** The counter that it is about. */
  readonly signal?: string;
  /** The production line that it is about. */
  readonly line?: string;
  /** Key of the action that was made. */
  readonly action?: string;
};

/** The result of an input. */
export type StepResult = {
  readonly events: readonly RuleEvent[];
  readonly actions: readonly Action[];
  /** Rules whose state changed and has to be in the next group commit. */
  readonly changed: readonly string[];
  /** Rules of which only a counter's raw value moved. Their commit may wait for up to 1 s. */
  readonly moved: readonly string[];
  /** Removed rules that have nothing left to do: their state is deleted in the next group commit. */
  readonly forgotten: readonly string[];
  /** When to send a tick at the latest; null: nothing is waiting. */
  readonly wakeAt: number | null;
};
