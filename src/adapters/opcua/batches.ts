import type { Sample, SampleBatch } from '../../core/sample.ts';

export type EventClock = { readonly clock: 'gateway' | 'source'; readonly max_skew: number };
type Batch = Omit<SampleBatch, 'source'>;

/** A change with its event time, and with its place among the changes of other nodes. */
type Change = { readonly sample: Sample; readonly at: number; readonly time: Batch['time']; readonly order: number };

/**
 * One notification as batches in order of time [T1]. The changes of one node keep the order in which the server sent them, whatever their
 * source times: a PLC's clock may go back, and a change may have no time. Source times order only changes of different nodes. Two changes
 * of one node are never in one batch. Otherwise the rules would not see a short stop between two notifications. Pure.
 */
export function batchesOf(samples: readonly Sample[], receivedAt: number, config: EventClock): readonly Batch[] {
  const nodes = new Map<string, Sample[]>();
  for (const sample of samples) {
    const changes = nodes.get(sample.signal);
    if (changes) changes.push(sample);
    else nodes.set(sample.signal, [sample]);
  }
  const changes = [...nodes.values()].flatMap(of => timed(of, receivedAt, config));
  // The sort is stable, and within a node neither `at` nor `order` ever falls. So the server's order stays.
  changes.sort((a, b) => a.at - b.at || a.order - b.order);

  const batches: { at: number; time: Batch['time']; signals: Set<string>; samples: Sample[] }[] = [];
  for (const { sample, at, time } of changes) {
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

/** The changes of one node in the server's order, with times that never fall. */
function timed(samples: readonly Sample[], receivedAt: number, { clock, max_skew }: EventClock): readonly Change[] {
  const believed = samples.map(({ sourceAt }) =>
    clock === 'source' && isNear(sourceAt, receivedAt, max_skew) ? sourceAt : undefined,
  );
  const times = monotonic(believed, receivedAt);
  const orders = monotonic(
    samples.map(({ sourceAt }) => sourceAt),
    receivedAt,
  );
  return samples.map((sample, index) => ({
    sample,
    at: times[index] ?? receivedAt,
    time: believed[index] === undefined ? 'received' : 'source',
    order: orders[index] ?? receivedAt,
  }));
}

/**
 * The times of one node, made monotonic. A missing time gets the latest time that fits: that of the next change with a time, or `last` when
 * none follows. A time before an earlier one of its node is raised to that one, because the clock was set back in between.
 */
function monotonic(times: readonly (number | undefined)[], last: number): readonly number[] {
  let floor = Number.NEGATIVE_INFINITY;
  const raised = times.map(time => {
    if (time === undefined) return undefined;
    floor = Math.max(floor, time);
    return floor;
  });
  let next = Math.max(last, floor);
  for (let index = raised.length - 1; index >= 0; index -= 1) {
    const time = raised[index];
    if (time === undefined) raised[index] = next;
    else next = time;
  }
  return raised.map(time => time ?? last);
}

function isNear(at: number | undefined, receivedAt: number, most: number): boolean {
  return at !== undefined && Math.abs(receivedAt - at) <= most;
}
