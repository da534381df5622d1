import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { expect, onTestFinished, vi } from 'vitest';
import type { SourceStatus } from '../../src/core/sample.ts';
import type { JournalCounts } from '../../src/journal/history/overview.ts';
import type { CallQueueStatus } from '../../src/queue/call-queue.ts';
import type { SignalView } from '../../src/rules/signal-view.ts';
import { testFolder } from './folder.ts';
import { PATIENCE } from './patience.ts';
import { API_KEY, SITE_ZONE } from './sandbox.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

export { PATIENCE };

/** How many characters of the log are shown when a test fails. Set LAST_WORDS to see more. */
const LAST_WORDS = Number(process.env.LAST_WORDS ?? 6000);

export type GatewayOptions = {
  /** Address of L2L. */
  readonly l2l: string;
  /** YAML below `sources:`, indented by two. */
  readonly sources: string;
  /** YAML below `rules:`, indented by two. */
  readonly rules: string;
  /** CSV of the lookup `codes`, whose key is a number. */
  readonly codes?: string;
  readonly mode?: 'live' | 'shadow';
  /** The address of a Redis that somebody else runs. Left out: the gateway starts its own. */
  readonly redis?: string;
  /** Waits that replace the short ones below. */
  readonly waits?: Readonly<Record<string, string>>;
  /** The data folder. Left out: a folder in the test's folder. */
  readonly data?: string;
  readonly http?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A program that is started in place of src/main.ts, with the same arguments. */
  readonly main?: string;
  /** The YAML below `gateway.journal`. */
  readonly journal?: Readonly<Record<string, string>>;
  /** The command that runs the gateway, such as `unshare`. Its last arguments are the gateway's command line. */
  readonly within?: readonly string[];
};

/** Times that a test has to wait for are short. Times that must not end early on a busy host are long. */
const QUICK = {
  timeout: '10s',
  settle: '300ms',
  look_again: '200ms',
  batch_settle: '500ms',
  follow_up: '200ms',
  give_up_after: '0s',
};

export type GatewayStatus = {
  readonly starts: number;
  readonly mode: string;
  readonly notReady: readonly string[];
  readonly sources: readonly SourceStatus[];
  readonly signals: readonly SignalView[];
  readonly journal: Pick<JournalCounts, 'deadLetters' | 'parked' | 'shadow'> & {
    readonly actionsWaiting: number;
    readonly newestEvents: readonly object[];
  };
  readonly queue: {
    readonly words: string;
    readonly redis: CallQueueStatus['redis'];
    readonly paused: readonly { readonly words: string; readonly detail: string }[];
    readonly heldUp: readonly {
      readonly words: string;
      readonly lanes: readonly string[];
      readonly rules: readonly object[];
    }[];
    readonly callsRunning: number;
    /** The number of actions by state, in words. */
    readonly callsOpen: Readonly<Record<string, number>>;
  };
};

export type LogLine = { readonly msg: string; readonly [field: string]: unknown };

/** The gateway as its users run it: its own process with a YAML file. Ends with the test. */
export interface TestGateway {
  readonly file: string;
  readonly dataFolder: string;
  /** Its whole output, over all its lives. */
  output(): string;
  /** The lines of its log. */
  lines(): readonly LogLine[];
  /** The log lines with this message. */
  logged(message: string): readonly LogLine[];
  /** Starts it and resolves when its status page answers. */
  start(): Promise<void>;
  /** Ends it with SIGKILL, as in a power cut. */
  kill(): Promise<void>;
  /** Ends it with SIGTERM; resolves to its exit code. */
  stop(): Promise<number | null>;
  /** Resolves to its exit code when it has ended by itself. */
  ended(): Promise<number | null>;
  /** Its process id. */
  pid(): number | undefined;
  /** Makes the process stand still, and lets it go on. */
  freeze(): void;
  thaw(): void;
  status(): Promise<GatewayStatus>;
  ready(): Promise<{ readonly code: number; readonly missing: readonly string[] }>;
  /** Resolves when `/health/ready` answers that the gateway is ready. */
  untilReady(): Promise<void>;
  /** Resolves when every source is connected, whatever its signals show. */
  untilConnected(): Promise<void>;
  /** Resolves when every signal has been seen and is good. */
  untilSeen(): Promise<void>;
  /** Resolves when nothing waits and no call is on its way. Fails when an action is parked or a dead letter. */
  untilDelivered(): Promise<void>;
  /** A connection to the Redis process that the gateway runs at this moment. */
  redis(): Promise<Redis>;
}

export function gatewayYaml(options: GatewayOptions, folder: string): string {
  const waits = Object.entries({ ...QUICK, ...options.waits }).map(([name, wait]) => `  ${name}: ${wait}`);
  return `gateway:
  name: test_gateway
  mode: ${options.mode ?? 'live'}
  data: ${options.data ?? join(folder, 'data')}
  journal: ${JSON.stringify({ ballast: '1MiB', ...options.journal })}
  http: ${options.http ?? '127.0.0.1:0'}
${options.redis === undefined ? '' : `  redis: ${options.redis}\n`}l2l:
  url: ${options.l2l}
  api_key: "\${L2L_API_KEY}"
  site: 43
  timezone: ${SITE_ZONE}
  user: gateway
  rate: unlimited
${waits.join('\n')}
defaults: { dispatch: { trade: MAINT } }
${options.codes === undefined ? '' : 'lookups: { codes: { key: number, file: codes.csv } }\n'}sources:
${options.sources}
rules:
${options.rules}
`;
}

