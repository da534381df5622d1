import { setTimeout as wait } from 'node:timers/promises';
import { type Gateway, spawnGateway, startGateway } from './gateway.ts';
import { startCpu } from './process.ts';
import type { Figure, Options } from './report.ts';
import { edgePlant, type PlantOptions, widePlant } from './signal-plant.ts';
import { median, monotonic } from './statistics.ts';
import type { World } from './world.ts';

const MACHINES = 1000;
const FIELDS = 10;
const MEMORY_GOAL = 200;
const MIB = 2 ** 20;

/** A source that nobody answers. The gateway loads its protocol stack all the same. */
const OPCUA = `  plc:
    protocol: opcua
    endpoint: opc.tcp://127.0.0.1:9
    namespace: http://bench
    signals:
      plc.unreachable: 's=unreachable'`;

/** Measures what the gateway needs of the host: memory with many signals, CPU while nothing happens, time to the first sample. */
export async function measureFootprint(world: World, options: Options): Promise<Figure[]> {
  const plant = (data: string, prefix: string, log: 'info' | 'debug' = 'info'): PlantOptions => ({
    broker: world.broker.url,
    l2l: world.l2l,
    data,
    prefix,
    machines: (prefix === 'wide' ? MACHINES : 200) * options.part,
    log,
  });
  const wide = (extra?: string) => (data: string) =>
    widePlant({ ...plant(data, 'wide'), fields: FIELDS, ...(extra !== undefined && { extra }) });

  return [
    ...(await memory('', world, await startGateway(wide()), options)),
    ...(await memory(', OPC UA loaded', world, await startGateway(wide(OPCUA), 'not ready'), options)),
    await idle(await startGateway(data => edgePlant(plant(data, 'idle'))), options),
    await start('200 signals', world, data => edgePlant(plant(data, 'start', 'debug')), options),
    await start(
      '10,000 signals',
      world,
      data => widePlant({ ...plant(data, 'wide', 'debug'), fields: FIELDS, hot: true }),
      options,
    ),
  ];
}

async function memory(
  with_: string,
  world: World,
  gateway: Gateway,
  { runs, scale, part }: Options,
): Promise<Figure[]> {
  const resident: number[] = [];
  const cpu: number[] = [];
  try {
    const seconds = Math.ceil(10 * scale);
    const load = (for_: number) => publishWide(world, MACHINES * part, for_);
    await load(seconds);
    for (let run = 0; run < runs; run++) {
      const used = startCpu(gateway);
      await load(seconds);
      cpu.push(used());
      resident.push(gateway.memory() / MIB);
    }
    const peak = Math.round(gateway.peak() / MIB);
    return [
      {
        name: `resident memory, 10,000 signals a second${with_}`,
        unit: 'MiB',
        value: median(resident),
        runs: resident,
        goal: { words: '≤ 200', met: median(resident) <= MEMORY_GOAL },
        note: `1,000 MQTT messages a second with ten values each, all new; 1,000 rules; highest ${peak} MiB; Redis beside it ${Math.round(gateway.redis.memory() / MIB)} MiB`,
      },
      { name: `gateway at 10,000 signals a second${with_}`, unit: '% of a core', value: median(cpu), runs: cpu },
    ];
  } finally {
    await gateway.stop();
  }
}

function publishWide(world: World, machines: number, seconds: number) {
  return world.publisher.ask({
    prefix: 'wide',
    machines,
    messages: machines * seconds,
    rate: machines,
    payload: { fields: FIELDS },
  });
}

async function idle(gateway: Gateway, { runs, scale, part }: Options): Promise<Figure> {
  const cpu: number[] = [];
  try {
    // Waits until the work that a start leaves behind is done; most of it is compilation.
    await wait(5000 * part);
    for (let run = 0; run < runs; run++) {
      const [used, redis] = [startCpu(gateway), startCpu(gateway.redis)];
      await wait(6000 * scale);
      cpu.push(used() + redis());
    }
  } finally {
    await gateway.stop();
  }
  const value = median(cpu);
  return {
    name: 'idle, its Redis included',
    unit: '% of a core',
    value,
    runs: cpu,
    goal: { words: '≤ 2 %', met: value <= 2 },
    note: '200 signals over MQTT, 200 rules, connected, without messages',
  };
}

/**
 * Measures the time from the start of the process to the commit of the first sample on which a rule acts. The machines publish all the
 * time.
 */
async function start(what: string, world: World, config: (data: string) => string, { runs }: Options): Promise<Figure> {
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const began = monotonic();
    const gateway = spawnGateway(config);
    const first = gateway.line(line => line.includes('"event":"')).then(() => monotonic() - began);
    try {
      let over = false;
      const publishing = (async () => {
        while (!over) await publishSome(world, what);
      })();
      times.push(await first.finally(() => (over = true)));
      await publishing;
    } finally {
      await gateway.stop();
    }
  }
  const value = median(times) / 1000;
  return {
    name: `start to first sample, ${what}`,
    unit: 's',
    value,
    runs: times.map(time => time / 1000),
    goal: { words: '≤ 2 s', met: value <= 2 },
  };
}

function publishSome(world: World, what: string) {
  const wide = what !== '200 signals';
  return world.publisher.ask({
    prefix: wide ? 'wide' : 'start',
    machines: 1,
    messages: 10,
    rate: 200,
    payload: wide ? { fields: FIELDS } : 'edge',
  });
}
