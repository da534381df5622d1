import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { testFolder } from '../support/folder.ts';
import { type Ended, type GatewayOptions, gatewayYaml, PATIENCE, runToEnd, testGateway } from '../support/gateway.ts';
import { OTHER_KINDS } from '../support/other-kinds.ts';

const NOBODY = 'http://127.0.0.1:1';
const SOURCES = `
  desk:
    protocol: simulated
    signals:
      lamp: { as: bool, script: [{ for: 1h, value: false }] }`;
const RULES = `
  call:
    when: lamp
    on_delay: 0s
    dispatch: { machine: PRESS-01, type: DOWN, description: Call }`;

/** Runs a gateway that cannot start; `change` makes its YAML wrong. */
async function start(
  options: Partial<GatewayOptions>,
  change = (yaml: string) => yaml,
  env: Readonly<Record<string, string | undefined>> = {},
  within: readonly string[] = [],
): Promise<Ended & { readonly file: string }> {
  const folder = testFolder();
  const file = join(folder, 'gateway.yaml');
  writeFileSync(file, change(gatewayYaml({ l2l: NOBODY, sources: SOURCES, rules: RULES, ...options }, folder)));
  return { ...(await runToEnd(['run', file], { RUNTIME_DIRECTORY: join(folder, 'run'), ...env }, within)), file };
}

/** Gives root the rights of an ordinary user. */
const WITHOUT_RIGHTS = process.getuid?.() === 0 ? ['setpriv', '--bounding-set', '-all'] : [];

/** The number of the line with a text. */
function lineOf(yaml: string, text: string): number {
  return yaml.slice(0, yaml.indexOf(text)).split('\n').length;
}

describe('a config that is not valid', () => {
  it.each([
    ['broken YAML', 'mode: live', 'mode: live: now', /a colon followed by a space/],
    ['a tag where a text was meant', 'when: lamp', 'when: !lamp', /!lamp/],
    ['an unknown key', 'on_delay: 0s', 'on_dealy: 0s', /on_dealy.*did you mean.*on_delay/],
    ['an unknown signal in a rule', 'when: lamp', 'when: lampe', /lampe.*did you mean.*lamp/],
    ['a wrong type in an expression', 'when: lamp', 'when: lamp > 3', /lamp/],
  ])(
    'a config with %s ends the gateway with exit code 2 and the place of the mistake',
    async (_what, right, wrong, words) => {
      const ended = await start({}, yaml => {
        expect(yaml).toContain(right);
        return yaml.replace(right, wrong);
      });

      const yaml = gatewayYaml({ l2l: NOBODY, sources: SOURCES, rules: RULES }, '');
      expect(ended.code).toBe(2);
      expect(ended.err).toContain(`${ended.file}:${lineOf(yaml, right)}:`);
      expect(ended.err).toMatch(words);
      expect(ended.err).not.toMatch(/^\s+at /m);
      expect(ended.out).toBe('');
    },
  );

  it('a missing secret ends the gateway with exit code 2 and the name of the secret', async () => {
    const ended = await start({}, undefined, { L2L_API_KEY: undefined });

    expect(ended.code).toBe(2);
    expect(ended.err).toMatch(/gateway\.yaml:\d+:\d+ the environment has no L2L_API_KEY; set it/);
  });

  it('a missing config file ends the gateway with exit code 2', async () => {
    const ended = await runToEnd(['run', join(testFolder(), 'none.yaml')]);

    expect(ended.code).toBe(2);
    expect(ended.err).toMatch(/there is no file .*none\.yaml/);
  });

  it('a command line that is not understood gives exit code 64', async () => {
    const ended = await runToEnd(['run', '--log', 'loud']);

    expect(ended.code).toBe(64);
    expect(ended.err).toContain('--log loud: write debug, info, warn or error');
  });
});

