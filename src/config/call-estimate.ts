import { KINDS } from '../actions/registry.ts';
import { BASE_GOOD_FOR } from '../core/delivery.ts';
import type { CompiledRule, Program } from '../rules/program.ts';

const HOUR = 3_600_000;

/** Calls per hour that happen whatever the machines do. Dispatches come on top: nobody knows how often a press stops. */
export type CallEstimate = {
  readonly cycles: number;
  readonly production: number;
  readonly total: number;
  /** What L2L is told at most in an hour; null: unlimited. */
  readonly allowed: number | null;
  readonly hasDispatches: boolean;
  /** Names of the rules that make the most calls, the busiest first. */
  readonly busiest: readonly string[];
};

/** Look, open, look, close. */
export const CALLS_PER_DISPATCH = 4;

/** How many calls the rules make. `rate` in calls per millisecond, null: unlimited. */
export function estimateCalls(program: Program, rate: number | null): CallEstimate {
  const cycles = sum(program.rules.map(callsOfCycles));
  const production = callsOfProduction(program.rules);
  return {
    cycles,
    production,
    total: cycles + production,
    allowed: rate === null ? null : rate * HOUR,
    hasDispatches: program.rules.some(rule => rule.kind === 'dispatch'),
    busiest: busiest(program.rules),
  };
}

const NAMED = 3;

/** Rules whose longer interval would save the most. */
function busiest(rules: readonly CompiledRule[]): readonly string[] {
  return rules
    .map(rule => ({ name: rule.name, calls: rule.kind === 'cycles' ? callsOfCycles(rule) : callsOfProduction([rule]) }))
    .filter(({ calls }) => calls > 0)
    .toSorted((a, b) => b.calls - a.calls)
    .slice(0, NAMED)
    .map(({ name }) => name);
}

function callsOfCycles(rule: CompiledRule): number {
  if (rule.kind !== 'cycles') return 0;
  const read = rule.mode === 'increment' && rule.every >= BASE_GOOD_FOR ? 1 : 0;
  return (HOUR / rule.every) * (1 + read);
}

/** Lines that close their interval at the same time share a batch. */
function callsOfProduction(rules: readonly CompiledRule[]): number {
  const { maxActions, requests = 1 } = KINDS.record_details.policy;
  const lines = new Map<number, number>();
  for (const rule of rules) {
    if (rule.kind === 'production') lines.set(rule.every, (lines.get(rule.every) ?? 0) + 1);
  }
  return sum([...lines].map(([every, count]) => (HOUR / every) * Math.ceil(count / maxActions) * requests));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
