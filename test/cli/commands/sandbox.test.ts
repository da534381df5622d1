import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { NAMED_FAULTS } from '../../../src/simulation/sandbox/named-faults.ts';
import type { SandboxState } from '../../../src/simulation/sandbox/state.ts';
import { testFolder } from '../../support/folder.ts';
import { PATIENCE } from '../../support/patience.ts';

const MAIN = join(import.meta.dirname, '../../../src/main.ts');

const CONFIG = `gateway: { name: press_shop_1 }
l2l:
  url: https://acme.leading2lean.com
  api_key: "\${L2L_API_KEY}"
  site: 47
  timezone: Europe/Berlin
  user: edge
sources:
  desk: { protocol: simulated, signals: { press1.running: { as: bool, script: [{ for: 9s, value: true }] } } }
rules:
  press1_down:
    when: not press1.running
    on_delay: 2m
    dispatch: { machine: PRESS-77, type: HALT, trade: MECH, description: Press 1 stands still }
`;

type Program = {
  readonly out: () => string;
  readonly err: () => string;
  /** The address of the sandbox, as soon as it is printed. */
  url(): Promise<string>;
  /** Sends Ctrl-C; resolves to the exit code. */
  end(): Promise<number | null>;
  readonly ended: Promise<number | null>;
};

