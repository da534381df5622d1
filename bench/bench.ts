/**
 * Measures the gateway on this host: `npm run bench`. Prints one table and writes bench/results.json. Uses only the loopback network.
 *
 *   node bench/bench.ts [--quick | --tiny] [--only NAME]… [--json]
 *
 * NAME: rules, conditions, floors, edges, sandbox, acknowledged, footprint, start. --tiny only shows that every part works; its figures
 * mean nothing. --json prints the figures as one line of JSON.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureAcknowledged } from './acknowledged.ts';
import { measureConditions } from './conditions.ts';
import { measureEdges } from './edges.ts';
import { measureFloors } from './floors.ts';
import { measureFootprint } from './footprint.ts';
import { removeFolders } from './gateway.ts';
import { describeMachine } from './machine.ts';
import { stopAll } from './process.ts';
import { type Figure, type Options, table } from './report.ts';
import { measureRules } from './rules.ts';
import { measureSandbox } from './sandbox.ts';
import { measureStart } from './start.ts';
import { startWorld, stopWorlds, type World } from './world.ts';

type Measurement = (options: Options) => Promise<readonly Figure[]> | readonly Figure[];

const MEASUREMENTS: Readonly<Record<string, Measurement>> = {
  rules: measureRules,
  conditions: measureConditions,
  floors: measureFloors,
  edges: inWorld(measureEdges),
  sandbox: measureSandbox,
  acknowledged: inWorld(measureAcknowledged),
  footprint: inWorld(measureFootprint),
  start: measureStart,
};

/** Each measurement gets its own broker, publisher and sink, so that none starts with leftovers of another. */
function inWorld(measure: (world: World, options: Options) => Promise<Figure[]>): Measurement {
  return async options => {
    const world = await startWorld();
    const figures = await measure(world, options);
    const { unexpected } = await world.sink.ask({ kind: 'where' });
    if (unexpected.length > 0) throw new Error(`the sink has no answer for ${unexpected.join(', ')}`);
    await stopWorlds();
    return figures;
  };
}

function optionsOf({ quick, tiny }: { readonly quick: boolean; readonly tiny: boolean }): Options {
  if (tiny) return { runs: 1, scale: 0.005, part: 0.02 };
  return quick ? { runs: 3, scale: 0.2, part: 1 } : { runs: 5, scale: 0.5, part: 1 };
}

let interrupted: number | undefined;
let cleaning: Promise<void> | undefined;

/** Runs once, although Ctrl-C and the failure that it causes both ask for it. */
function cleanUp(): Promise<void> {
  cleaning ??= (async () => {
    await stopAll();
    await stopWorlds();
    removeFolders();
  })();
  return cleaning;
}

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    tiny: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
  },
});
const unknown = values.only.find(name => !(name in MEASUREMENTS));
if (unknown !== undefined) {
  console.error(`unknown measurement ${unknown}; known: ${Object.keys(MEASUREMENTS).join(', ')}`);
  process.exit(2);
}
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => {
    interrupted = code;
    void cleanUp().finally(() => process.exit(code));
  });
}

const options = optionsOf(values);
const machine = describeMachine();
const { cpu, cores, memoryGiB, loadBefore, node, commit } = machine;
const packages = Object.entries(machine.packages).map(entry => entry.join(' '));
if (!values.json) {
  console.log(`${cpu}, ${cores} cores, ${memoryGiB} GiB, load ${loadBefore.join(' ')}; Node ${node}; ${commit}`);
  console.log(`${machine.redis}; ${machine.mosquitto}`);
  console.log(`${packages.join(', ')}\n`);
}

const figures: Figure[] = [];
let failed = false;
try {
  for (const [name, measure] of Object.entries(MEASUREMENTS)) {
    if (values.only.length > 0 && !values.only.includes(name)) continue;
    process.stderr.write(`measuring ${name} …\n`);
    figures.push(...(await measure(options)));
  }
} catch (error) {
  failed = true;
  // After Ctrl-C a failure is expected: the processes were ended.
  if (interrupted === undefined) console.error(error);
} finally {
  await cleanUp();
}
if (interrupted !== undefined) process.exit(interrupted);
console.log(values.json ? JSON.stringify(figures) : table(figures));
// Only a whole run of full length is stored as a result.
if (!failed && !values.quick && !values.tiny && values.only.length === 0) {
  writeFileSync(
    join(import.meta.dirname, 'results.json'),
    `${JSON.stringify({ machine, options, figures }, null, 2)}\n`,
  );
  console.log('\nwritten to bench/results.json');
}
process.exit(failed ? 1 : 0);
