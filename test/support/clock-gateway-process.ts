/**
 * The gateway on a host whose clocks a file controls: `{"wall": ms, "asleep": ms}`. `wall`: how far the wall clock is ahead of the true
 * time. `asleep`: how long the host has been suspended. Started like src/main.ts: `run FILE`.
 */
import { readFileSync } from 'node:fs';
import { assemble } from '../../src/app/assemble.ts';
import { realEdges } from '../../src/app/edges.ts';
import { runLives } from '../../src/app/lives.ts';
import { createLogger } from '../../src/cli/log/log.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createTimeNotation } from '../../src/core/time-notation.ts';
import { machineTime } from '../../src/core/wall-clock.ts';

const turned = () => JSON.parse(readFileSync(process.env.CLOCK_FILE ?? '', 'utf8')) as { wall: number; asleep: number };
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort('SIGTERM'));

const loaded = loadConfig(process.argv[3] ?? '', process.env, path => readFileSync(path));
const { log, output } = await createLogger('debug', false, createTimeNotation(loaded.config.l2l.timezone));
const edges = realEdges({
  log,
  logProblem: () => null,
  runtimeFolder: process.env.RUNTIME_DIRECTORY,
  signal: stop.signal,
  onFatal: () => process.exit(1),
});
const errors = await runLives({
  loaded,
  log,
  startLife: time => assemble(loaded, { ...edges, ...time }),
  machine: {
    wall: () => machineTime.wall() + turned().wall,
    sinceBoot: () => machineTime.sinceBoot() + turned().asleep,
  },
  signal: stop.signal,
  onStart: app => log.info({ status: app.url }, 'gateway runs'),
});
await output.flush(1000);
process.exitCode = errors.length === 0 ? 0 : 1;
