import type { z } from 'zod';
import type { Action, ActionKind, ActionParams } from '../../actions/action.ts';
import type { TimeShift } from '../../core/time-shift.ts';
import type { RunningRule } from '../common/running-rule.ts';
import type { SignalCell } from '../common/signal-table.ts';
import type { Step } from '../common/step.ts';
import type { Resolver } from '../compile/resolve.ts';
import type { CodeTemplate, RuleBase, WorldScope } from '../program.ts';

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

/** The codes that a rule sends to L2L. Left out: it sends no such code. */
export type RuleCodes = {
  readonly machine?: string;
  readonly line?: string;
  readonly type?: string;
  /** null: L2L asks for one, and the rule has none. */
  readonly trade?: string | null;
  readonly reason?: CodeTemplate | null;
  /** null: L2L has to find it. */
  readonly product?: CodeTemplate | null;
};

/** The calls of rules that make them when something happens: nobody knows how often that is. */
export type OccasionalCalls = {
  /** What they make: `dispatches`. */
  readonly plural: string;
  /** Calls at most each time. */
  readonly most: number;
  /** Each time of what: `one that opens and closes`. */
  readonly each: string;
};

/** What is valid in a rule and rarely what was meant, at a key below the rule. */
export type RuleWarning = { readonly key: readonly string[]; readonly message: string };

/** What becomes of a rule where the gateway may not read L2L. `isWrong`: it can't do its work. */
export type UnreadRule = RuleWarning & { readonly isWrong: boolean };

/** What a rule is made of when the gateway starts. */
export type RuleParts<R, S> = {
  readonly rule: R;
  /** The signals it names. */
  readonly cells: ReadonlyMap<string, SignalCell>;
  readonly world: WorldScope;
  /** What an earlier process left; null: it begins anew. */
  readonly restored: S | null;
};

/** What a rule is compiled with, besides its section. */
export type CompileWith<Keys extends z.ZodRawShape, Defaults extends z.ZodType> = {
  /** The keys of this kind that stand beside the section. */
  readonly keys: z.output<z.ZodObject<Keys>>;
  /** What `defaults:` says for rules of this kind. */
  readonly defaults: z.output<Defaults> | undefined;
  readonly resolver: Resolver;
};

/** Of a kind that has no keys beside its section. */
export type NoKeys = Record<never, z.ZodType>;

/**
 * A kind of rule: how it is written, compiled and run, what it keeps, and what becomes of that. Its methods are pure but for `create`.
 * `R` is a compiled rule, `S` its stored state, `Section` what is written under the name of the kind, `Keys` what is written beside it,
 * `Defaults` what is written under the name of the kind in `defaults:`.
 */
export interface RuleKind<
  R extends RuleBase & { readonly kind: string },
  S extends { readonly kind: R['kind'] },
  Section extends z.ZodType,
  Keys extends z.ZodRawShape = NoKeys,
  Defaults extends z.ZodType = z.ZodNever,
> {
  /** Also the key of its section in a rule. */
  readonly kind: R['kind'];
  readonly section: Section;
  readonly keys?: Keys;
  /** The keys that must be there, each with what to write. */
  readonly required?: Readonly<Partial<Record<keyof Keys & string, string>>>;
  /** The keys that hold a condition. They are checked in a rule too of which the rest can't be read. */
  readonly conditions?: readonly (keyof Keys & string)[];
  /** A rule of this kind that replaces one that can't be read. Others may name it, and its conditions are those of that one. */
  readonly standIn?: { readonly keys: z.output<z.ZodObject<Keys>>; readonly section: z.output<Section> };
  /** Why a rule of this kind has none of the keys of the others: `always counts`. */
  readonly withoutKeys?: string;
  readonly defaults?: Defaults;
  /** The key of its section with the code of the machine or line. */
  readonly target: 'machine' | 'line';
  /** Whether conditions of other rules may ask for `NAME.active`. */
  readonly hasActive: boolean;
  /** undefined: the resolver has noted what is wrong. */
  compile(base: RuleBase, section: z.output<Section>, using: CompileWith<Keys, Defaults>): R | undefined;
  /** What the rule, as it is written, claims for itself alone. Left out: nothing. */
  claims?(section: z.output<Section>): readonly Claim[];
  /** For `check`: what it sends, and when. */
  describe(rule: R): { readonly what: string; readonly when: string };
  /** For `check`: what it does otherwise than most, in plain words. Left out: only what its `max_age` says. */
  notes?(rule: R, defaults: z.output<Defaults> | undefined): readonly string[];
  /** For `check`: what `defaults:` changes for every rule of this kind, in plain words. Left out: nothing. */
  defaultNotes?(defaults: z.output<Defaults> | undefined): readonly string[];
  /** For `check` and the log at the start. Left out: there is nothing to warn of. */
  warning?(rule: R): RuleWarning | undefined;
  /** Where the gateway may not read L2L. Left out: the rule does its work all the same. */
  withoutReads?(rule: R): UnreadRule | undefined;
  /** Calls per hour of all rules of this kind, whatever the plant does. Left out: none. */
  callsPerHour?(rules: readonly R[]): number;
  readonly occasionalCalls?: OccasionalCalls;
  codes(rule: R): RuleCodes;
  /** The counter whose counts it sends. Left out: it counts nothing. */
  counted?(rule: R): string;
  /** The params of an action that it made, with the codes it has now; undefined: it makes no such action. */
  recode(rule: R, action: Pick<Action, 'kind' | 'params'>, codeOf: CodeOf): ActionParams[ActionKind] | undefined;
  /** What is stored of it. */
  readonly state: z.ZodType<S>;
  /** Whether the state goes on from what a counter showed. In a copied journal nobody knows what was counted since, and it is dropped. */
  readonly countsOn: boolean;
  /** What it names, in the order it is written. */
  references(rule: R): RuleReferences;
  /** Starts the rule. Throws StartError for a signal that no source declares. */
  create(parts: RuleParts<R, S>): RunningRule;
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
