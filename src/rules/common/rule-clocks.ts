import type { SampleBatch } from '../../core/sample.ts';
import { isNews, type KeptLag, standIn } from './kept-lag.ts';
import type { RuleGraph } from './rule-graph.ts';
import type { SignalCell, SourceCell } from './signal-table.ts';

/**
 * The clocks of the rules. Each rule goes by the clock of its first signal, which may be behind the gateway's or ahead of it. Rules
 * are named by their index, lags are how far a clock is behind the gateway's (ms).
 */
export interface RuleClocks {
  /** The lag of a rule's clock. */
  lagOf(rule: number): number;
  /** Converts a time of a clock with this lag to the rule's clock. A time of the same clock stays exactly the same. */
  timeFor(rule: number, at: number, lag: number): number;
  /** Follows the clock of a batch's time; returns its lag. */
  follow(source: SourceCell, batch: SampleBatch): number;
  /** After a start, when nothing is known of any signal: what earlier processes knew of the clocks is used. */
  restart(): void;
  /** The lag of a rule's clock to store over a restart. */
  keptOf(rule: number): KeptLag;
}

/** Smaller changes of a clock's lag (ms) are ignored, because they come from the travel time of its messages. */
const LAG_STEP = 250;

/**
 * `kept`: what an earlier process knew, by rule. `onLag`: called for every rule that goes by a clock whose lag is another one now.
 * `later`: how much further (ms) it is behind than what stood in for it until now; 0: it was known. `onKept`: another one is to be
 * kept of a rule.
 */
export function createRuleClocks(
  { nodes, cells, sources }: RuleGraph,
  earlier: readonly KeptLag[],
  { onLag, onKept }: { onLag: (rule: number, later: number) => void; onKept: (rule: number) => void },
): RuleClocks {
  const kept = [...earlier];

  function lagOf(rule: number): number {
    return nodes[rule]?.leader?.lag ?? 0;
  }

  function setLag(cell: SignalCell, lag: number): void {
    const later = cell.lagFrom === 'message' ? 0 : lag - cell.lag;
    cell.lag = lag;
    for (const rule of cell.followers) onLag(rule, later);
  }

  /** Takes the lag from a live message of the signal itself. */
  function keepLag(cell: SignalCell, lag: number): void {
    if (cell.lagFrom === 'message' && cell.lag === lag) return;
    setLag(cell, lag);
    cell.lagFrom = 'message';
    for (const rule of cell.followers) {
      if (!isNews(lag, kept[rule] ?? null)) continue;
      kept[rule] = lag;
      onKept(rule);
    }
  }

  function cellsOf({ samples }: SampleBatch): SignalCell[] {
    return samples.flatMap(({ signal }) => cells.get(signal) ?? []);
  }

  /** One message has one clock, so the lag of one of its signals is the lag of all. */
  function lagTogether(named: readonly SignalCell[]): number {
    const known = named.find(cell => cell.lagFrom !== 'nothing') ?? named[0];
    if (known === undefined) return 0;
    for (const cell of named) if (cell.lagFrom === 'nothing' && cell.lag !== known.lag) setLag(cell, known.lag);
    return known.lag;
  }

  return {
    lagOf,
    timeFor(rule, at, lag) {
      const own = lagOf(rule);
      return own === lag ? at : at + lag - own;
    },
    follow(source, batch) {
      // The values are from several clocks, and no rule's time goes ahead of its own clock.
      if (batch.kept) return Math.min(...cellsOf(batch).map(cell => cell.lag));
      if (batch.time === 'received') return 0;
      if (source.state === 'catching_up' || batch.retained) return lagTogether(cellsOf(batch));
      const seen = Math.round(batch.receivedAt - batch.at);
      if (!source.dated) {
        source.dated = true;
        for (const cell of source.signals) if (cell.lagFrom === 'nothing') setLag(cell, seen);
      }
      const known = cells.get(batch.samples[0]?.signal ?? '')?.lag ?? 0;
      const lag = Math.abs(seen - known) > LAG_STEP ? seen : known;
      for (const { signal } of batch.samples) {
        const cell = cells.get(signal);
        if (cell !== undefined) keepLag(cell, lag);
      }
      return lag;
    },
    restart() {
      for (const [rule, lag] of kept.entries()) {
        const leader = nodes[rule]?.leader;
        if (lag === null || leader === undefined) continue;
        leader.lag = Math.max(leader.lag, standIn(lag));
        leader.lagFrom = 'earlier_process';
      }
      for (const { signals } of sources.values()) {
        const most = Math.max(0, ...signals.map(cell => cell.lag));
        for (const cell of signals) if (cell.lagFrom === 'nothing') cell.lag = most;
      }
    },
    keptOf: rule => kept[rule] ?? null,
  };
}
