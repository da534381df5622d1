import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { descendant, type Program, startProgram, type Usage } from './process.ts';

/** The API key that the sink and the sandbox accept. */
export const KEY = 'bench-key';

export type Gateway = Program & {
  readonly redis: Usage;
  /** Returns its status page, as JSON. */
  status(): Promise<unknown>;
};

/** A module that is loaded before the gateway. It ends the gateway when stdin closes, and stdin closes however the bench ends. */
const ENDS_WITH_BENCH =
  "data:text/javascript,process.stdin.once('end',()=>process.kill(process.pid,'SIGTERM')).resume().unref()";

/** The folders that the bench made; it removes them at its end. */
const folders = new Set<string>();

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'l2l-bench-'));
  folders.add(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  folders.clear();
}

/** Starts the gateway as `npm start` does, with its own data folder. Waits for nothing. */
export function spawnGateway(config: (data: string) => string): Program {
  const folder = temporaryFolder();
  const file = join(folder, 'gateway.yaml');
  writeFileSync(file, config(join(folder, 'data')));
  const args = (process.env['BENCH_NODE_ARGS'] ?? '').split(' ').filter(arg => arg !== '');
  return startProgram(
    process.execPath,
    [
      '--max-semi-space-size=4',
      '--import',
      ENDS_WITH_BENCH,
      ...args,
      join(import.meta.dirname, '..', 'src', 'main.ts'),
      'run',
      file,
    ],
    {
      L2L_API_KEY: KEY,
      RUNTIME_DIRECTORY: folder,
    },
  );
}

/** Starts the gateway and waits until it is ready. With `even` it does not wait for that. */
export async function startGateway(config: (data: string) => string, even?: 'not ready'): Promise<Gateway> {
  const program = spawnGateway(config);
  const line = await program.line(text => text.includes('"gateway runs"'));
  const { status: url } = JSON.parse(line) as { readonly status: string };
  while (even === undefined && !(await fetch(`${url}/health/ready`)).ok) await wait(50);
  const redis = descendant(program.pid, 'redis-server');
  if (!redis) throw new Error('the gateway runs without a Redis of its own');
  return { ...program, redis, status: async () => (await fetch(`${url}/status`)).json() };
}
