import { z } from 'zod';
import { StartError } from '../../core/errors.ts';
import { type AnyState, RULE_KINDS, ruleKind } from '../kinds/registry.ts';
import type { CompiledRule } from '../program.ts';

/** The state of a rule as an earlier process left it. */
export type StoredState = AnyState;

type Discriminable = Parameters<typeof z.discriminatedUnion>[1][number];

/** The states are objects with a literal `kind`, which their type does not say. */
const StoredState = z.discriminatedUnion(
  'kind',
  RULE_KINDS.map(({ state }) => state) as unknown as [Discriminable, ...Discriminable[]],
) as unknown as z.ZodType<AnyState>;

/** The state as it was written; undefined: no rule of this version wrote it. */
export function parseState(text: string): StoredState | undefined {
  return StoredState.safeParse(parse(text)).data;
}

/** The state as this version writes it; undefined: it can't read it. `rule`: who wrote it, maybe under a former name. */
export function readState(rule: string, text: string): StoredState | undefined {
  const state = parseState(text);
  return state && (ruleKind(state.kind).upgrade?.(rule, state) ?? state);
}

/** undefined: it is the state of another kind. Throws StartError for a state of this kind that this version can't read. */
export function readStateFor(rule: CompiledRule, stored: string, text: string): StoredState | undefined {
  const value = parse(text);
  const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
  if (kind !== rule.kind && typeof kind === 'string') return undefined;
  const state = readState(stored, text);
  if (state !== undefined) return state;
  throw new StartError(
    `the journal's state of rule ${stored} can't be read by this version; start the version that wrote it, or rename the rule to start from zero`,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The caller reports a text that is no JSON like a state of the wrong shape, with the rule's name.
    return undefined;
  }
}
