import type { z } from 'zod';
import type { ActionParams } from '../../actions/action.ts';
import { BASE_GOOD_FOR } from '../../core/delivery.ts';
import { StartError } from '../../core/errors.ts';
import { formatDuration } from '../../core/fields.ts';
import { createCycles } from '../counting/cycles.ts';
import { type CyclesRule, CyclesSection } from '../counting/cycles-rule.ts';
import { CyclesState, withSight } from '../counting/cycles-state.ts';
import { endCycles } from '../counting/former.ts';
import { shiftCycles } from '../counting/shift.ts';
import type { RuleBase } from '../program.ts';
import { type Claim, type CompileWith, HOUR, type NoKeys, type RuleKind } from './kind.ts';

type Section = z.output<typeof CyclesSection>;

/** Counts the cycles of a machine. */
export const cyclesKind: RuleKind<CyclesRule, CyclesState, typeof CyclesSection> = {
  kind: 'cycles',
  section: CyclesSection,
  withoutKeys: 'always counts',
  hasActive: false,
  target: 'machine',
  compile: compileCycles,
  claims: claimsOf,
  describe: ({ mode, machine, counter, every }) => ({
    what: `${mode === 'total' ? 'cycle count' : 'cycles'} of ${machine}`,
    when: `${counter.name} every ${formatDuration(every)}`,
  }),
  withoutReads: ({ mode }) =>
    mode === 'total'
      ? {
          key: ['cycles', 'mode'],
          message:
            'mode: total adds to the count that L2L has, and l2l.reads: never forbids to read it; write mode: increment',
          isWrong: true,
        }
      : undefined,
  callsPerHour(rules) {
    // When the known count of L2L is too old, the gateway reads it before it sends an increment.
    const reads = ({ mode, every }: CyclesRule) => (mode === 'increment' && every >= BASE_GOOD_FOR ? 1 : 0);
    return rules.reduce((sum, rule) => sum + (HOUR / rule.every) * (1 + reads(rule)), 0);
  },
  codes: ({ machine }) => ({ machine }),
  counted: ({ counter }) => counter.name,
  recode: ({ machine }, { kind, params }) =>
    kind === 'increment_cycles' || kind === 'set_cycles'
      ? { ...(params as ActionParams['increment_cycles']), machine }
      : undefined,
  state: CyclesState,
  countsOn: true,
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
};

function compileCycles(
  base: RuleBase,
  cycles: Section,
  { resolver }: CompileWith<NoKeys, z.ZodNever>,
): CyclesRule | undefined {
  const path = ['rules', base.name, 'cycles'];
  const { machine, every, mode, first_sight: firstSight } = cycles;
  const counter = resolver.counter([...path, 'counter'], cycles.counter);
  resolver.interval([...path, 'every'], every);
  resolver.fixed([...path, 'machine'], machine);
  if (mode === 'total' && base.maxAge !== null) {
    const words = 'does nothing with mode: total, where the newest count is always sent; take it out';
    resolver.refuse(['rules', base.name, 'max_age'], words);
  }
  if (!counter) return undefined;
  return { ...base, kind: 'cycles', machine, counter, every, mode, firstSight };
}

function claimsOf(cycles: Section): readonly Claim[] {
  const { machine, counter, mode } = cycles;
  return [
    {
      claim: JSON.stringify(['cycles', machine, mode === 'total' ? 'total' : counter]),
      key: ['cycles', 'machine'],
      words:
        mode === 'total'
          ? `OTHER sets the cycle count of ${machine} already; only one rule can`
          : `OTHER adds ${counter} to the cycles of ${machine} already; they would be counted twice`,
    },
    // One rule that adds and one that sets would undo each other.
    {
      claim: JSON.stringify(['mode', machine]),
      agreed: mode,
      key: ['cycles', 'mode'],
      words: `OTHER keeps the cycles of ${machine} in mode AGREED; all rules of a machine need the same mode`,
    },
  ];
}
