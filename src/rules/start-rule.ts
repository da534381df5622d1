import type { RunningRule } from './common/running-rule.ts';
import type { SignalCell } from './common/signal-table.ts';
import { ruleKind } from './kinds/registry.ts';
import type { CompiledRule, WorldScope } from './program.ts';
import { referencesOf } from './references.ts';
import type { StoredState } from './stored/stored-state.ts';

/** Starts a rule with its stored state. A state of another kind of rule is left aside. */
export function startRule(
  rule: CompiledRule,
  state: StoredState | null,
  all: ReadonlyMap<string, SignalCell>,
  world: WorldScope,
): RunningRule {
  const cells = new Map<string, SignalCell>();
  for (const name of referencesOf(rule).signals) {
    const cell = all.get(name);
    if (cell) cells.set(name, cell);
  }
  const restored = state?.kind === rule.kind ? state : null;
  return ruleKind(rule.kind).create({ rule, cells, world, restored });
}
