import type { Sample, SampleBatch } from '../../core/sample.ts';

export type EventClock = { readonly clock: 'gateway' | 'source'; readonly max_skew: number };
type Batch = Omit<SampleBatch, 'source'>;

/**
 * One notification as batches in order of time. A node's queue may bring several values of one signal at once: each is its own
 * step, or a short stop between two notifications would never have happened for the rules. Pure.
 */
export function batchesOf(samples: readonly Sample[], receivedAt: number, config: EventClock): readonly Batch[] {
  const stamped = samples.map(sample => {
    const believed = config.clock === 'source' && isNear(sample.sourceAt, receivedAt, config.max_skew);
    return believed
      ? { sample, at: sample.sourceAt ?? receivedAt, time: 'source' as const }
      : { sample, at: receivedAt, time: 'received' as const };
  });
  const order = ({ sourceAt = receivedAt }: Sample) => sourceAt;
  stamped.sort((a, b) => a.at - b.at || order(a.sample) - order(b.sample));

  const batches: { at: number; time: Batch['time']; signals: Set<string>; samples: Sample[] }[] = [];
  for (const { sample, at, time } of stamped) {
    const last = batches.at(-1);
    if (last && last.at === at && last.time === time && !last.signals.has(sample.signal)) {
      last.signals.add(sample.signal);
      last.samples.push(sample);
    } else {
      batches.push({ at, time, signals: new Set([sample.signal]), samples: [sample] });
    }
  }
  return batches.map(({ at, time, samples }) => ({ at, receivedAt, time, samples }));
}

function isNear(at: number | undefined, receivedAt: number, most: number): boolean {
  return at !== undefined && Math.abs(receivedAt - at) <= most;
}
