import type { z } from 'zod';
import { closeKind } from './close.ts';
import { cyclesKind } from './cycles.ts';
import { dispatchKind } from './dispatch.ts';
import type { RuleKind } from './kind.ts';
import { productionKind } from './production.ts';

/** Every kind of rule. A new one is a file beside this one and a line here. */
const KINDS = [dispatchKind, closeKind, cyclesKind, productionKind] as const;

type Kinds = (typeof KINDS)[number];
type PartsOf<Kind> =
  Kind extends RuleKind<infer R, infer S, infer Section, infer Keys, infer Defaults>
    ? { rule: R; state: S; section: Section; keys: Keys; defaults: Defaults }
    : never;

export type RuleKindName = Kinds['kind'];
export type CompiledRule = PartsOf<Kinds>['rule'];
/** What is stored of a rule, of whichever kind. */
export type AnyState = PartsOf<Kinds>['state'];

/** The sections of a rule: it has one of them. */
export type Sections = { readonly [Kind in Kinds as Kind['kind']]: z.ZodOptional<Kind['section']> };
/** What the kinds have in a rule beside their section. */
export type SectionKeys = All<PartsOf<Kinds>['keys']>;
export type KindDefaults = {
  readonly [Kind in Kinds as DefaultsOf<Kind> extends z.ZodNever ? never : Kind['kind']]: z.ZodOptional<
    DefaultsOf<Kind>
  >;
};
type DefaultsOf<Kind> = PartsOf<Kind>['defaults'];
/** A type that has all that the members of a union have. */
type All<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer Every) => void
  ? Every
  : never;

/** A kind as code that handles all of them sees it: a rule, a section and a state given to it are of this kind. */
export type AnyRuleKind = RuleKind<CompiledRule, AnyState, z.ZodType, z.ZodRawShape, z.ZodType>;

export const RULE_KINDS = KINDS as unknown as readonly AnyRuleKind[];

/** The kinds of which conditions may ask for `NAME.active`. */
export const KINDS_WITH_ACTIVE: readonly string[] = RULE_KINDS.filter(({ hasActive }) => hasActive).map(
  ({ kind }) => kind,
);

export function ruleKind(name: RuleKindName): AnyRuleKind {
  const found = RULE_KINDS.find(({ kind }) => kind === name);
  if (!found) throw new Error(`no kind of rule is named ${name}`);
  return found;
}