/** Writes the config; `start` starts the process. */
export function testGateway(options: GatewayOptions): TestGateway {
  const folder = testFolder();
  const file = join(folder, 'gateway.yaml');
  writeFileSync(file, gatewayYaml(options, folder));
  if (options.codes !== undefined) writeFileSync(join(folder, 'codes.csv'), options.codes);
  const runtime = join(folder, 'run');
  const lines: LogLine[] = [];
  let output = '';
  let child: ChildProcess | undefined;
  let exited: Promise<unknown> = Promise.resolve();
  let url = '';

  const fetchJson = async (path: string) => {
    const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(PATIENCE.timeout) });
    return { code: response.status, body: (await response.json()) as unknown };
  };
  const status = async () => (await fetchJson('/status')).body as GatewayStatus;

  function read(text: string): void {
    output += `${text}\n`;
    if (text.startsWith('{')) lines.push(JSON.parse(text) as LogLine);
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    child?.kill(signal);
    await exited;
    return child?.exitCode ?? null;
  }
  onTestFinished(async ({ task }) => {
    await end('SIGKILL');
    if (task.result?.state === 'fail')
      console.error(`the gateway of "${task.name}" said:\n${output.slice(-LAST_WORDS)}`);
  });

  const gateway: TestGateway = {
    file,
    dataFolder: options.data ?? join(folder, 'data'),
    output: () => output,
    lines: () => lines,
    logged: message => lines.filter(({ msg }) => msg === message),
    async start() {
      const env = { RUNTIME_DIRECTORY: runtime, ...options.env };
      const started = spawnGateway(options.main ?? MAIN, ['run', file, '--log', 'debug'], env, options.within);
      child = started;
      exited = once(started, 'close');
      started.stderr?.on('data', chunk => {
        output += chunk;
      });
      const up = new Promise<string>((resolve, reject) => {
        if (!started.stdout) throw new Error('the gateway has no stdout');
        createInterface({ input: started.stdout }).on('line', text => {
          read(text);
          const line = lines.at(-1);
          if (text.startsWith('{') && line?.msg === 'gateway runs') resolve(String(line.status));
        });
        void exited.then(() => reject(new Error(`the gateway did not start:\n${output}`)));
      });
      url = await up;
    },
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
    async ended() {
      await exited;
      return child?.exitCode ?? null;
    },
    pid: () => child?.pid,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    status,
    async ready() {
      const { code, body } = await fetchJson('/health/ready');
      return { code, missing: (body as { readonly missing: readonly string[] }).missing };
    },
    untilReady: () =>
      vi.waitFor(async () => expect(await gateway.ready()).toEqual({ code: 200, missing: [] }), PATIENCE),
    untilConnected: () =>
      vi.waitFor(async () => {
        const { sources } = await status();
        expect(sources.map(({ state }) => state)).toEqual(sources.map(() => 'connected'));
      }, PATIENCE),
    untilSeen: () =>
      vi.waitFor(async () => {
        const { sources, signals } = await status();
        expect(sources.map(({ state }) => state)).toEqual(sources.map(() => 'connected'));
        expect(signals.filter(({ good }) => !good)).toEqual([]);
      }, PATIENCE),
    untilDelivered: () =>
      vi.waitFor(async () => {
        const { journal, queue } = await status();
        const { actionsWaiting, deadLetters, parked } = journal;
        const { callsRunning, callsOpen } = queue;
        expect({ actionsWaiting, deadLetters, parked, callsRunning, callsOpen }).toEqual({
          actionsWaiting: 0,
          deadLetters: 0,
          parked: 0,
          callsRunning: 0,
          callsOpen: {},
        });
      }, PATIENCE),
    async redis() {
      const { starts } = await status();
      const [path = 'none'] = globSync(join(runtime, `redis-*-${starts}/redis.sock`));
      const client = new Redis({ path, retryStrategy: () => 50, maxRetriesPerRequest: null });
      client.on('error', () => {}); // The test kills this Redis.
      onTestFinished(() => client.disconnect());
      return client;
    },
  };
  return gateway;
}

function spawnGateway(
  main: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  within: readonly string[] = [],
): ChildProcess {
  const [command = process.execPath, ...rest] = [...within, process.execPath, main, ...args];
  return spawn(command, rest, {
    env: { ...process.env, L2L_API_KEY: API_KEY, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

/** Runs a gateway that is expected to end by itself. An empty value in `env` removes the variable. `within` as in GatewayOptions. */
export async function runToEnd(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
  within: readonly string[] = [],
): Promise<Ended> {
  const [command = process.execPath, ...rest] = [...within, process.execPath, MAIN, ...args];
  const child = spawn(command, rest, {
    env: { ...process.env, L2L_API_KEY: API_KEY, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let out = '';
  let err = '';
  child.stdout.on('data', chunk => {
    out += chunk;
  });
  child.stderr.on('data', chunk => {
    err += chunk;
  });
  await once(child, 'close');
  return { code: child.exitCode, out, err };
}

/** The process id of a redis-server. */
export async function pidOf(redis: Redis): Promise<number> {
  return Number(/^process_id:(\d+)/m.exec(await redis.info('server'))?.[1]);
}

/** Whether a process still runs. A process that has ended, but was not yet collected by its parent, does not count. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false; // there is no such process any more
  }
}
