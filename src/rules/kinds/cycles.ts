import { StartError } from '../../core/errors.ts';
import { createCycles } from '../counting/cycles.ts';
import { CyclesState, withSight } from '../counting/cycles-state.ts';
import { endCycles } from '../counting/former.ts';
import { shiftCycles } from '../counting/shift.ts';
import type { CyclesRule } from '../program.ts';
import type { RuleKind } from './kind.ts';

/** Counts the cycles of a machine. */
export const cyclesKind = {
  kind: 'cycles',
  state: CyclesState,
  references: ({ counter }) => ({
    conditions: [],
    counters: [counter.name],
    signals: [counter.name],
    sources: [],
    rules: [],
  }),
  create({ rule, cells, restored }) {
    const cell = cells.get(rule.counter.name);
    if (cell === undefined) throw new StartError(`${rule.name} counts ${rule.counter.name}, which no source declares`);
    return createCycles(rule, cell, restored);
  },
  upgrade: withSight,
  shift: shiftCycles,
  end: endCycles,
} satisfies RuleKind<CyclesRule, CyclesState>;
