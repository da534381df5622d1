import type { z } from 'zod';
import type { Action, ActionKind, ActionParams } from '../../actions/action.ts';
import type { TimeShift } from '../../core/time-shift.ts';
import type { RuleMachine } from '../common/rule-machine.ts';
import type { SignalCell } from '../common/signal-table.ts';
import type { Step } from '../common/step.ts';
import type { Resolver } from '../compile/resolve.ts';
import type { CodeTemplate, CompiledRule, WorldScope } from '../program.ts';
import type { Rule, RuleDefaults } from '../schema.ts';

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

/** What every kind of rule has. */
export type RuleBase = Pick<CompiledRule, 'name' | 'place' | 'maxAge' | 'onUnknown' | 'renamedFrom'>;

/** What a rule claims for itself alone in L2L: two rules with the same claim are a conflict, and the later one is refused. */
export type Claim = {
  readonly claim: string;
  /** Rules may share the claim while they agree in this. Left out: they may not share it. */
  readonly agreed?: string;
  readonly key: readonly string[];
  /** What is wrong; OTHER is the earlier rule, AGREED is what that one has. */
  readonly words: string;
};

/** What a template gives by the values that an action kept; undefined: it kept too few. */
export type CodeOf = (template: CodeTemplate) => { readonly code: string | null } | undefined;

/** What a rule is made of when the gateway starts. */
export type RuleParts<R, S> = {
  readonly rule: R;
  /** The signals it names. */
  readonly cells: ReadonlyMap<string, SignalCell>;
  readonly world: WorldScope;
  /** What an earlier process left; null: it begins anew. */
  readonly restored: S | null;
};

/** A kind of rule: how it is compiled and run, what it keeps, and what becomes of that. Its methods are pure but for `create`. */
export interface RuleKind<R extends CompiledRule, S> {
  readonly kind: R['kind'];
  /** Its field with the code of the machine or line. */
  readonly target: 'machine' | 'line';
  /** From the config; undefined: the resolver has noted what is wrong with it. */
  compile(base: RuleBase, rule: Rule, defaults: RuleDefaults, resolver: Resolver): R | undefined;
  /** What the rule, as it is written, claims for itself alone. Left out: nothing. */
  claims?(rule: Rule): readonly Claim[];
  /** For `check`: what it sends, and when. */
  describe(rule: R): { readonly what: string; readonly when: string };
  /** Calls per hour of all rules of this kind, whatever the machines do. Left out: nobody knows. */
  callsPerHour?(rules: readonly R[]): number;
  /** The params of an action that it made, with the codes it has now; undefined: it makes no such action. */
  recode(rule: R, action: Pick<Action, 'kind' | 'params'>, codeOf: CodeOf): ActionParams[ActionKind] | undefined;
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

export const HOUR = 3_600_000;
