import type { Action, ActionKind, ActionParams } from '../actions/action.ts';
import { ageWords } from './common/rule-words.ts';
import type { CodeOf, OccasionalCalls, RuleCodes, RuleWarning, UnreadRule } from './kinds/kind.ts';
import { RULE_KINDS, type RuleKindName, ruleKind } from './kinds/registry.ts';
import type { CompiledRule } from './program.ts';
import { defaultsFor, type RuleDefaults } from './schema.ts';

export type { RuleCodes } from './kinds/kind.ts';
export type { RuleKindName } from './kinds/registry.ts';

/** What other rooms ask of rules, whatever their kind. */

/** The keys of a rule that say what it does, with the key below that names its machine or line. */
export const RULE_TARGETS = RULE_KINDS.map(({ kind, target }) => ({ kind, target }));

/** The keys of a rule that hold a condition. */
export const CONDITION_KEYS = RULE_KINDS.flatMap(({ conditions = [] }) => conditions);

/** The kinds whose stored state goes on from what a counter showed. */
export const COUNTING_KINDS: readonly string[] = RULE_KINDS.filter(({ countsOn }) => countsOn).map(({ kind }) => kind);

/** For `check`: what a rule sends, and when. */
export function describeRule(rule: CompiledRule): { readonly what: string; readonly when: string } {
  return ruleKind(rule.kind).describe(rule);
}

const IN_DOUBT: Readonly<Record<Exclude<CompiledRule['onUnknown'], 'park'>, string>> = {
  repeat: 'nobody knows whether L2L took a call: it is sent again, and may be in L2L twice',
  drop: 'nobody knows whether L2L took a call: it is not sent again, and may be missing in L2L',
};

/** For `check`: what a rule does otherwise than `defaults:` and this version say, in plain words; empty for most. */
export function ruleNotes(rule: CompiledRule, defaults: RuleDefaults): readonly string[] {
  const { kind, renamedFrom, onUnknown, maxAge } = rule;
  const { notes } = ruleKind(kind);
  return [
    ...(renamedFrom === null ? [] : [`keeps the state of its former name ${renamedFrom}`]),
    ...(notes?.(rule, defaultsFor(kind, defaults)) ?? (maxAge === null ? [] : [ageWords(maxAge)])),
    ...(onUnknown === 'park' ? [] : [IN_DOUBT[onUnknown]]),
  ];
}

/** For `check`: what `defaults:` changes for the rules of each kind that there is, in plain words. */
export function defaultNotes(
  rules: readonly CompiledRule[],
  defaults: RuleDefaults,
): readonly { readonly kind: RuleKindName; readonly notes: readonly string[] }[] {
  return kindsOf(rules)
    .map(({ kind, defaultNotes: notesOf }) => ({ kind, notes: notesOf?.(defaultsFor(kind, defaults)) ?? [] }))
    .filter(({ notes }) => notes.length > 0);
}

/** The warnings of rules, those of each kind together. */
export function ruleWarnings(
  rules: readonly CompiledRule[],
): readonly (readonly { readonly rule: string; readonly warning: RuleWarning }[])[] {
  return RULE_KINDS.map(({ kind, warning: warningOf }) =>
    rules
      .filter(rule => rule.kind === kind)
      .flatMap(rule => {
        const warning = warningOf?.(rule);
        return warning ? [{ rule: rule.name, warning }] : [];
      }),
  );
}

/** The rules that do less, or nothing, where the gateway may not read L2L. */
export function rulesWithoutReads(rules: readonly CompiledRule[]): readonly (UnreadRule & { readonly rule: string })[] {
  return rules.flatMap(rule => {
    const unread = ruleKind(rule.kind).withoutReads?.(rule);
    return unread ? [{ ...unread, rule: rule.name }] : [];
  });
}

/** Calls per hour of rules of one kind, whatever the plant does. */
export function callsPerHour(kind: RuleKindName, rules: readonly CompiledRule[]): number {
  return ruleKind(kind).callsPerHour?.(rules.filter(rule => rule.kind === kind)) ?? 0;
}

/** The calls of the rules that make them when something happens. */
export function occasionalCalls(rules: readonly CompiledRule[]): readonly OccasionalCalls[] {
  return kindsOf(rules).flatMap(({ occasionalCalls }) => occasionalCalls ?? []);
}

/** The codes that a rule sends to L2L. */
export function codesOfRule(rule: CompiledRule): RuleCodes {
  return ruleKind(rule.kind).codes(rule);
}

/** A counter that is sent to L2L twice: for a machine by one rule, and for a line by another. */
export type CountedTwice = {
  readonly counter: string;
  readonly ofMachine: CompiledRule;
  readonly ofLine: CompiledRule;
};

export function countedTwice(rules: readonly CompiledRule[]): readonly CountedTwice[] {
  const counts = (target: 'machine' | 'line') =>
    rules.flatMap(rule => {
      const { counted, target: own } = ruleKind(rule.kind);
      return counted && own === target ? [{ rule, counter: counted(rule) }] : [];
    });
  const lines = Map.groupBy(counts('line'), ({ counter }) => counter);
  return counts('machine').flatMap(({ rule, counter }) =>
    (lines.get(counter) ?? []).map(({ rule: ofLine }) => ({ counter, ofMachine: rule, ofLine })),
  );
}

/** The params of an action that the rule made, with the codes it has now; undefined: it makes no such action. */
export function recodedBy(
  rule: CompiledRule,
  action: Pick<Action, 'kind' | 'params'>,
  codeOf: CodeOf,
): ActionParams[ActionKind] | undefined {
  return ruleKind(rule.kind).recode(rule, action, codeOf);
}

/** The kinds of which there is a rule. */
function kindsOf(rules: readonly CompiledRule[]) {
  return RULE_KINDS.filter(({ kind }) => rules.some(rule => rule.kind === kind));
}
