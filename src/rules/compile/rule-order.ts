import type { CompiledRule } from '../program.ts';
import { referencesOf } from '../references.ts';

/**
 * Puts each rule behind the rules whose `.active` it reads, and keeps the written order otherwise. So one pass of the engine sees every
 * change. `loops`: rules that wait for each other, each loop once.
 */
export function orderRules(rules: readonly CompiledRule[]): {
  readonly ordered: readonly CompiledRule[];
  readonly loops: readonly (readonly [string, ...string[]])[];
} {
  const byName = new Map(rules.map(rule => [rule.name, rule]));
  const ordered = new Set<CompiledRule>();
  const loops: [string, ...string[]][] = [];
  const way: string[] = [];

  const visit = (rule: CompiledRule) => {
    if (ordered.has(rule)) return;
    const start = way.indexOf(rule.name);
    if (start !== -1) {
      const [first, ...others] = way.slice(start);
      if (first !== undefined) loops.push([first, ...others]);
      return;
    }
    way.push(rule.name);
    for (const name of referencesOf(rule).rules) {
      const read = byName.get(name);
      if (read) visit(read);
    }
    way.pop();
    ordered.add(rule);
  };
  for (const rule of rules) visit(rule);
  return { ordered: [...ordered], loops };
}
