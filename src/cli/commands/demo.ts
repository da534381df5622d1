import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Clock, sleep, systemClock } from '../../core/clock.ts';
import { StartError } from '../../core/errors.ts';
import { formatDuration, parseDuration } from '../../core/fields.ts';
import { Started } from '../../core/lifecycle.ts';
import { DEMO_DELAY, DEMO_TYPE, DEMO_ZONE, demoProducts, recipesCsv, STATIONS } from '../../simulation/demo-plant.ts';
import { freePort } from '../../simulation/free-port.ts';
import { compareTruth, isClean } from '../../simulation/truth.ts';
import { truthTable } from '../../simulation/truth-table.ts';
import { type Command, EXIT, type Io, UsageError } from '../command.ts';
import { createAccount } from '../demo/account.ts';
import { type AccountLine, legend, shownLine } from '../demo/account-line.ts';
import { makeChaos } from '../demo/chaos.ts';
import { demoConfig } from '../demo/config.ts';
import { type DemoPlant, startDemoPlant } from '../demo/demo-plant.ts';
import { type GatewayProcess, gatewayProcess, isIdle } from '../demo/gateway.ts';

const help = (program: string) => `Usage: ${program} demo [--for TIME] [--chaos] [--seed N] [-v] [--json]

Starts three simulated PLCs (OPC UA, Modbus TCP, MQTT), an L2L sandbox and the gateway,
each as a process of its own on this host. It shows live what happens: dispatches,
changes of product, faults. Ctrl-C ends everything.

  --for TIME   end after this time, such as 40s: the machines come to rest, the gateway
               delivers what is left, and a table compares the machines with L2L
  --chaos      meanwhile kill the gateway, kill Redis and break L2L at random; the
               table still has to be clean
  --seed N     another story: machines and chaos follow from the seed (1)
  -v           show every line, rule → action → call → answer of L2L, for counts and
               production too
  --json       end with one line of JSON: machines, expected, delivered, lost, doubled,
               out_of_order, dead_letters

Config, journal and sandbox are in a temporary folder that is deleted at the end.

Exit codes: ${EXIT.ok} nothing lost, doubled, out of order or dead (or ended by Ctrl-C without
--for); ${EXIT.failed} something was, or the demo could not start; ${EXIT.usage} the command line is wrong`;

/** L2L keeps whole seconds; PLCs are polled and the gateway shares this host with other programs. */
const TOLERANCE = { early: 1000, late: 1000 };
/** The broker keeps every change of these with its time, so nobody has to look in time. */
const KEPT_BY_BROKER = new Set(STATIONS.filter(({ protocol }) => protocol === 'mqtt').map(({ machine }) => machine));
/** The last interval of counts and production is sent this long after the machines came to rest, at most (ms). */
const LAST_INTERVAL = 8000;
const SETTLE_WITHIN = 30_000;
const DELIVER_WITHIN = 120_000;
const STOP_STEP = 15_000;

type Options = {
  readonly duration: number | null;
  readonly chaos: boolean;
  readonly seed: number;
  readonly json: boolean;
  readonly verbose: boolean;
};

export const demoCommand: Command = {
  summary: 'shows simulated PLCs, the gateway and an L2L sandbox at work',
  help,
  async run(args, io) {
    const options = optionsOf(args);
    const started = new Started();
    try {
      return await demo(options, io, started);
    } finally {
      for (const error of await started.stop(STOP_STEP)) io.err(error.message);
    }
  },
};

function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      for: { type: 'string' },
      chaos: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      verbose: { type: 'boolean', short: 'v', default: false },
    },
  });
  const duration = values.for === undefined ? null : parseDuration(values.for);
  if (duration === undefined) throw new UsageError(`--for ${values.for}: write a time with its unit, such as 40s`);
  if (!/^\d+$/.test(values.seed)) throw new UsageError(`--seed ${values.seed}: write a whole number`);
  return { duration, chaos: values.chaos, seed: Number(values.seed), json: values.json, verbose: values.verbose };
}

