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
    entry: ['} as const;', 'add_scrap_detail: addScrapDetail,\n} as const;'],
    from: "import { addScrapDetail } from './add-scrap-detail.ts';",
  },
  {
    registry: 'src/l2l/actions/registry.ts',
    entry: ['} as const satisfies', 'add_scrap_detail: addScrapDetail,\n} as const satisfies'],
    from: "import { addScrapDetail } from './add-scrap-detail.ts';",
  },
  {
    registry: 'src/rules/kinds/registry.ts',
    entry: ['] as const;', ', scrapKind] as const;'],
    from: "import { scrapKind } from './scrap.ts';",
  },
  {
    registry: 'src/simulation/sandbox/api.ts',
    entry: [
      "'dispatches/open':",
      "'scrapdetail/add_scrap_detail': { verbs: POST, run: addScrapDetail },\n'dispatches/open':",
    ],
    from: "import { addScrapDetail } from './scrap-details.ts';",
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
      scrap.cracks:
        as: uint32
        repeat: false
        counter: { wraps: full, max_rate: 100/s }
        script: [{ for: 500ms, value: 5 }, { for: 1s, value: 7 }, { for: 1s, value: 10 }, { for: 1s, value: 11 }]
      scrap.others:
        as: uint32
        repeat: false
        counter: { wraps: full, max_rate: 100/s }
        script: [{ for: 500ms, value: 0 }, { for: 1s, value: 4 }]
rules:
  cracks:
    scrap: { line: LINE-1, counter: scrap.cracks, category: CRACK }
  others:
    scrap: { line: LINE-2, counter: scrap.others, category: OTHER }
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
    'src/actions/add-scrap-detail.ts',
    'src/l2l/actions/add-scrap-detail.ts',
    'src/rules/kinds/scrap.ts',
    'src/simulation/sandbox/scrap-details.ts',
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
  expect(await ask('check', file)).toMatch(/cracks +line \d+ +scrap of LINE-1 +each step of scrap\.cracks/);

  const gateway = program('run', file);
  await vi.waitFor(async () => {
    const { log } = (await (await fetch(`${url}/sandbox/state`)).json()) as SandboxState;
    expect(
      log.map(({ target, change }) => [target, change.category, change.scrap]),
      gateway.output(),
    ).toEqual([
      ['LINE-1', 'CRACK', 2],
      ['LINE-1', 'CRACK', 3],
      ['LINE-1', 'CRACK', 1],
    ]);
  }, PATIENCE);
  await vi.waitFor(
    async () =>
      expect(await ask('queue', 'list', file)).toMatch(
        /dead .*LINE-2 +\+4 scrap +others +No scrap of category OTHER today/,
      ),
    { ...PATIENCE, interval: 500 },
  );
  expect(gateway.output()).toMatch(/"scrap":3,.*"msg":"scrap added"/);
  expect(await ask('journal', 'list', file)).toMatch(
    /delivered .*LINE-1 +\+3 scrap +cracks +3 counted on scrap\.cracks/,
  );
  expect(await gateway.end()).toBe(0);
  expect(await sandbox.end()).toBe(0);
  expect(await wrongTypes).toBe('');
});
