import type { z } from 'zod';
import type { TimeShift } from '../../core/time-shift.ts';
import type { RuleMachine } from '../engine/rule-machine.ts';
import type { SignalCell } from '../engine/signal-table.ts';
import type { Step } from '../engine/step.ts';
import type { CompiledRule, WorldScope } from '../program.ts';

/** Which signals, sources and rules a rule depends on, each named once. */
export type RuleReferences = {
  /** The rule has to look when one of these changes. */
  readonly conditions: readonly string[];
  /** The rule has to look at every reading of these. */
  readonly counters: readonly string[];
  /** All signals it names, those of its texts included. */
  readonly signals: readonly string[];
  readonly sources: readonly string[];
  readonly rules: readonly string[];
};

/** What a rule is made of when the gateway starts. */
export type RuleParts<R, S> = {
  readonly rule: R;
  /** The signals it names. */
  readonly cells: ReadonlyMap<string, SignalCell>;
  readonly world: WorldScope;
  /** What an earlier process left; null: it begins anew. */
  readonly restored: S | null;
};

/** A kind of rule once it is compiled: how it runs, what it keeps, and what becomes of that. Its methods are pure but for `create`. */
export interface RuleKind<R extends CompiledRule, S> {
  readonly kind: R['kind'];
  /** What is stored of it. */
  readonly state: z.ZodType<S>;
  /** What it names, in the order it is written. */
  references(rule: R): RuleReferences;
  /** The rule's state machine. Throws StartError for a signal that no source declares. */
  create(parts: RuleParts<R, S>): RuleMachine;
  /** A state as this version writes it. `rule`: who left it. Left out: it is so already. */
  upgrade?(rule: string, state: S): S;
  /** After the gateway's clock was corrected. `sentMoves`: what was sent by that clock waited for this, and moves along. */
  shift(state: S, shift: TimeShift, sentMoves: boolean): S;
  /** Without what a clock stamped after `from` (ms since 1970) that nobody can correct any more. null: all of it stays. */
  forget?(state: S, from: number): S | null;
  /** Whether its state is kept and shown after the rule was removed. Left out: never. */
  isKept?(state: S): boolean;
  /**
   * Ends what a rule left that is not configured any more, or is one of another kind now: nothing it counted stays unsent, and its
   * episode is over. Nothing is known since `lastAlive` (ms since 1970).
   */
  end(rule: string, state: S, lastAlive: number, at: number, step: Step): void;
}

export function once(names: Iterable<string>): string[] {
  return [...new Set(names)];
}