async function demo(options: Options, io: Io, started: Started): Promise<number> {
  const clock = systemClock();
  const broken = new AbortController();
  const onUnexpectedEnd = (words: string) => broken.abort(new StartError(words));
  const ending = AbortSignal.any([io.signal, broken.signal]);
  const isTerminal = process.stdout.isTTY && io.env.NO_COLOR === undefined;
  const show = (line: AccountLine) => io.out(shownLine(line, DEMO_ZONE, isTerminal, io.columns));
  const say = (subject: string, text: string, tone: AccountLine['tone'] = 'loud') =>
    show({ at: Date.now(), stage: 'demo', subject, text, tone });

  const folder = mkdtempSync(join(tmpdir(), 'l2l-demo-'));
  started.add('folder', () => rmSync(folder, { recursive: true, force: true }));
  const plant = await startDemoPlant({ folder, seed: options.seed, env: io.env, onUnexpectedEnd });
  started.add('plant', () => plant.stop());

  const http = `127.0.0.1:${await freePort()}`;
  const config = join(folder, 'gateway.yaml');
  writeFileSync(join(folder, 'recipes.csv'), recipesCsv());
  writeFileSync(config, demoConfig({ http, l2l: plant.l2l, data: join(folder, 'data'), endpoints: plant.endpoints }));
  const account = createAccount();
  io.out(
    [
      'Six simulated machines behind three PLCs, the gateway, and an L2L sandbox; all of it runs on this PC only.',
      '',
      `  L2L sandbox  ${plant.l2l}: open it in a browser to see the dispatches and counts`,
      `  gateway      http://${http}/status`,
      `  config       ${config} (gone when the demo ends)`,
      `  PLCs         ${Object.values(plant.endpoints).join(', ')}`,
      '',
      legend(DEMO_ZONE, options.verbose),
      ...(options.verbose ? [] : ['Counts and production are not listed here: -v shows every line.']),
      '',
    ].join('\n'),
  );
  const gateway = gatewayProcess({
    config,
    url: `http://${http}`,
    env: { ...io.env, L2L_API_KEY: plant.key },
    onLogLine(text) {
      for (const line of account(text)) if (options.verbose || !line.detail) show(line);
    },
    onUnexpectedEnd,
  });
  started.add('gateway', () => gateway.stop());
  await gateway.start(ending);
  say('gateway', `sees every signal`, 'plain');

  try {
    plant.send('begin');
    await live(options, { clock, plant, gateway, ending, say });
    say('plant', 'machines come to rest; what is left is delivered', 'plain');
    plant.send('settle');
    const truths = await settledTruths(clock, plant, ending);
    const deadLetters = await delivered(clock, plant, gateway, ending);
    const after = await plant.state();
    const compared = compareTruth({
      truths,
      after,
      type: DEMO_TYPE,
      products: demoProducts(),
      tolerance: TOLERANCE,
      blind: machine => (KEPT_BY_BROKER.has(machine) ? [] : gateway.blind),
      delay: DEMO_DELAY,
      deadLetters,
    });
    io.out(`\n${isTerminal ? coloured(truthTable(compared)) : truthTable(compared)}`);
    io.out(`Times may differ by ${formatDuration(TOLERANCE.late)}: L2L keeps whole seconds, PLCs are polled.`);
    if (options.json) io.out(JSON.stringify(compared.verdict));
    return isClean(compared.verdict) ? EXIT.ok : EXIT.failed;
  } catch (error) {
    if (broken.signal.aborted || !io.signal.aborted) throw error;
    io.err('ended; with --for 40s it ends by itself and shows what was delivered');
    return options.duration === null ? EXIT.ok : EXIT.failed;
  }
}

/** What the demo's steps work with. */
type Stage = {
  readonly clock: Clock;
  readonly plant: DemoPlant;
  readonly gateway: GatewayProcess;
  /** Ctrl-C, or a process that ended although nobody asked it to. */
  readonly ending: AbortSignal;
  readonly say: (subject: string, text: string) => void;
};

/** Lets it run for the time asked for, or until it is asked to end, with or without chaos. */
async function live({ duration, chaos, seed }: Options, { clock, plant, gateway, ending, say }: Stage): Promise<void> {
  const over = new AbortController();
  const until = AbortSignal.any([ending, over.signal]);
  const trouble = chaos
    ? makeChaos(
        {
          async cutGateway(pause) {
            await gateway.kill();
            await sleep(clock, pause);
            await gateway.start(ending);
          },
          killRedis: () => gateway.killRedis(),
          breakL2l: faults => plant.setFaults(faults),
          say,
        },
        clock,
        seed,
        until,
      )
    : undefined;
  try {
    if (duration !== null) await Promise.race([sleep(clock, duration, ending), trouble ?? once(ending, 'abort')]);
    else await Promise.race([once(ending, 'abort'), trouble ?? once(ending, 'abort')]);
    ending.throwIfAborted();
  } finally {
    over.abort();
    await trouble;
  }
}

async function settledTruths(clock: Clock, plant: DemoPlant, ending: AbortSignal) {
  const deadline = clock.now() + SETTLE_WITHIN;
  for (;;) {
    const truths = await plant.truths();
    if (truths.every(({ settled }) => settled)) return truths;
    if (clock.now() > deadline) throw new StartError('the machines did not come to rest within 30 s');
    await sleep(clock, 200, ending);
  }
}

/**
 * Waits until the gateway has nothing left to send and L2L heard nothing new for a whole interval, but not for ever. Resolves to
 * how many actions L2L will never get by themselves.
 */
async function delivered(
  clock: Clock,
  plant: DemoPlant,
  gateway: GatewayProcess,
  ending: AbortSignal,
): Promise<number> {
  const deadline = clock.now() + DELIVER_WITHIN;
  let writes = -1;
  let quietSince = clock.now();
  for (;;) {
    const [status, { log }] = [await gateway.status(), await plant.state()];
    if (!status || !isIdle(status) || log.length !== writes) quietSince = clock.now();
    writes = log.length;
    if (status && (clock.now() - quietSince > LAST_INTERVAL || clock.now() > deadline)) {
      return status.journal.deadLetters + status.journal.parked;
    }
    if (clock.now() > deadline) throw new StartError('the gateway does not answer');
    await sleep(clock, 250, ending);
  }
}

/** What agrees in green, what does not in red. */
function coloured(table: string): string {
  return table
    .replace(/ ok$/gm, ' \u001b[32mok\u001b[0m')
    .replace(/\b[1-9]\d* (?:lost|doubled|out of order|dead letters)/g, '\u001b[31m$&\u001b[0m');
}
