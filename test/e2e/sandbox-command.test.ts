import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { SandboxState } from '../../src/simulation/sandbox/state.ts';
import { testFolder } from '../support/folder.ts';
import { PATIENCE } from '../support/patience.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

const configText = (folder: string, l2l: string) => `gateway:
  name: press_shop_1
  mode: live
  data: ${folder}/data
  journal: { ballast: 1MiB }
  http: 127.0.0.1:0
l2l:
  url: ${l2l}
  api_key: "\${L2L_API_KEY}"
  site: 43
  timezone: America/Denver
  user: gateway
  rate: unlimited
sources:
  desk:
    protocol: simulated
    signals:
      press1.running: { as: bool, repeat: false, script: [{ for: 1s, value: true }, { for: 2s, value: false }, { for: 1s, value: true }] }
rules:
  press1_down:
    when: not press1.running
    on_delay: 500ms
    dispatch: { machine: PRESS-01, type: DOWN, trade: MAINT, description: Press 1 stands still }
`;

function program(args: readonly string[], env: Record<string, string> = {}) {
  const { L2L_API_KEY: _, ...inherited } = process.env;
  const child: ChildProcess = spawn(process.execPath, [MAIN, ...args], {
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return {
    output: () => output,
    end() {
      child.kill('SIGINT');
      return ended;
    },
  };
}

it('the sandbox of a config takes the calls of the gateway with that config: a dispatch opens and closes', async () => {
  const folder = testFolder();
  const file = join(folder, 'my.yaml');
  // The config as it is before anybody has a sandbox: with the real address.
  writeFileSync(file, configText(folder, 'https://acme.leading2lean.com'));
  const sandbox = program(['sandbox', file, '--port', '0']);
  const { url, key } = await vi.waitFor(() => {
    const [, address] = /^ {2}url: (\S+)/m.exec(sandbox.output()) ?? [];
    const [, named] = /^export L2L_API_KEY=(\S+)$/m.exec(sandbox.output()) ?? [];
    if (!address || !named) throw new Error(sandbox.output());
    return { url: address, key: named };
  }, PATIENCE);

  writeFileSync(file, configText(folder, url));
  const gateway = program(['run', file], { L2L_API_KEY: key, RUNTIME_DIRECTORY: join(folder, 'run') });
  await vi.waitFor(async () => {
    const { dispatches } = (await (await fetch(`${url}/sandbox/state`)).json()) as SandboxState;
    expect(dispatches, gateway.output()).toHaveLength(1);
    expect(dispatches[0]).toMatchObject({ closed: expect.any(Number) as number });
    const [{ completed, reported } = { completed: null, reported: 0 }] = dispatches;
    // Two seconds, in whole seconds, on a busy host.
    expect((completed ?? 0) - reported).toBeGreaterThanOrEqual(1000);
    expect((completed ?? 0) - reported).toBeLessThanOrEqual(3000);
  }, PATIENCE);
  const page = await (await fetch(url)).text();
  expect(page).toContain('Press 1 stands still');
  expect(await gateway.end()).toBe(0);
  expect(await sandbox.end()).toBe(0);
}, 60_000);
