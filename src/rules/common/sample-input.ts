import type { SampleBatch } from '../../core/sample.ts';
import type { Evaluation } from './evaluation.ts';
import type { FirstSight } from './first-sight.ts';
import type { RuleClocks } from './rule-clocks.ts';
import type { RuleGraph } from './rule-graph.ts';
import { applySample, differs, isAnotherWord, isGood } from './signal-table.ts';

/**
 * Takes batches of samples. The rules see all samples of a batch at once. A second sample of the same signal is a separate moment, for
 * which they are evaluated again.
 */
export function sampleInput(
  { sources, cells }: RuleGraph,
  clocks: RuleClocks,
  evaluation: Evaluation,
  firstSight: FirstSight,
): (batch: SampleBatch) => void {
  const { step } = evaluation;

  /** Collects the rules that read the samples from `from` on. Returns the index after the last sample of this moment. */
  function collectMoment({ samples }: SampleBatch, from: number): number {
    let to = from;
    for (; to < samples.length; to++) {
      const sample = samples[to];
      const cell = sample && cells.get(sample.signal);
      if (!cell) continue;
      if (cell.named === step.serial) break;
      cell.named = step.serial;
      // A new reason why the signal is unknown counts too: the rules that wait for the signal record it.
      if (cell.readers.length > 0 && (differs(cell, sample) || isAnotherWord(cell, sample)))
        evaluation.collect(cell.readers);
      if (cell.counters.length > 0) evaluation.collect(cell.counters);
    }
    return to;
  }

  function applyMoment(batch: SampleBatch, from: number, to: number): void {
    for (let index = from; index < to; index++) {
      const sample = batch.samples[index];
      const cell = sample && cells.get(sample.signal);
      if (!cell) continue;
      applySample(cell, sample, batch, step.serial);
      if (!cell.seen && isGood(cell, sample)) {
        cell.seen = true;
        firstSight.seen(cell.waiters);
      }
    }
  }

  return batch => {
    const source = sources.get(batch.source);
    if (source) source.lastAt = Math.max(source.lastAt, batch.at);
    const lag = source ? clocks.follow(source, batch) : 0;
    const undated = batch.time === 'received' && source?.state === 'catching_up';
    let from = 0;
    while (from < batch.samples.length) {
      evaluation.begin(batch.at, batch, undated);
      const to = collectMoment(batch, from);
      evaluation.fireDue(evaluation.collected, batch.at, lag);
      applyMoment(batch, from, to);
      evaluation.look(batch.at, lag);
      from = to;
    }
  };
}
