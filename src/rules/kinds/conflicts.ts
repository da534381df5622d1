import { type Rule, type Rules, sectionOf } from '../schema.ts';
import type { Claim } from './kind.ts';

/** Two rules that would disturb each other in L2L. The later one is refused. */
export type Conflict = { readonly rule: string; readonly key: readonly string[]; readonly message: string };

/** Every pair of rules of which only one can be right [C4]. */
export function conflicts(rules: Rules): readonly Conflict[] {
  const owners = new Map<string, { readonly rule: string; readonly agreed: string | undefined }>();
  const found: Conflict[] = [];
  for (const [rule, written] of Object.entries(rules)) {
    for (const { claim, agreed, key, words } of claimsOf(written)) {
      const owner = owners.get(claim);
      if (!owner) owners.set(claim, { rule, agreed });
      else if (agreed === undefined || owner.agreed !== agreed) {
        const message = words.replace('OTHER', `\`${owner.rule}\``).replace('AGREED', owner.agreed ?? '');
        found.push({ rule, key, message });
      }
    }
  }
  return [...found, ...stillThere(rules)];
}

function claimsOf(rule: Rule): readonly Claim[] {
  const { renamed_from: former } = rule;
  const { kind, section } = sectionOf(rule);
  const claimed = kind.claims?.(section) ?? [];
  const renamed = former !== undefined && {
    claim: JSON.stringify(['renamed', former]),
    key: ['renamed_from'],
    words: `OTHER goes on from ${former} already; only one rule can`,
  };
  return [...(renamed ? [renamed] : []), ...claimed];
}

function stillThere(rules: Rules): readonly Conflict[] {
  return Object.entries(rules).flatMap(([rule, { renamed_from: former }]) => {
    if (former === undefined || !Object.hasOwn(rules, former)) return [];
    const message =
      former === rule
        ? `${former} is the name it has; write the one it had before, or take this key out`
        : `${former} is still a rule here and keeps what it has; take that rule out, or this key`;
    return [{ rule, key: ['renamed_from'], message }];
  });
}