describe('a start that can not work', () => {
  /** One line that says what to do, and no stack. */
  function expectWords(ended: Ended, words: RegExp): void {
    expect(ended.err).toMatch(words);
    expect(ended.err.trim().split('\n')).toHaveLength(1);
    expect(ended.code).toBe(1);
  }

  it('the gateway says what to do when the data folder is a file', async () => {
    const data = join(testFolder(), 'data');
    writeFileSync(data, 'not a folder');

    expectWords(await start({ data }), /data folder .*data can't be made: .*; .*set gateway\.data/);
  });

  // Under /proc, Node's recursive mkdir never returns.
  it.each(['/sys/l2l-gateway', '/proc/l2l-gateway/data'])(
    'the gateway says what to do when the data folder %s may not be made',
    async data => {
      const ended = await start({ data });

      // In a container both folders are read-only.
      expectWords(ended, /data folder .* can't be made: .*(?:right to write|can be written)/);
      expect(ended.err.match(/mkdir/g)).toHaveLength(1);
    },
  );

  it.each(OTHER_KINDS)('the gateway says what to do when the journal is %s', async (_what, make, words) => {
    const data = testFolder();
    make(join(data, 'journal.db'));

    const ended = await start({ data });

    expectWords(ended, words);
    expect(ended.err).toContain(`the gateway can't use ${join(data, 'journal.db')}: `);
  });

  it.each([
    ['lock', 0o444],
    ['journal.db', 0o444],
    ['journal.db', 0],
    ['journal.db-wal', 0],
  ])('the gateway says what to do when %s has the rights %i', async (name, mode) => {
    const data = testFolder();
    writeFileSync(join(data, name), '');
    chmodSync(join(data, name), mode);

    expectWords(
      await start({ data }, undefined, {}, WITHOUT_RIGHTS),
      /can't read and write .*; give the folder and its files/,
    );
  });

  it.each(['/proc/x', '/proc/x/y', '/dev/null/x'])(
    'the gateway says what to do when the runtime folder %s cannot be made',
    async runtime => {
      const ended = await start({}, undefined, { RUNTIME_DIRECTORY: runtime });

      expectWords(
        ended,
        /folder for the socket of the gateway's own Redis can't be made in .*; .*set the environment variable/,
      );
    },
  );

  it('the gateway says what to do when another gateway uses the data folder, and the other one goes on', async () => {
    const first = testGateway({ l2l: NOBODY, sources: SOURCES, rules: RULES });
    await first.start();

    expectWords(
      await start({ data: first.dataFolder }),
      /data folder .* is in use by another gateway; stop that gateway first/,
    );

    await first.untilSeen();
  });

  it('the gateway says what to do when the port is taken', async () => {
    const taken = createServer();
    await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    onTestFinished(() => void taken.close());

    const ended = await start({ http: `127.0.0.1:${port}` });

    expectWords(ended, new RegExp(`port ${port} on 127\\.0\\.0\\.1 is taken by another program; .*gateway\\.http`));
  });

  it.each([
    ['ends at once', '#!/bin/sh\nexit 1\n', /ended at once: it wrote no output/],
    ['says why it ends', '#!/bin/sh\necho no memory >&2\nexit 1\n', /ended at once: no memory/],
    ['is no program', '\u0001nonsense', /redis-server ended at once: ./],
    ['is silent and never listens', '#!/bin/sh\nexec sleep 1000\n', /redis-server did not answer on .* within 10 s/],
  ])('the gateway says what to do when redis-server %s', async (_what, program, words) => {
    const folder = testFolder();
    writeFileSync(join(folder, 'redis-server'), program, { mode: 0o755 });

    const ended = await start({}, undefined, { PATH: `${folder}:${process.env.PATH}` });

    expectWords(ended, words);
    expect(ended.err).toContain(`could not start its own Redis (${folder}/redis-server); start it by hand to see why`);
  });

  it('SIGTERM ends a gateway that waits for a redis-server that never listens, with exit code 0', async () => {
    const folder = testFolder();
    const program = join(folder, 'redis-server');
    writeFileSync(program, '#!/bin/sh\ntouch "$0.runs"\nexec sleep 1000\n', { mode: 0o755 });
    const gateway = testGateway({
      l2l: NOBODY,
      sources: SOURCES,
      rules: RULES,
      env: { PATH: `${folder}:${process.env.PATH}` },
    });
    const up = gateway.start();
    up.catch(() => {});
    await vi.waitFor(() => expect(existsSync(`${program}.runs`)).toBe(true), PATIENCE);

    expect(await gateway.stop()).toBe(0);
    await expect(up).rejects.toThrow('the gateway did not start');
    expect(gateway.logged('gateway stopped')).toHaveLength(1);
    expect(gateway.output()).not.toMatch(/within 10 s|^\s+at /m);
  });

  it('the gateway says what to do when there is no redis-server', async () => {
    const ended = await start({}, undefined, { PATH: testFolder() });

    expectWords(ended, /redis-server was not found.*apt install redis-server/);
  });
});

describe('an odd environment', () => {
  it.each<[string, Readonly<Record<string, string>>]>([
    ['libraries are asked for everything they send', { DEBUG: '*' }],
    ['language and zone are nonsense', { LANG: 'xx_YY.none', LC_ALL: 'zz', TZ: 'Nowhere/None' }],
    [
      'the folders for sockets have paths that are too long',
      { RUNTIME_DIRECTORY: `/tmp/${'x'.repeat(200)}`, TMPDIR: '/none' },
    ],
    ['variables are large', { LARGE: 'x'.repeat(100_000), RUNTIME_DIRECTORY: 'x'.repeat(100_000) }],
  ])('the gateway runs when %s, and its log has only its own lines', async (_what, env) => {
    const gateway = testGateway({ l2l: NOBODY, sources: SOURCES, rules: RULES, env });
    await gateway.start();
    await gateway.untilSeen();

    expect(await gateway.stop()).toBe(0);
    expect(
      gateway
        .output()
        .trim()
        .split('\n')
        .filter(line => !line.startsWith('{')),
    ).toEqual([]);
  });
});
