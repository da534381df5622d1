import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { cli } from './cli/cli.ts';
import { readFile } from './cli/read-file.ts';

// Libraries that read it when they are loaded would write what they send to the log, passwords with it.
delete process.env.DEBUG;

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The second one is a person who does not want to wait.
    if (stop.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143);
    stop.abort(signal);
  });
}

let isRead = true;
// A reader that has gone (head, a log collector that restarts) must not end the gateway; nobody is left to read either.
process.stdout.on('error', () => {
  isRead = false;
});
process.stderr.on('error', () => {});

process.exitCode = await cli(process.argv.slice(2), {
  out: text => process.stdout.write(`${text}\n`),
  err: text => process.stderr.write(`${text}\n`),
  env: process.env,
  readFile,
  signal: stop.signal,
  ...(process.stdout.isTTY && { columns: process.stdout.columns }),
  ...(process.stdin.isTTY && { ask }),
  taken,
});

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question, { signal: stop.signal });
  } finally {
    terminal.close();
  }
}

/** A reader slower than we are is waited for, so that what it has not taken does not pile up in memory. */
async function taken(): Promise<boolean> {
  // What was written fails, if it does, before this comes back.
  await nextTurn();
  const { stdout } = process;
  // `once` rejects on an error: then nobody reads any more.
  if (isRead && stdout.writableNeedDrain) await once(stdout, 'drain').catch(() => {});
  return isRead;
}
