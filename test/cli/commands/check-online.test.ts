import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkCommand } from '../../../src/cli/commands/check.ts';
import { readFile } from '../../../src/cli/read-file.ts';
import { testFolder } from '../../support/folder.ts';
import { API_KEY, SITE_ZONE, testSandbox } from '../../support/sandbox.ts';

type Codes = { readonly machine?: string; readonly type?: string; readonly site?: number };

function configFile(
  url: string,
  { machine = 'PRESS-01', type = 'DOWN', site = 43 }: Codes = {},
  folder = testFolder(),
) {
  const file = join(folder, 'gateway.yaml');
  writeFileSync(
    file,
    `gateway: { name: press_shop_1, data: ${folder}/data }
l2l:
  url: ${url}
  api_key: "\${KEY}"
  site: ${site}
  timezone: ${SITE_ZONE}
  user: gateway
  rate: unlimited
sources:
  plc:
    protocol: modbus
    host: 192.0.2.30
    first_register: 1
    signals:
      running: { unit: 3, discrete_input: 7 }
      recipe: { unit: 3, holding: 40, as: uint16 }
      strokes: { unit: 3, holding: 13, as: uint32, order: CDAB, counter: { wraps: full, max_rate: 60/min } }
lookups: { recipes: { key: number, file: recipes.csv } }
defaults: { dispatch: { trade: MAINT } }
rules:
  down: { when: not running, on_delay: 2m, dispatch: { machine: ${machine}, type: ${type}, description: down } }
  cycles: { cycles: { machine: PRESS-02, counter: strokes, every: 1m } }
  line1: { production: { line: LINE-1, total: strokes, product: '{{ recipes[recipe].product }}' } }
`,
  );
  writeFileSync(join(folder, 'recipes.csv'), 'recipe;product\n1;P-100\n2;P-200\n3;P-30O\n');
  return { folder, file };
}

async function check(args: readonly string[], columns?: number) {
  const lines: string[] = [];
  const say = (text: string) => void lines.push(...text.split('\n'));
  const env = { KEY: API_KEY };
  const { signal } = new AbortController();
  const io = { out: say, err: say, env, readFile, signal, ...(columns !== undefined && { columns }) };
  const code = await checkCommand.run(args, io);
  const from = lines.findIndex(line => line.includes('asked'));
  return { code, lines, table: from < 0 ? [] : lines.slice(from) };
}

/** Lines about one kind, with single spaces. */
const about = (table: readonly string[], what: string) =>
  table.filter(line => line.includes(` ${what} `)).map(line => line.trim().replaceAll(/ +/g, ' '));

describe('check --online', () => {
  it('check --online shows what L2L does not have, with its place in the config or in the lookup file, and the nearest code', async () => {
    const { url } = await testSandbox();
    const { file, folder } = configFile(url, { machine: 'PRESS-1' });
    const { code, table } = await check([file, '--online']);

    expect(code).toBe(2);
    expect(about(table, 'machine')).toEqual([
      'ok machine PRESS-02',
      `WRONG machine PRESS-1 ${file}:21:65 L2L does not have it; did you mean \`PRESS-01\`?`,
    ]);
    expect(about(table, 'product')).toEqual([
      'ok product 2 codes P-100, P-200',
      expect.stringMatching(RegExp(`^WRONG product P-30O ${folder}/recipes\\.csv:4:1 .*did you mean \`P-300\`\\?$`)),
    ]);
    expect(about(table, 'trade')).toEqual(['ok trade MAINT']);
    expect(table.at(-1)).toBe('2 do not agree with L2L. Correct the config, or set it up in L2L');
  });

  it('a type that needs a reason is named when one of its rules gives none', async () => {
    const { url } = await testSandbox();
    const { code, table } = await check([configFile(url, { type: 'REASONED' }).file, '--online']);

    expect(code).toBe(2);
    expect(about(table, 'type')).toEqual([expect.stringMatching(/^WRONG type REASONED .*wants a reason/)]);
  });

  it('check --online fits the terminal: what does not fit beside the columns stands below', async () => {
    const { url } = await testSandbox();
    const { table } = await check([configFile(url).file, '--online'], 70);

    const findings = table.filter(line => line.startsWith('  '));
    expect(findings.filter(line => line.length > 70 && line.includes('L2L does not'))).toEqual([]);
    expect(findings.join(' ')).toMatch(/did you mean\s+`P-300`\?/);
  });

  it('a missing right to read is no error: the row says NOT CHECKED and which right', async () => {
    const sandbox = await testSandbox();
    sandbox.setFaults([
      { kind: 'status', status: 403, path: 'machines' },
      { kind: 'status', status: 403, path: 'product' },
    ]);
    const { code, table } = await check([configFile(sandbox.url).file, '--online']);

    expect(code).toBe(0);
    expect(about(table, 'machine')).toEqual([
      expect.stringMatching(
        /^NOT CHECKED machine 2 codes PRESS-01, PRESS-02: the key lacks the right to read \/machines\//,
      ),
    ]);
    expect(table.at(-1)).toBe('nothing is known to be wrong; 5 could not be checked');
  });

  it('without an answer of L2L check --online says why, with exit code 1', async () => {
    const { code, lines } = await check([configFile('http://127.0.0.1:1').file, '--online']);

    expect(code).toBe(1);
    expect(lines.at(-1)).toMatch(/^L2L could not be asked: .*ECONNREFUSED/);
  });
});

describe('check after check --online', () => {
  it('check shows the last answer and its time without asking, and what came into the config since', async () => {
    const sandbox = await testSandbox();
    const { file, folder } = configFile(sandbox.url);
    mkdirSync(join(folder, 'data'));
    await check([file, '--online']);
    await sandbox.stop();
    configFile(sandbox.url, { machine: 'WELD-01' }, folder);
    const { code, table } = await check([file]);

    expect(code).toBe(0);
    expect(table[0]).toMatch(/^http:\S+, last asked \d{4}-\d\d-\d\d \d\d:\d\d:\d\d MST:$/);
    expect(about(table, 'machine')).toEqual([
      'ok machine PRESS-02',
      expect.stringMatching(/^NOT CHECKED machine WELD-01 .*came into the config after L2L was asked$/),
    ]);
    expect(about(table, 'product').at(-1)).toMatch(/^WRONG product P-30O/);
  });

  it('check does not show the answer of another site, and nothing when the file of the answer is damaged', async () => {
    const sandbox = await testSandbox();
    const { file, folder } = configFile(sandbox.url);
    mkdirSync(join(folder, 'data'));
    await check([file, '--online']);
    configFile(sandbox.url, { site: 44 }, folder);
    expect((await check([file])).table).toEqual([]);

    configFile(sandbox.url, {}, folder);
    expect((await check([file])).table).not.toEqual([]);
    writeFileSync(join(folder, 'data', 'online-check.json'), '{"at": 1, "rows": [');
    expect((await check([file])).table).toEqual([]);
  });

  it('check --online makes no data folder: the gateway makes its own, for its own user', async () => {
    const { url } = await testSandbox();
    const { file } = configFile(url);
    await check([file, '--online']);

    expect((await check([file])).table).toEqual([]);
  });
});
