import { readFileSync } from 'node:fs';
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
});
