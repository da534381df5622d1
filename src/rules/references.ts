import type { RuleReferences } from './kinds/kind.ts';
import { ruleKind } from './kinds/registry.ts';
import type { CompiledRule } from './program.ts';

export type { RuleReferences } from './kinds/kind.ts';

/** What a rule names, in the order it is written. */
export function referencesOf(rule: CompiledRule): RuleReferences {
  return ruleKind(rule.kind).references(rule);
}
