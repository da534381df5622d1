import type { Evaluation } from './evaluation.ts';
import type { RuleNode } from './rule-graph.ts';
import type { RunningRule } from './running-rule.ts';

/** After a start, the timers of a rule wait until every signal and source of the rule was seen once [D1]. */
export interface FirstSight {
  /** Nothing was seen yet. The rule waits until `until` at the latest (ms since 1970). */
  restart(rule: number, until: number): void;
  /** A signal or a source that these rules wait for was seen for the first time. */
  seen(waiters: readonly number[]): void;
}

export function createFirstSight(
  nodes: readonly RuleNode[],
  runningRules: readonly RunningRule[],
  evaluation: Pick<Evaluation, 'collect'>,
): FirstSight {
  /** Signals and sources that each rule still waits for. */
  const unseen = new Int32Array(runningRules.length);

  return {
    restart(rule, until) {
      const references = nodes[rule]?.references;
      const count = references ? references.signals.length + references.sources.length : 0;
      unseen[rule] = count;
      runningRules[rule]?.awaitSignals(count > 0 ? until : -Infinity);
    },
    seen(waiters) {
      for (const rule of waiters) {
        const left = (unseen[rule] ?? 0) - 1;
        unseen[rule] = Math.max(0, left);
        if (left !== 0) continue;
        runningRules[rule]?.awaitSignals(-Infinity);
        evaluation.collect([rule]);
      }
    },
  };
}
