import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, globSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { SandboxState } from '../../src/simulation/sandbox/state.ts';
import { testFolder } from '../support/folder.ts';
import { PATIENCE } from '../support/patience.ts';

const ROOT = join(import.meta.dirname, '../..');
/** The files of a call kind and a rule kind that the product does not have, in the folders of src. */
const TOYS = join(import.meta.dirname, 'toy-kinds');

/** Each registry with the entry that a new kind needs there, and the file from which the entry comes. */
const ENTRIES = [
  {
    registry: 'src/actions/registry.ts',
    entry: ['} as const;', 'request_spares: requestSpares,\n} as const;'],
    from: "import { requestSpares } from './request-spares.ts';",
  },
  {
    registry: 'src/l2l/actions/registry.ts',
    entry: ['} as const satisfies', 'request_spares: requestSpares,\n} as const satisfies'],
    from: "import { requestSpares } from './request-spares.ts';",
  },
  {
    registry: 'src/rules/kinds/registry.ts',
    entry: ['] as const;', ', sparesKind] as const;'],
    from: "import { sparesKind } from './spares.ts';",
  },
  {
    registry: 'src/simulation/sandbox/api.ts',
    entry: ["'dispatches/open':", "'spares/request_issue': { verbs: POST, run: requestSpares },\n'dispatches/open':"],
    from: "import { requestSpares } from './spares.ts';",
  },
] as const;

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
  give_up_after: 0s
sources:
  desk:
    protocol: simulated
    signals:
      used.seals:
        as: uint32
        repeat: false
        counter: { wraps: full, max_rate: 100/s }
        script: [{ for: 500ms, value: 5 }, { for: 1s, value: 7 }, { for: 1s, value: 10 }, { for: 1s, value: 11 }]
      used.others:
        as: uint32
        repeat: false
        counter: { wraps: full, max_rate: 100/s }
        script: [{ for: 500ms, value: 0 }, { for: 1s, value: 4 }]
rules:
  seals:
    spares: { line: LINE-1, counter: used.seals, part: SEAL }
  others:
    spares: { line: LINE-2, counter: used.others, part: OTHER }
`;

/** The product with both kinds: one file for each side of a kind, and one entry in the registry of that side. */
function productWithToys(): string {
  const folder = testFolder();
  for (const part of ['src', 'bin', 'package.json', 'tsconfig.json'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  cpSync(join(TOYS, 'src'), join(folder, 'src'), { recursive: true, errorOnExist: true, force: false });
  for (const { registry, entry, from } of ENTRIES) {
    const text = readFileSync(join(folder, registry), 'utf8');
    expect(text.split(entry[0]), `${registry} has one place for a new entry`).toHaveLength(2);
    writeFileSync(join(folder, registry), `${from}\n${text.replace(entry[0], entry[1])}`);
  }
  return folder;
}

it('a new kind of call and a new kind of rule need one file on each side and one registry entry each', async () => {
  expect(globSync('src/**/*.ts', { cwd: TOYS }).toSorted()).toEqual([
    'src/actions/request-spares.ts',
    'src/l2l/actions/request-spares.ts',
    'src/rules/kinds/spares.ts',
    'src/simulation/sandbox/spares.ts',
  ]);
  const product = productWithToys();
  const folder = testFolder();
  const file = join(folder, 'my.yaml');
  const env = { ...process.env, RUNTIME_DIRECTORY: join(folder, 'run'), L2L_API_KEY: 'sandbox-key' };

  function program(...args: string[]) {
    const child: ChildProcess = spawn(join(product, 'bin/l2l-gateway'), args, {
      env,
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
      ended,
      end: () => {
        child.kill('SIGINT');
        return ended;
      },
    };
  }
  async function ask(...args: string[]): Promise<string> {
    const { output, ended } = program(...args);
    await ended;
    return output();
  }

  // The errors of the type checker, in any file.
  const wrongTypes = promisify(execFile)(join(product, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.json'], {
    cwd: product,
  })
    .then(() => '')
    .catch(({ stdout }: { readonly stdout: string }) => stdout);
  writeFileSync(file, configText(folder, 'https://acme.leading2lean.com'));
  const sandbox = program('sandbox', file, '--port', '0');
  const url = await vi.waitFor(() => {
    const [, address] = /^ {2}url: (\S+)/m.exec(sandbox.output()) ?? [];
    if (!address) throw new Error(sandbox.output());
    return address;
  }, PATIENCE);
  writeFileSync(file, configText(folder, url));
  expect(await ask('check', file)).toMatch(/seals +line \d+ +spares for LINE-1 +each step of used\.seals/);

  const gateway = program('run', file);
  await vi.waitFor(async () => {
    const { log } = (await (await fetch(`${url}/sandbox/state`)).json()) as SandboxState;
    expect(
      log.map(({ target, change }) => [target, change.part, change.quantity]),
      gateway.output(),
    ).toEqual([
      ['LINE-1', 'SEAL', 2],
      ['LINE-1', 'SEAL', 3],
      ['LINE-1', 'SEAL', 1],
    ]);
  }, PATIENCE);
  await vi.waitFor(
    async () =>
      expect(await ask('queue', 'list', file)).toMatch(
        /dead .*LINE-2 +\+4 spares +others +No spares of part OTHER today/,
      ),
    { ...PATIENCE, interval: 500 },
  );
  expect(gateway.output()).toMatch(/"quantity":3,.*"msg":"spares requested"/);
  expect(await ask('journal', 'list', file)).toMatch(/delivered .*LINE-1 +\+3 spares +seals +3 counted on used\.seals/);
  expect(await gateway.end()).toBe(0);
  expect(await sandbox.end()).toBe(0);
  expect(await wrongTypes).toBe('');
});
