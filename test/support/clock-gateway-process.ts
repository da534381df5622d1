/**
 * The gateway on a machine whose clocks go as a file says: `{"wall": ms, "asleep": ms}` is what the wall clock shows beyond the
 * true time, and how long the machine has been suspended. Started like src/main.ts: `run FILE`.
 */
import { readFileSync } from 'node:fs';
import { runLives } from '../../src/app/lives.ts';
import { startApp } from '../../src/app/start.ts';
import { createLogger } from '../../src/cli/log/log.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createTimeNotation } from '../../src/core/time-notation.ts';
import { machineTime } from '../../src/core/wall-clock.ts';

const told = () => JSON.parse(readFileSync(process.env.CLOCK_FILE ?? '', 'utf8')) as { wall: number; asleep: number };
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort('SIGTERM'));

const loaded = loadConfig(process.argv[3] ?? '', process.env, path => readFileSync(path));
const { log, output } = await createLogger('debug', false, createTimeNotation(loaded.config.l2l.timezone));
const errors = await runLives({
  loaded,
  log,
  startApp,
  machine: {
    wall: () => machineTime.wall() + told().wall,
    sinceBoot: () => machineTime.sinceBoot() + told().asleep,
  },
  signal: stop.signal,
  ...(process.env.RUNTIME_DIRECTORY && { runtimeFolder: process.env.RUNTIME_DIRECTORY }),
  onFatal: () => process.exit(1),
  onStart: app => log.info({ status: app.url }, 'gateway runs'),
});
await output.flush(1000);
process.exitCode = errors.length === 0 ? 0 : 1;
