import { join } from 'node:path';
import { sqliteFloor } from './floors.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { type Program, startProgram } from './process.ts';
import type { Figure, Options } from './report.ts';
import { counterPlant } from './signal-plant.ts';
import { median } from './statistics.ts';
import type { World } from './world.ts';

const MACHINES = 200;
const GOAL = 5000;
/** How many unacknowledged messages mosquitto sends before it waits. */
const IN_FLIGHT = [1000, 20];

/**
 * Measures QoS 1 messages a second. Each one is acknowledged only after the commit that holds its change. The last message makes the
 * gateway call the sink. Acknowledgements keep their order, so by then every message before it is committed.
 */
export async function measureAcknowledged(world: World, { runs, scale, part }: Options): Promise<Figure[]> {
  const consumer = startProgram(process.execPath, [
    join(import.meta.dirname, 'consumer-process.ts'),
    world.broker.url,
    'consumer',
  ]);
  await consumer.line(line => line === 'ready');
  const machines = MACHINES * part;
  const figures: Figure[] = [];
  let consumed = 0;
  for (const inFlight of IN_FLIGHT) {
    // Each counter moves by the same number, so the number of messages is a multiple of the machines.
    const messages = Math.round(((inFlight < 100 ? 20_000 : 60_000) * scale) / machines) * machines;
    const gateway = await startGateway(data =>
      counterPlant({ broker: world.broker.url, l2l: world.l2l, data, prefix: 'gateway', machines, inFlight }),
    );
    try {
      const ours: number[] = [];
      const raw: number[] = [];
      const sqlite: number[] = [];
      const flood = { messages, machines };
      await committed(world, gateway, flood, 0);
      for (let run = 0; run < runs; run++) {
        sqlite.push(sqliteFloor(inFlight < 100 ? 20 : 100, Math.round(20_000 * scale)));
        consumed += 1;
        raw.push(await received(world, consumer, flood, consumed));
        ours.push(await committed(world, gateway, flood, run + 1));
      }
      figures.push({
        name: `acknowledged after commit, ${inFlight.toLocaleString('en-US')} in flight`,
        unit: 'messages/s',
        value: median(ours),
        runs: ours,
        floor: { what: 'raw mqtt.js', value: median(raw) },
        ...(inFlight === 1000 && { goal: { words: '≥ 5,000', met: median(ours) >= GOAL } }),
        note: `raw SQLite, ${inFlight < 100 ? 20 : 100} rows of 400 bytes a commit: ${Math.round(median(sqlite)).toLocaleString('en-US')} rows/s`,
      });
    } finally {
      await gateway.stop();
    }
  }
  await consumer.stop();
  return figures;
}

type Flood = { readonly messages: number; readonly machines: number };

/** Returns the messages a second, measured up to the commit of the last one. */
async function committed(world: World, gateway: Gateway, flood: Flood, run: number): Promise<number> {
  const before = new Map(await strokes(gateway));
  const began = await publish(world, 'gateway', flood);
  const { messages, machines } = flood;
  // This message opens a dispatch in one run (1) and closes it in the next run (0).
  const [{ arrivals, faults }] = await Promise.all([
    world.sink.ask({ kind: 'take', count: 1, patience: 60_000 }),
    world.publisher.ask({ prefix: 'gateway/end', machines: 1, messages: 1, rate: null, payload: 'edge' }),
  ]);
  const last = arrivals.get('m001')?.[0];
  if (last === undefined || faults.length > 0)
    throw new Error(`the messages did not come through: ${faults.join('; ')}`);
  const after = await strokes(gateway);
  for (const [name, count] of after) {
    const start = before.get(name);
    // A gateway that has just started has no earlier count of this counter.
    if (start === undefined) continue;
    const moved = count - start;
    if (moved !== messages / machines)
      throw new Error(`run ${run}: ${name} moved by ${moved}, not ${messages / machines}`);
  }
  return (messages / (last - began)) * 1000;
}

async function received(world: World, consumer: Program, flood: Flood, run: number): Promise<number> {
  const began = await publish(world, 'consumer', flood);
  await world.publisher.ask({ prefix: 'consumer/end', machines: 1, messages: 1, rate: null, payload: 'edge' });
  const line = await consumer.line(text => text.startsWith(`done ${run} `));
  return (flood.messages / (Number(line.split(' ')[2]) - began)) * 1000;
}

/** Publishes as fast as the broker accepts messages. Returns the time of the first one. */
async function publish(world: World, prefix: string, { messages, machines }: Flood): Promise<number> {
  const { sent } = await world.publisher.ask({ prefix, machines, messages, rate: null, payload: 'count' });
  return Math.min(...[...sent.values()].map(times => times[0] ?? Number.POSITIVE_INFINITY));
}

async function strokes(gateway: Gateway): Promise<[string, number][]> {
  const status = (await gateway.status()) as {
    readonly signals: readonly { readonly definition: { readonly name: string }; readonly value: unknown }[];
  };
  return status.signals
    .filter(({ definition, value }) => definition.name.endsWith('.strokes') && value !== null)
    .map(({ definition, value }) => [definition.name, Number(value)]);
}
