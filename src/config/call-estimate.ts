import { callsPerHour } from '../rules/about-rules.ts';
import type { CompiledRule, Program } from '../rules/program.ts';

const HOUR = 3_600_000;

/** Calls per hour that happen whatever the machines do. Dispatches come on top: nobody knows how often a press stops. */
export type CallEstimate = {
  readonly cycles: number;
  readonly production: number;
  readonly total: number;
  /** What is sent to L2L at most in an hour; null: unlimited. */
  readonly allowed: number | null;
  readonly hasDispatches: boolean;
  /** Names of the rules that make the most calls, the busiest first. */
  readonly busiest: readonly string[];
};

/** Look, open, look, close. */
export const CALLS_PER_DISPATCH = 4;

/** How many calls the rules make. `rate` in calls per millisecond, null: unlimited. */
export function estimateCalls(program: Program, rate: number | null): CallEstimate {
  const cycles = callsPerHour('cycles', program.rules) ?? 0;
  const production = callsPerHour('production', program.rules) ?? 0;
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
    .map(rule => ({ name: rule.name, calls: callsPerHour(rule.kind, [rule]) ?? 0 }))
    .filter(({ calls }) => calls > 0)
    .toSorted((a, b) => b.calls - a.calls)
    .slice(0, NAMED)
    .map(({ name }) => name);
}
