import type { SampleBatch } from '../../core/sample.ts';
import type { RuleGraph } from './rule-graph.ts';
import type { SignalCell, SourceCell } from './signal-table.ts';

/**
 * The clocks that the rules go by: each by that of its first signal, which may be behind the gateway's or ahead of it. Rules
 * are named by their index, lags are how far a clock is behind the gateway's (ms).
 */
export interface RuleClocks {
  /** Of the clock that a rule goes by. */
  lagOf(rule: number): number;
  /** A time by a clock with this lag, as the rule's clock shows it; exactly the same by the same clock. */
  timeFor(rule: number, at: number, lag: number): number;
  /** Follows the clock that gave a batch its time; returns its lag. */
  follow(source: SourceCell, batch: SampleBatch): number;
}

/** A clock's lag is followed when it has changed by more (ms): less is how long its messages are under way. */
const LAG_STEP = 250;

/**
 * `onLag`: told for every rule that goes by a clock whose lag is another one now. `isFirst`: until then the gateway's clock
 * stood in for it.
 */
export function createRuleClocks(
  { nodes, cells }: RuleGraph,
  onLag: (rule: number, lag: number, isFirst: boolean) => void,
): RuleClocks {
  function lagOf(rule: number): number {
    return nodes[rule]?.leader?.lag ?? 0;
  }

  function setLag(cell: SignalCell, lag: number, isFirst: boolean): void {
    cell.lag = lag;
    for (const rule of cell.followers) onLag(rule, lag, isFirst);
  }

  return {
    lagOf,
    timeFor(rule, at, lag) {
      const own = lagOf(rule);
      return own === lag ? at : at + lag - own;
    },
    follow(source, batch) {
      if (batch.time === 'received' && !batch.kept) return 0;
      const known = cells.get(batch.samples[0]?.signal ?? '')?.lag ?? 0;
      const isLive = batch.time === 'source' && source.state !== 'catching_up' && !batch.retained;
      if (!isLive) return known;
      const seen = Math.round(batch.receivedAt - batch.at);
      if (!source.dated) {
        source.dated = true;
        for (const cell of source.signals) setLag(cell, seen, true);
        return seen;
      }
      const lag = Math.abs(seen - known) > LAG_STEP ? seen : known;
      for (const { signal } of batch.samples) {
        const cell = cells.get(signal);
        if (cell !== undefined && cell.lag !== lag) setLag(cell, lag, false);
      }
      return lag;
    },
  };
}
