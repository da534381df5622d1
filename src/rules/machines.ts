import { StartError } from '../core/errors.ts';
import { createCycles } from './counting/cycles.ts';
import { createProduction } from './counting/production.ts';
import { createDispatch } from './dispatch/dispatch.ts';
import type { RuleMachine } from './engine/rule-machine.ts';
import type { SignalCell } from './engine/signal-table.ts';
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
  switch (rule.kind) {
    case 'dispatch':
      return createDispatch({ rule, world, cells, restored: state?.kind === 'dispatch' ? state : null });
    case 'production':
      return createProduction({ rule, cells, restored: state?.kind === 'production' ? state : null });
    case 'cycles': {
      const cell = cells.get(rule.counter.name);
      if (cell === undefined)
        throw new StartError(`${rule.name} counts ${rule.counter.name}, which no source declares`);
      return createCycles(rule, cell, state?.kind === 'cycles' ? state : null);
    }
  }
}
