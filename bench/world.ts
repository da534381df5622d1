import { type Broker, startMosquitto } from '../src/simulation/mosquitto.ts';
import { startHelper } from './process.ts';
import type { PublisherAnswer, PublisherAsk } from './publisher-process.ts';
import type { SinkAnswer, SinkAsk } from './sink-process.ts';
import { quantile } from './statistics.ts';

/** The surroundings of the gateway: a broker, machines that publish, and L2L. Each is a process of its own. */
export type World = {
  readonly broker: Broker;
  readonly publisher: ReturnType<typeof startHelper<PublisherAsk, PublisherAnswer>>;
  readonly sink: ReturnType<typeof startHelper<SinkAsk, SinkAnswer>>;
  readonly l2l: string;
};

const worlds = new Set<{ stop(): Promise<void> }>();

export async function startWorld(): Promise<World> {
  const broker = await startMosquitto();
  worlds.add(broker);
  const publisher = startHelper<PublisherAsk, PublisherAnswer>('publisher-process.ts', [broker.url]);
  worlds.add(publisher);
  const sink = startHelper<SinkAsk, SinkAnswer>('sink-process.ts');
  worlds.add(sink);
  const { url } = await sink.ask({ kind: 'where' });
  return { broker, publisher, sink, l2l: url };
}

/** Ends the processes of all worlds: at their end, and at Ctrl-C. */
export async function stopWorlds(): Promise<void> {
  const all = [...worlds];
  worlds.clear();
  await Promise.all(all.map(part => part.stop()));
}

/** The result of one run of edges. */
export type EdgeRun = {
  readonly edges: number;
  readonly arrived: number;
  /** Times from publish to request, in ms. */
  readonly p50: number;
  readonly p99: number;
  /** Edges a second, from the first publish to the last request. */
  readonly rate: number;
  /** From the last publish to the last request, in ms. It grows when the rate is not held. */
  readonly behind: number;
  readonly faults: readonly string[];
};

const PATIENCE = 5000;

/** Publishes edges and waits for their requests. The k-th request of a machine must belong to its k-th edge. */
export async function runEdges(
  world: World,
  prefix: string,
  edges: number,
  rate: number | null,
  machines = 200,
): Promise<EdgeRun> {
  const patience = PATIENCE + (rate === null ? 0 : 1000 / rate);
  const [{ arrivals, faults }, { sent }] = await Promise.all([
    world.sink.ask({ kind: 'take', count: edges, patience }),
    world.publisher.ask({ prefix, machines, messages: edges, rate, payload: 'edge' }),
  ]);
  const delays: number[] = [];
  const problems = [...faults];
  let first = Number.POSITIVE_INFINITY;
  let lastSent = 0;
  let lastArrived = 0;
  for (const [machine, times] of sent) {
    const got = arrivals.get(machine) ?? [];
    if (got.length !== times.length) problems.push(`${machine}: ${times.length} edges, ${got.length} requests`);
    for (const [index, at] of times.entries()) {
      first = Math.min(first, at);
      lastSent = Math.max(lastSent, at);
      const arrived = got[index];
      if (arrived === undefined) continue;
      lastArrived = Math.max(lastArrived, arrived);
      delays.push(arrived - at);
    }
  }
  const arrived = [...arrivals.values()].reduce((sum, list) => sum + list.length, 0);
  return {
    edges,
    arrived,
    p50: quantile(delays, 0.5),
    p99: quantile(delays, 0.99),
    rate: (arrived / (lastArrived - first)) * 1000,
    behind: lastArrived - lastSent,
    faults: problems,
  };
}
