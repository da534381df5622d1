import type { Action, CauseValue, Mode } from '../actions/action.ts';
import type { Place } from '../core/errors.ts';
import type { DecisionKind } from '../core/rule-decision.ts';
import type { SampleBatch, SignalDefinition, SourceState, Value } from '../core/sample.ts';
import type { CompiledRule } from './kinds/registry.ts';

export type { CompiledRule } from './kinds/registry.ts';

/** What an expression comes to. `unknown` never opens and never closes anything. */
export type Truth = boolean | 'unknown';

/** How rules read their world: the last good value, or undefined while it is unknown. */
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

/** How the expressions of one rule read it: whether a signal stands still is for each rule to say. */
export interface ExpressionScope extends WorldScope {
  /** `still(x)`: undefined while x is unknown. */
  still(signal: string): boolean | undefined;
}

/** A compiled condition. References are complete: nothing else changes its outcome. */
export type Condition = {
  readonly text: string;
  readonly place: Place;
  /** Every signal named, also the ones inside `good()` and `still()`. */
  readonly signals: readonly string[];
  readonly still: readonly string[];
  readonly sources: readonly string[];
  readonly rules: readonly string[];
  evaluate(scope: ExpressionScope): Truth;
  /** The parts that decide what it comes to now: the smallest ones that are true, false or unknown as the whole is. */
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

/** A compiled text with `{{ … }}` parts, evaluated when an action is made, from last good values. */
export type Template = {
  readonly text: string;
  readonly signals: readonly string[];
  /** Last good values; a part whose signal never was good prints as `unknown`. */
  render(lastGood: (signal: string) => Value | undefined): string;
};

/** Resolves to a code, or to why there is none (a lookup without that key): such an interval is parked, never sent. */
export type CodeTemplate = {
  readonly text: string;
  readonly signals: readonly string[];
  /** Every code it can resolve to, as far as the config shows it; null: the value of a signal is a part of the code. */
  readonly codes: readonly string[] | null;
  resolve(lastGood: (signal: string) => Value | undefined): { readonly code: string } | { readonly missing: string };
};

/** What the rules of every kind have. */
export type RuleBase = {
  readonly name: string;
  readonly place: Place;
  /** What it has to send is not sent for the first time when it is older than this (ms); null: however old. */
  readonly maxAge: number | null;
  /** When nobody can say whether L2L took a call. */
  readonly onUnknown: 'park' | 'repeat' | 'drop';
  /** The name it had before: its state goes on from that rule's. */
  readonly renamedFrom: string | null;
};

/** Everything the engine needs, resolved and indexed once. Rules stand in order of dependence (`other.active` before its reader). */
export type Program = {
  readonly rules: readonly CompiledRule[];
  readonly signals: ReadonlyMap<string, SignalDefinition>;
  readonly sources: readonly string[];
  readonly mode: Mode;
  /** A pause longer than this makes a running delay start anew (ms). */
  readonly freezeLimit: number;
};

/** What the engine receives. Every input carries its time (ms since 1970); the engine has no clock. */
export type EngineInput =
  | { readonly kind: 'samples'; readonly batch: SampleBatch }
  | { readonly kind: 'source'; readonly source: string; readonly state: SourceState; readonly at: number }
  | { readonly kind: 'tick'; readonly at: number }
  /** After a start: nothing is known since `lastAlive`. */
  | { readonly kind: 'restart'; readonly at: number; readonly lastAlive: number; readonly doubted?: boolean }
  /** The process stood still: nothing was seen from `from` on; values are up to date again at `to`. */
  | { readonly kind: 'standstill'; readonly from: number; readonly to: number }
  /** A person ended the dispatch of this episode at `at`, before its condition cleared. `byL2l`: L2L says when. May come more than once. */
  | { readonly kind: 'closed_by_person'; readonly chain: string; readonly at: number; readonly byL2l?: boolean };

/** What happened in a rule, for the journal, the pages and the log. */
export type RuleEvent = {
  readonly rule: string;
  readonly at: number;
  readonly kind:
    | DecisionKind
    // An action says these too.
    | 'activated'
    | 'cleared'
    | 'counted'
    | 'interval_closed';
  readonly detail: string;
  /** What the signals that decided showed. */
  readonly values?: readonly CauseValue[];
  /** How long the condition held (ms). */
  readonly lasted?: number;
  /** The counter it is of. */
  readonly signal?: string;
  /** The production line it is of. */
  readonly line?: string;
  /** Key of the action that comes of it. */
  readonly action?: string;
};

/** What an input came to. */
export type StepResult = {
  readonly events: readonly RuleEvent[];
  readonly actions: readonly Action[];
  /** Rules whose state changed and has to be in the next group commit. */
  readonly changed: readonly string[];
  /** Rules of which only a counter's raw value moved: may be committed lazily (≤ 1 s). */
  readonly moved: readonly string[];
  /** Rules that are not configured any more and done with: their state is deleted in the next group commit. */
  readonly forgotten: readonly string[];
  /** When to send a tick at the latest; null: nothing is waiting. */
  readonly wakeAt: number | null;
};
