import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { cli } from './cli/cli.ts';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The second one is a person who does not want to wait.
    if (stop.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143);
    stop.abort(signal);
  });
}

for (const stream of [process.stdout, process.stderr]) {
  // A reader that has gone (head, a log collector that restarts) must not end the gateway; nobody is left to tell either.
  stream.on('error', () => {});
}

process.exitCode = await cli(process.argv.slice(2), {
  out: text => process.stdout.write(`${text}\n`),
  err: text => process.stderr.write(`${text}\n`),
  env: process.env,
  readFile: path => readFileSync(path),
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
  const { stdout } = process;
  if (stdout.writableNeedDrain && !stdout.destroyed) {
    const over = new AbortController();
    const events = ['drain', 'error', 'close'].map(event => once(stdout, event, { signal: over.signal }));
    // An error says that nobody reads any more; the answer is the same.
    await Promise.race(events).catch(() => {});
    over.abort();
    await Promise.allSettled(events);
  }
  return !stdout.destroyed && stdout.errored === null;
}
