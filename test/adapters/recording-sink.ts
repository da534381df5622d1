import type { SourceSink } from '../../src/adapters/adapter.ts';
import type { Sample, SampleBatch } from '../../src/core/sample.ts';

export type SinkEvent =
  | { readonly kind: 'connected' }
  | { readonly kind: 'catching_up' }
  | { readonly kind: 'session'; readonly present: boolean }
  | { readonly kind: 'samples'; readonly batch: Omit<SampleBatch, 'source'> };

export interface RecordingSink extends SourceSink {
  readonly events: SinkEvent[];
  batches(): readonly Omit<SampleBatch, 'source'>[];
  /** Every sample of a signal, oldest first. */
  of(signal: string): readonly Sample[];
  last(signal: string): Sample | undefined;
}

/** Records the reports of an adapter. Commits each message at once, unless the test decides about it. */
export function recordingSink(
  onBatch: (batch: Omit<SampleBatch, 'source'>) => void = batch => batch.receipt?.committed(),
): RecordingSink {
  const events: SinkEvent[] = [];
  const batches = () => events.flatMap(event => (event.kind === 'samples' ? [event.batch] : []));
  const of = (signal: string) => batches().flatMap(batch => batch.samples.filter(sample => sample.signal === signal));
  return {
    events,
    batches,
    of,
    last: signal => of(signal).at(-1),
    connected: () => void events.push({ kind: 'connected' }),
    catchingUp: () => void events.push({ kind: 'catching_up' }),
    session: present => void events.push({ kind: 'session', present }),
    samples(batch) {
      events.push({ kind: 'samples', batch });
      onBatch(batch);
    },
  };
}
