import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { StartError } from '../../core/errors.ts';

export type ChildOptions = {
  /** For messages: `the sandbox`. */
  readonly name: string;
  /** Arguments for Node: the script and what it takes. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Each line of stdout. */
  readonly onLine: (line: string) => void;
  /** It ended although nobody asked it to. */
  readonly onUnexpectedEnd: (words: string) => void;
};

/** One process of the demo, on the same Node. Its stdin stays open for as long as the demo lives. */
export interface Child {
  readonly pid: number;
  send(line: string): void;
  /** SIGTERM, and SIGKILL when it has not ended within `patience` ms. Resolves when it is gone. */
  stop(patience: number): Promise<void>;
  /** SIGKILL, as a power cut would. Resolves when it is gone. */
  kill(): Promise<void>;
}

const OUTPUT_KEPT = 2000;

export async function startChild(options: ChildOptions): Promise<Child> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...options.args], {
    env: options.env,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let wanted = false;
  let errors = '';
  const gone = new Promise<void>(resolve => child.once('exit', () => resolve()));
  createInterface({ input: child.stdout }).on('line', options.onLine);
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-OUTPUT_KEPT);
  });
  // A broken pipe means that it ended; the exit says the same.
  child.stdin.on('error', () => {});
  child.once('exit', (code, signal) => {
    if (!wanted)
      options.onUnexpectedEnd(
        `${options.name} ended (${signal ?? `code ${code}`}): ${errors.trim() || 'it wrote no error'}`,
      );
  });
  try {
    await once(child, 'spawn');
  } catch (cause) {
    throw new StartError(`${options.name} can't be started`, { cause });
  }
  return {
    pid: child.pid ?? 0,
    send: line => child.stdin.write(`${line}\n`),
    async stop(patience) {
      wanted = true;
      signalTo(child, 'SIGTERM');
      const timer = setTimeout(() => signalTo(child, 'SIGKILL'), patience);
      await gone;
      clearTimeout(timer);
    },
    async kill() {
      wanted = true;
      signalTo(child, 'SIGKILL');
      await gone;
    },
  };
}

/** Node sends nothing to a process whose end it has seen, so no other process can be hit. */
function signalTo(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
}

/** Starts a child whose first line of stdout is JSON that says how it is reached. */
export async function startServer(options: ChildOptions): Promise<{ readonly child: Child; readonly where: unknown }> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  let ready = false;
  const child = await startChild({
    ...options,
    onLine(line) {
      if (ready) options.onLine(line);
      else resolve(JSON.parse(line));
      ready = true;
    },
    onUnexpectedEnd(words) {
      if (ready) options.onUnexpectedEnd(words);
      else reject(new StartError(words));
    },
  });
  return { child, where: await promise };
}
