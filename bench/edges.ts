import { join } from 'node:path';
import { type Gateway, startGateway } from './gateway.ts';
import { type Program, startCpu, startProgram } from './process.ts';
import type { Figure, Options } from './report.ts';
import { edgePlant } from './signal-plant.ts';
import { median } from './statistics.ts';
import { type EdgeRun, runEdges, type World } from './world.ts';

const MACHINES = 200;
const QUIET = 100;
const SUSTAINED = 2500;
/** A rate counts as held from this share on: in a run of a few seconds the last requests are still on their way. */
const HELD_SHARE = 0.98;
/** A rate counts as held when the last request arrives at most this long after the last edge (ms). */
const HELD_WITHIN = 1000;

type Parties = {
  readonly world: World;
  readonly gateway: Gateway;
  readonly forwarder: Program;
  readonly machines: number;
};
type Costed = EdgeRun & { readonly cpu: number; readonly redis: number };

/**
 * Measures the time from an MQTT message to the HTTP request that it causes, through the whole gateway. Beside it runs a forwarder that
 * does nothing else. Each has its own topics, and they are measured in turn.
 */
export async function measureEdges(world: World, { runs, scale, part }: Options): Promise<Figure[]> {
  const machines = MACHINES * part;
  const gateway = await startGateway(data =>
    edgePlant({ broker: world.broker.url, l2l: world.l2l, data, prefix: 'gateway', machines }),
  );
  const forwarder = startProgram(process.execPath, [
    join(import.meta.dirname, 'forwarder-process.ts'),
    world.broker.url,
    world.l2l,
    'forwarder',
  ]);
  try {
    await forwarder.line(line => line === 'ready');
    const parties = { world, gateway, forwarder, machines };
    const warm = even(10_000 * scale, machines);
    await interleaved(parties, 1, warm, 1000);
    const quiet = await interleaved(parties, runs, even(QUIET * 12 * scale, machines), QUIET);
    const sustained = await interleaved(parties, runs, even(SUSTAINED * 8 * scale, machines), SUSTAINED);
    const flood = await interleaved(parties, runs, even(20_000 * scale, machines), null);
    return figures(quiet, sustained, flood);
  } finally {
    await Promise.all([gateway.stop(), forwarder.stop()]);
  }
}

type Pairs = { readonly ours: readonly Costed[]; readonly floor: readonly Costed[] };

async function interleaved(parties: Parties, runs: number, edges: number, rate: number | null): Promise<Pairs> {
  const ours: Costed[] = [];
  const floor: Costed[] = [];
  for (let run = 0; run < runs; run++) {
    floor.push(await costed(parties, 'forwarder', edges, rate));
    ours.push(await costed(parties, 'gateway', edges, rate));
  }
  return { ours, floor };
}

/** Does one run and measures the CPU of the gateway and of its Redis. The forwarder has no Redis. */
async function costed(parties: Parties, who: 'gateway' | 'forwarder', edges: number, rate: number | null) {
  const { world, gateway, machines } = parties;
  const [cpu, redisCpu] = [startCpu(parties[who]), startCpu(who === 'gateway' ? gateway.redis : parties.forwarder)];
  const run = await runEdges(world, who, edges, rate, machines);
  return { ...run, cpu: cpu(), redis: redisCpu() };
}

function figures(quiet: Pairs, sustained: Pairs, flood: Pairs): Figure[] {
  const added = quiet.ours.map((run, index) => run.p50 - (quiet.floor[index]?.p50 ?? 0));
  const held = sustained.ours.map(run => (run.behind <= HELD_WITHIN && isWhole(run) ? run.rate : 0));
  const all = [...quiet.ours, ...sustained.ours, ...flood.ours];
  const wrong = all.filter(run => !isWhole(run));
  const words = [...new Set(wrong.flatMap(run => run.faults))].slice(0, 5).join('; ');
  const edges = all.reduce((sum, run) => sum + run.edges, 0);
  const ours = (pairs: Pairs, key: 'p50' | 'p99' | 'cpu' | 'redis' | 'rate') => pairs.ours.map(run => run[key]);
  const floor = (pairs: Pairs, key: 'p50' | 'p99' | 'cpu' | 'rate') => ({
    what: 'forwarder',
    value: median(pairs.floor.map(run => run[key])),
  });
  const latency = median(added);
  const cpu = median(ours(quiet, 'cpu'));
  return [
    {
      ...over('edge to request at 100/s, p50', 'ms', ours(quiet, 'p50')),
      floor: floor(quiet, 'p50'),
      goal: { words: 'floor + 6 ms', met: latency <= 6 },
      note: `${latency.toFixed(2)} ms over the floor, median of the pairs`,
    },
    { ...over('edge to request at 100/s, p99', 'ms', ours(quiet, 'p99')), floor: floor(quiet, 'p99') },
    {
      ...over('gateway at 100 edges/s', '% of a core', ours(quiet, 'cpu')),
      floor: floor(quiet, 'cpu'),
      goal: { words: '≤ 20 %', met: cpu <= 20 },
    },
    over('its Redis at 100 edges/s', '% of a core', ours(quiet, 'redis')),
    {
      ...over('2,500 edges/s sustained', 'edges/s', held),
      floor: floor(sustained, 'rate'),
      goal: { words: '≥ 2,500, nothing lost', met: median(held) >= SUSTAINED * HELD_SHARE && wrong.length === 0 },
      note: `0: not held, the last request came more than ${HELD_WITHIN} ms after the last edge; what is offered is 2,500/s`,
    },
    { ...over('edge to request at 2,500/s, p50', 'ms', ours(sustained, 'p50')), floor: floor(sustained, 'p50') },
    { ...over('gateway at 2,500 edges/s', '% of a core', ours(sustained, 'cpu')), floor: floor(sustained, 'cpu') },
    over('its Redis at 2,500 edges/s', '% of a core', ours(sustained, 'redis')),
    { ...over('as fast as it goes', 'edges/s', ours(flood, 'rate')), floor: floor(flood, 'rate') },
    {
      ...over('edges lost, doubled or out of order', `of ${edges.toLocaleString('en-US')}`, all.map(missing)),
      value: all.reduce((sum, run) => sum + missing(run), 0),
      goal: { words: 'none', met: wrong.length === 0 },
      ...(words && { note: words }),
    },
  ];
}

function over(name: string, unit: string, values: readonly number[]): Figure {
  return { name, unit, value: median(values), runs: values };
}

/** Checks that every edge arrived once and in the order of its machine. */
function isWhole(run: EdgeRun): boolean {
  return run.arrived === run.edges && run.faults.length === 0;
}

function missing(run: EdgeRun): number {
  return Math.max(Math.abs(run.edges - run.arrived), run.faults.length);
}

/** Returns an even number of edges for each machine, so that every machine ends in the state in which it began. */
function even(edges: number, machines: number): number {
  return Math.max(2, Math.round(edges / (2 * machines))) * 2 * machines;
}
