import type { Rule, Rules } from '../schema.ts';

/** Two rules that would get into each other's way in L2L; the later one is refused. */
export type Conflict = { readonly rule: string; readonly key: readonly string[]; readonly message: string };

/** What a rule claims for itself alone: two rules with the same claim are a conflict. */
type Claim = { readonly claim: string; readonly key: readonly string[]; readonly words: string };

/** Every pair of rules of which only one can be right. */
export function conflicts(rules: Rules): readonly Conflict[] {
  const owners = new Map<string, string>();
  const found: Conflict[] = [];
  for (const [rule, written] of Object.entries(rules)) {
    for (const { claim, key, words } of claimsOf(written)) {
      const owner = owners.get(claim);
      if (owner === undefined) owners.set(claim, rule);
      else found.push({ rule, key, message: words.replace('OTHER', `\`${owner}\``) });
    }
  }
  return [...found, ...mixedModes(rules), ...stillThere(rules)];
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

function claimsOf({ cycles, production, renamed_from: former }: Rule): readonly Claim[] {
  const claims: Claim[] = [];
  if (former !== undefined) {
    claims.push({
      claim: JSON.stringify(['renamed', former]),
      key: ['renamed_from'],
      words: `OTHER goes on from ${former} already; only one rule can`,
    });
  }
  if (cycles) {
    const { machine, counter, mode } = cycles;
    claims.push({
      claim: JSON.stringify(['cycles', machine, mode === 'total' ? 'total' : counter]),
      key: ['cycles', 'machine'],
      words:
        mode === 'total'
          ? `OTHER sets the cycle count of ${machine} already; only one rule can`
          : `OTHER adds ${counter} to the cycles of ${machine} already; they would be counted twice`,
    });
  }
  if (production) {
    const { line } = production;
    claims.push({
      claim: JSON.stringify(['production', line]),
      key: ['production', 'line'],
      words: `OTHER records the production of ${line} already; one rule per line`,
    });
  }
  return claims;
}

/** One rule that adds and one that sets would undo each other. */
function mixedModes(rules: Rules): readonly Conflict[] {
  const first = new Map<string, { readonly rule: string; readonly mode: string }>();
  const found: Conflict[] = [];
  for (const [rule, { cycles }] of Object.entries(rules)) {
    if (!cycles) continue;
    const earlier = first.get(cycles.machine);
    if (!earlier) first.set(cycles.machine, { rule, mode: cycles.mode });
    else if (earlier.mode !== cycles.mode) {
      const message = `\`${earlier.rule}\` keeps the cycles of ${cycles.machine} in mode ${earlier.mode}; all rules of a machine need the same mode`;
      found.push({ rule, key: ['cycles', 'mode'], message });
    }
  }
  return found;
}
