import type { RuleMachine } from './common/rule-machine.ts';
import type { SignalCell } from './common/signal-table.ts';
import { ruleKind } from './kinds/registry.ts';
import type { CompiledRule, WorldScope } from './program.ts';
import { referencesOf } from './references.ts';
import type { StoredState } from './stored/stored-state.ts';

/** The machine of a rule, going on from its state; from one of another kind of rule nothing goes on. */
export function createMachine(
  rule: CompiledRule,
  state: StoredState | null,
  all: ReadonlyMap<string, SignalCell>,
  world: WorldScope,
): RuleMachine {
  const cells = new Map<string, SignalCell>();
  for (const name of referencesOf(rule).signals) {
    const cell = all.get(name);
    if (cell) cells.set(name, cell);
  }
  const restored = state?.kind === rule.kind ? state : null;
  return ruleKind(rule.kind).create({ rule, cells, world, restored });
}