function sandbox(args: readonly string[], env: Record<string, string> = {}): Program {
  const { L2L_API_KEY: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [MAIN, 'sandbox', ...args], {
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return {
    out: () => out,
    err: () => err,
    url: () =>
      vi.waitFor(() => {
        const [, url = ''] = /address\s+(http:\S+)/.exec(out) ?? [];
        expect(url, err).not.toBe('');
        return url;
      }, PATIENCE),
    end() {
      child.kill('SIGINT');
      return ended;
    },
    ended,
  };
}

function configFile(text = CONFIG): string {
  const file = join(testFolder(), 'my.yaml');
  writeFileSync(file, text);
  return file;
}

/** Opens a dispatch as the gateway does; resolves to the status and the answer of L2L. */
async function open(url: string, key: string) {
  const body = new URLSearchParams({
    site: '47',
    machinecode: 'PRESS-77',
    dispatchtypecode: 'HALT',
    tradecode: 'MECH',
    user: 'edge',
    description: 'stands',
  });
  const response = await fetch(`${url}/api/1.0/dispatches/open/`, { method: 'POST', body, headers: { l2lauth: key } });
  return { status: response.status, answer: (await response.json()) as { readonly success: boolean } };
}

const state = async (url: string) => (await (await fetch(`${url}/sandbox/state`)).json()) as SandboxState;

describe('sandbox command', () => {
  it('the sandbox command uses the site and the codes of a config whose secrets are unset, and prints the key that it accepts', async () => {
    const file = configFile();
    const program = sandbox([file, '--port', '0']);
    const url = await program.url();
    const out = program.out();

    expect(out).toContain(`page      ${url}/`);
    // The lines for the config are printed in the form that the config needs.
    for (const line of ['gateway:', '  mode: live', 'l2l:', `  url: ${url}`, `  api_key: "\${L2L_API_KEY}"`])
      expect(out.split('\n').map(text => text.replace(/\s+#.*/, ''))).toContain(line);
    expect(out).toContain(`# ${file}:3:8`);
    const [, key = ''] = /^export L2L_API_KEY=(\S+)$/m.exec(out) ?? [];

    expect(await open(url, key)).toMatchObject({ status: 200, answer: { success: true } });
    expect((await open(url, 'another')).status).toBe(401);
    const { sites, dispatches } = await state(url);
    expect(sites).toMatchObject([{ site: 47, timezone: 'Europe/Berlin' }]);
    expect(dispatches).toHaveLength(1);
    expect(await program.end()).toBe(0);
    expect(program.err()).toBe('');
  });

  it('the sandbox command takes the key that the config refers to, and never shows it', async () => {
    const program = sandbox([configFile(), '--port', '0'], { L2L_API_KEY: 'key-of-the-plant-4711' });
    const url = await program.url();
    expect((await open(url, 'key-of-the-plant-4711')).status).toBe(200);
    expect((await open(url, 'sandbox-key')).status).toBe(200);
    const page = await (await fetch(url)).text();
    expect(await program.end()).toBe(0);
    expect(program.out() + program.err() + page).not.toContain('4711');
  });

  it('the sandbox command reports that a config already sends to the sandbox', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    free.close();
    await once(free, 'close');
    const text = CONFIG.replace('press_shop_1', 'press_shop_1, mode: live').replace(
      'https://acme.leading2lean.com',
      `http://127.0.0.1:${port}`,
    );
    const program = sandbox([configFile(text), '--port', String(port)]);
    await program.url();
    expect(program.out()).toContain('sends to this sandbox already');
  });

  it('without a config, the sandbox command has a small plant and prints a whole l2l section', async () => {
    const program = sandbox(['--port', '0']);
    const url = await program.url();
    expect(program.out()).toMatch(/^ {2}site: 43$/m);
    expect(program.out()).toMatch(/^ {2}timezone: \S+$/m);
    expect((await state(url)).machines.length).toBeGreaterThan(0);
    expect(await program.end()).toBe(0);
  });

  it('the sandbox command shows the given fault for the given time', async () => {
    const program = sandbox([configFile(), '--port', '0', '--fault', 'refuse=2s', '--fault', 'slow']);
    const url = await program.url();
    expect((await state(url)).faults.map(({ name }) => name)).toEqual(['refuse', 'slow']);
    await vi.waitFor(() => expect(program.out()).toContain('fault refuse is over'), PATIENCE);
    expect((await state(url)).faults.map(({ name }) => name)).toEqual(['slow']);
    expect(await program.end()).toBe(0);
  });

  it.each([
    ['P-100', 'refuse', false],
    ['"{{ press1.recipe }}"', 'create', true],
  ])(
    'with the product %s in the config, the sandbox answers an unknown product with: %s',
    async (product, manner, isNoted) => {
      const file = configFile(
        `${CONFIG.replace(
          'desk: {',
          'desk2: { protocol: simulated, signals: { press1.recipe: { as: number, script: [{ for: 9s, value: 1 }] }, press1.count: { as: number, counter: { wraps: never, max_rate: 60/min }, script: [{ for: 9s, value: 1 }] } } }\n  desk: {',
        )}  line1: { production: { line: LINE-1, total: press1.count, product: ${product} } }\n`,
      );
      const program = sandbox([file, '--port', '0']);
      const url = await program.url();

      expect((await state(url)).manners.unknown_product).toBe(manner);
      const note =
        'NOTE: product {{ press1.recipe }}: its codes come from a signal, so the sandbox creates each product';
      expect(program.out().includes(note)).toBe(isNoted);
      expect(await program.end()).toBe(0);
    },
  );

  it('a config that signs calls makes the sandbox ask for signatures, and says so', async () => {
    const signed =
      '  signed: { server: plant, secret: "${L2L_SECRET}", calls: { machines: [code] } }\n  real_user: kim\n';
    const program = sandbox([configFile(CONFIG.replace('  user: edge\n', `  user: edge\n${signed}`)), '--port', '0']);
    const url = await program.url();

    expect((await state(url)).manners.signature).toBe('required');
    expect((await state(url)).users.map(({ loginid }) => loginid)).toEqual(['edge', 'kim']);
    expect(program.out()).toContain(
      'NOTE: machines: the sandbox takes these calls only with a signature; set ${L2L_SECRET} to sandbox-secret for the gateway',
    );
    const answer = await fetch(`${url}/api/1.0/machines/?site=43`, { headers: { l2lauth: 'sandbox-key' } });
    expect(await answer.json()).toMatchObject({ success: false, error: expect.stringContaining('must be signed') });
    expect(await program.end()).toBe(0);
  });

  it('the sandbox command answers in the given manners, and its page changes them while it runs', async () => {
    const program = sandbox([configFile(), '--port', '0', '--manner', 'trade=trade_id', '--manner', 'completed']);
    const url = await program.url();
    expect((await state(url)).manners).toMatchObject({ trade: 'trade_id', completed: 'now', duplicate: 'refuse' });
    expect(program.out()).toContain('trade=trade_id');
    expect(await (await fetch(url)).text()).toContain('data-switch="trade=trade_id" aria-pressed="true"');
    await fetch(`${url}/sandbox/faults`, {
      method: 'POST',
      body: JSON.stringify({ manners: { trade: 'trade_code' } }),
      headers: { 'content-type': 'application/json' },
    });
    expect((await state(url)).manners).toMatchObject({ trade: 'trade_code', completed: 'now' });
    expect(await program.end()).toBe(0);
  });

  it('the sandbox answers again after it was away', async () => {
    const program = sandbox([configFile(), '--port', '0', '--fault', 'away=1s']);
    const url = await program.url();
    await vi.waitFor(async () => expect((await state(url)).faults).toEqual([]), PATIENCE);
    expect(await program.end()).toBe(0);
  });

  it('the sandbox command can be ended while the sandbox is away', async () => {
    const program = sandbox(['--port', '0', '--fault', 'away']);
    await program.url();
    expect(await program.end()).toBe(0);
  });

  it('the sandbox command lists every fault, in its help and with --fault list', async () => {
    const [list, help] = [sandbox(['--fault', 'list']), sandbox(['--help'])];
    expect(await Promise.all([list.ended, help.ended])).toEqual([0, 0]);
    for (const { name, words } of NAMED_FAULTS) {
      expect(list.out()).toContain(`${name} `);
      expect(help.out()).toContain(words);
    }
  });

  it.each([
    [['--fault', 'dwon'], 64, 'did you mean down?'],
    [['--fault', 'xyzzy'], 64, 'rate-limit'],
    [['--fault', 'slow=5'], 64, 'slow=20s'],
    [['--fault', 'slow=0s'], 64, 'slow=20s'],
    [['--manner', 'trode'], 64, 'did you mean trade?'],
    [['--manner', 'trade=id'], 64, 'trade_id'],
    [['--port', 'http'], 64, '--port http'],
    [['--port', '70000'], 64, '--port 70000'],
    [['a.yaml', 'b.yaml'], 64, 'one file'],
    [['nowhere.yaml'], 2, 'there is no file nowhere.yaml'],
  ])('the sandbox command refuses %j', async (args, code, words) => {
    const program = sandbox(args);
    expect(await program.ended).toBe(code);
    expect(program.err()).toContain(words);
  });

  it('the sandbox command explains what to do when the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const program = sandbox(['--port', String(port)]);
    expect(await program.ended).toBe(1);
    expect(program.err()).toContain('choose another port');
  });
});
