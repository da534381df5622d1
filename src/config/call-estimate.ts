import { callsPerHour, occasionalCalls, RULE_TARGETS, type RuleKindName } from '../rules/about-rules.ts';
import type { CompiledRule, Program } from '../rules/program.ts';

const HOUR = 3_600_000;

export type CallEstimate = {
  /** Calls per hour that happen whatever the plant does, by kind of rule. */
  readonly regular: readonly { readonly kind: RuleKindName; readonly calls: number }[];
  readonly total: number;
  /** These come on top: nobody knows how often a press stops. */
  readonly occasional: ReturnType<typeof occasionalCalls>;
  /** Most calls that the gateway sends to L2L in an hour; null: unlimited. */
  readonly allowed: number | null;
  /** Names of the rules that make the most calls, the busiest first. */
  readonly busiest: readonly string[];
};

/** How many calls the rules make. `rate` in calls per millisecond, null: unlimited. */
export function estimateCalls({ rules }: Program, rate: number | null): CallEstimate {
  const regular = RULE_TARGETS.map(({ kind }) => ({ kind, calls: callsPerHour(kind, rules) })).filter(
    ({ calls }) => calls > 0,
  );
  return {
    regular,
    total: regular.reduce((sum, { calls }) => sum + calls, 0),
    occasional: occasionalCalls(rules),
    allowed: rate === null ? null : rate * HOUR,
    busiest: busiest(rules),
  };
}

const NAMED = 3;

/** Rules whose longer interval would save the most. */
function busiest(rules: readonly CompiledRule[]): readonly string[] {
  return rules
    .map(rule => ({ name: rule.name, calls: callsPerHour(rule.kind, [rule]) }))
    .filter(({ calls }) => calls > 0)
    .toSorted((a, b) => b.calls - a.calls)
    .slice(0, NAMED)
    .map(({ name }) => name);
}
