import { StartError } from '../core/errors.ts';
import { createDispatch, DispatchState, type WorldScope } from './conditions.ts';
import { CyclesState, createCycles } from './cycles.ts';
import { createProduction, ProductionState } from './production.ts';
import type { CompiledRule } from './program.ts';
import { referencesOf } from './references.ts';
import type { RuleMachine } from './rule-machine.ts';
import type { SignalCell } from './signal-table.ts';

/** The machine of a rule, going on from its state as JSON text. Throws StartError for a state it can't read. */
export function createMachine(
  rule: CompiledRule,
  text: string | undefined,
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
      return createDispatch({ rule, world, cells, restored: restore(rule, text, DispatchState) });
    case 'production':
      return createProduction({ rule, cells, restored: restore(rule, text, ProductionState) });
    case 'cycles': {
      const cell = cells.get(rule.counter.name);
      if (cell === undefined)
        throw new StartError(`${rule.name} counts ${rule.counter.name}, which no source declares`);
      return createCycles(rule, cell, restore(rule, text, CyclesState));
    }
  }
}

type StateSchema<State> = { safeParse(value: unknown): { readonly success: boolean; readonly data?: State } };

/** A rule that became one of another kind under the same name starts afresh. */
function restore<State>(rule: CompiledRule, text: string | undefined, schema: StateSchema<State>): State | null {
  if (text === undefined) return null;
  const value = parse(text);
  const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
  if (kind !== rule.kind && typeof kind === 'string') return null;
  const { data } = schema.safeParse(value);
  if (data !== undefined) return data;
  throw new StartError(
    `the journal's state of rule ${rule.name} can't be read by this version; start the version that wrote it, or rename the rule to begin anew`,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is as unreadable as the wrong shape: the caller says so with the rule's name.
    return undefined;
  }
}
