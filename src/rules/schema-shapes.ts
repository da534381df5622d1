import type { z } from 'zod';
import { type AnyRuleKind, RULE_KINDS } from './kinds/registry.ts';

const NAMES = RULE_KINDS.map(({ kind }) => kind);

/** The shapes of a rule, one for each kind, for the JSON Schema; `checkShape` says the same in words. */
export const RULE_SHAPES = RULE_KINDS.map(kind => {
  const foreign = foreignKeys(kind).map(({ key }) => ({ required: [key] }));
  return {
    required: [...Object.keys(kind.required ?? {}), kind.kind],
    ...(foreign.length > 0 && { not: { anyOf: foreign } }),
  };
});

/** Keys of a rule that is not built yet: its own error says enough. */
const OTHER_KINDS = ['changeover'] as const;

/** A rule does exactly one thing, and has the keys of that kind. */
export function checkShape(rule: object, context: z.RefinementCtx): void {
  const refuse = (message: string, path: string[] = [], about?: readonly string[]) =>
    context.addIssue({ code: 'custom', path, message, ...(about && { params: { about } }) });
  const kinds = RULE_KINDS.filter(({ kind }) => kind in rule);
  if (OTHER_KINDS.some(kind => kind in rule)) return;
  const [kind, second] = kinds;
  if (second) {
    const names = kinds.map(({ kind }) => kind).join(' and ');
    refuse(`a rule does one thing, this one has ${names}; make a rule of each`);
    return;
  }
  if (!kind) {
    // `about`: where another key stands for one of these, that is said and this is not.
    refuse(`this rule does nothing; write ${NAMES.slice(0, -1).join(', ')} or ${NAMES.at(-1)}`, [], NAMES);
    return;
  }
  for (const [key, words] of Object.entries(kind.required ?? {})) if (!(key in rule)) refuse(`${words}`, [key]);
  for (const { key, owner } of foreignKeys(kind)) {
    if (key in rule)
      refuse(`${key} belongs to ${owner} rules; a ${kind.kind} rule ${kind.withoutKeys ?? 'has no such key'}`, [key]);
  }
}

/** Keys that belong to other kinds, each once. One that is misplaced everywhere has its own error. */
function foreignKeys({ keys: own = {} }: AnyRuleKind): readonly { readonly key: string; readonly owner: string }[] {
  const owners = new Map<string, string[]>();
  for (const { kind: owner, keys = {} } of RULE_KINDS) {
    for (const [key, schema] of Object.entries(keys as z.ZodRawShape)) {
      if (key in own || (schema as z.ZodType).meta()?.notBuilt === true) continue;
      owners.set(key, [...(owners.get(key) ?? []), owner]);
    }
  }
  return [...owners].map(([key, names]) => ({ key, owner: names.join(' and ') }));
}
