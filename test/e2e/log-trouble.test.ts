import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { testFolder } from '../support/folder.ts';
import { gatewayYaml, PATIENCE } from '../support/gateway.ts';
import { reservedPort } from '../support/port.ts';
import { API_KEY } from '../support/sandbox.ts';
import { withSmallDisk } from '../support/small-disk.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

/** A gateway whose log goes to the place of the test. Its signal changes all the time, and each change is a log line. */
async function gatewayWith(stdout: number | 'pipe', within: readonly string[] = []) {
  const folder = testFolder();
  const file = join(folder, 'gateway.yaml');
  const port = await reservedPort();
  const script = '[ { for: 40ms, value: true }, { for: 40ms, value: false } ]';
  const yaml = gatewayYaml(
    {
      l2l: 'http://127.0.0.1:9',
      mode: 'shadow',
      http: `127.0.0.1:${port}`,
      sources: `  sim: { protocol: simulated, signals: { p.run: { as: bool, script: ${script} } } }`,
      rules: '  d: { when: not p.run, on_delay: 0s, dispatch: { machine: M, type: D, trade: T, description: x } }',
    },
    folder,
  );
  writeFileSync(file, yaml);
  const [command = process.execPath, ...rest] = [...within, process.execPath, MAIN, 'run', file, '--log', 'debug'];
  const child: ChildProcess = spawn(command, rest, {
    env: { ...process.env, L2L_API_KEY: API_KEY, RUNTIME_DIRECTORY: join(folder, 'run') },
    stdio: ['ignore', stdout, stdout],
  });
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(5000) });
    return { code: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const missing = async () => String((await get('/health/ready')).body.missing);
  const shadow = async () => ((await get('/status')).body.journal as { shadow: number }).shadow;
  return {
    folder,
    child,
    missing,
    up: () => vi.waitFor(async () => expect((await get('/health/live')).code).toBe(200), PATIENCE),
    /** Resolves when the rules have recorded more than at present. */
    async goesOn() {
      const before = await shadow();
      await vi.waitFor(async () => expect(await shadow()).toBeGreaterThan(before + 3), PATIENCE);
    },
    /** Sends SIGTERM; resolves to the exit code. */
    async stop() {
      child.kill('SIGTERM');
      await exited;
      return child.exitCode;
    },
  };
}

describe('a log that can not be written', () => {
  it('a log on a device that is always full costs only log lines', async () => {
    const full = openSync('/dev/full', 'w');
    onTestFinished(() => closeSync(full));
    const gateway = await gatewayWith(full);
    await gateway.up();
    await gateway.goesOn();
    expect(await gateway.missing()).toMatch(
      /the log can't be written since \d{4}-\d\d-\d\dT[\d:.]{12}[+-]\d\d:\d\d \(.*full.*lines are lost/,
    );
    expect(await gateway.stop()).toBe(0);
  });

  it('a log in a pipe that nobody reads costs only log lines', async () => {
    const gateway = await gatewayWith('pipe');
    gateway.child.stdout?.pause();
    await gateway.up();
    // A pipe holds 64 KiB, so it is soon full, and later the buffer before it is full too.
    await vi.waitFor(
      async () => expect(await gateway.missing()).toMatch(/the log can't be written since .*does not read/),
      PATIENCE,
    );
    await gateway.goesOn();
    expect(await gateway.stop()).toBe(0);
  });

  it('a log in a pipe whose reader is gone costs only log lines', async () => {
    const gateway = await gatewayWith('pipe');
    gateway.child.stdout?.destroy();
    gateway.child.stderr?.destroy();
    await gateway.up();
    await gateway.goesOn();
    expect(await gateway.missing()).toMatch(/the log can't be written since .*has ended, EPIPE/);
    expect(await gateway.stop()).toBe(0);
  });

  it('a log on a full disk goes on when there is room again', async () => {
    const folder = testFolder();
    const log = join(folder, 'log');
    const fill = join(folder, 'fill');
    // The shell in the small file system opens the log and fills the disk. The test makes room through the files of that process.
    const command = 'exec >> "$0/log" 2>&1; head -c 200000 /dev/zero > "$0/fill" 2> /dev/null; exec "$@"';
    const small = [...withSmallDisk(folder, 64 * 1024), 'sh', '-c', command, folder];
    const gateway = await gatewayWith('pipe', small);
    await gateway.up();
    await gateway.goesOn();
    expect(await gateway.missing()).toMatch(/the log can't be written since .*the disk it goes to is full, ENOSPC/);

    const seen = (path: string) => `/proc/${gateway.child.pid}/root${path}`;
    rmSync(seen(fill));
    await vi.waitFor(async () => expect(await gateway.missing()).not.toContain('the log'), PATIENCE);
    await gateway.goesOn();
    const lines = readFileSync(seen(log), 'utf8').replaceAll('\0', '').split('\n');
    expect(lines.join('\n')).toMatch(/"dropped":[1-9]\d*,.*"msg":"lines of the log were dropped"/);
    expect(await gateway.stop()).toBe(0);
  });

  it('a log on a socket that nobody reads costs only log lines', async () => {
    const folder = testFolder();
    const path = join(folder, 's');
    const server = createServer(socket => void socket.pause());
    server.listen(path);
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const connect =
      'import socket,os,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); os.dup2(s.fileno(),1); os.dup2(s.fileno(),2); os.execvp(sys.argv[2], sys.argv[2:])';
    const gateway = await gatewayWith('pipe', ['python3', '-c', connect, path]);
    await gateway.up();
    await vi.waitFor(
      async () => expect(await gateway.missing()).toMatch(/the log can't be written since .*does not read/),
      PATIENCE,
    );
    await gateway.goesOn();
    expect(await gateway.stop()).toBe(0);
  });
});
