import type { Action, ActionKind, ActionParams } from '../actions/action.ts';
import type { CodeOf } from './kinds/kind.ts';
import { RULE_KINDS, ruleKind } from './kinds/registry.ts';
import type { CompiledRule } from './program.ts';

export type RuleKindName = CompiledRule['kind'];

/** The keys of a rule that say what it does, with the key below that names its machine or line. */
export const RULE_TARGETS = Object.values(RULE_KINDS).map(({ kind, target }) => ({ kind, target }));

/** For `check`: what a rule sends, and when. */
export function describeRule(rule: CompiledRule): { readonly what: string; readonly when: string } {
  return ruleKind(rule.kind).describe(rule);
}

/** Calls per hour of the rules of a kind, whatever the machines do; null: nobody knows. */
export function callsPerHour(kind: RuleKindName, rules: readonly CompiledRule[]): number | null {
  return ruleKind(kind).callsPerHour?.(rules.filter(rule => rule.kind === kind)) ?? null;
}

/** The params of an action that the rule made, with the codes it has now; undefined: it makes no such action. */
export function recodedBy(
  rule: CompiledRule,
  action: Pick<Action, 'kind' | 'params'>,
  codeOf: CodeOf,
): ActionParams[ActionKind] | undefined {
  return ruleKind(rule.kind).recode(rule, action, codeOf);
}
