import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const PACKAGES = ['bullmq', 'ioredis', 'mqtt', 'undici', 'node-opcua'];

/** Describes the host and the versions of the measurement. */
export function describeMachine() {
  return {
    at: new Date().toISOString(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    loadBefore: loadavg().map(load => Number(load.toFixed(2))),
    system: `${type()} ${release()}`,
    node: process.version,
    redis: firstLine('redis-server', ['--version']),
    mosquitto: firstLine('mosquitto', ['-h']),
    packages: Object.fromEntries(PACKAGES.map(name => [name, versionOf(name)])),
    commit: firstLine('git', ['-C', ROOT, 'describe', '--always', '--dirty']),
  };
}

function versionOf(name: string): string {
  const file = readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(file) as { readonly version: string }).version;
}

function firstLine(command: string, args: readonly string[]): string {
  try {
    const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin` };
    return (
      execFileSync(command, args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')[0] ?? ''
    );
  } catch (error) {
    // mosquitto prints its version and then exits with a failure.
    const said = typeof error === 'object' && error !== null && 'stdout' in error ? String(error.stdout) : '';
    return said.split('\n')[0] || 'unknown';
  }
}
