import type { z } from 'zod';
import type { CompiledRule } from '../program.ts';
import type { Rule } from '../schema.ts';
import { cyclesKind } from './cycles.ts';
import { dispatchKind } from './dispatch.ts';
import type { RuleKind } from './kind.ts';
import { productionKind } from './production.ts';

/** Every kind of rule. */
export const RULE_KINDS = { dispatch: dispatchKind, cycles: cyclesKind, production: productionKind } as const;

/** What is stored of a rule, of whichever kind. */
export type AnyState = z.infer<(typeof RULE_KINDS)[CompiledRule['kind']]['state']>;

/** The kind as code that handles all of them sees it: a rule and a state given to it are of this kind. */
export function ruleKind(kind: CompiledRule['kind']): RuleKind<CompiledRule, AnyState> {
  return RULE_KINDS[kind] as unknown as RuleKind<CompiledRule, AnyState>;
}

/** The kind of a rule as it is written: it has the section of one kind. */
export function writtenKind(rule: Rule): CompiledRule['kind'] {
  const kind = ALL_KINDS.find(name => rule[name] !== undefined);
  if (kind === undefined) throw new Error('a rule without a kind passed the schema');
  return kind;
}

const ALL_KINDS = Object.values(RULE_KINDS).map(({ kind }) => kind);
