import type { z } from 'zod';
import type { CompiledRule } from '../program.ts';
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
