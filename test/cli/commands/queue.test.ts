import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { controlRoutes } from '../../../src/app/control.ts';
import { cli } from '../../../src/cli/cli.ts';
import type { Io } from '../../../src/cli/command.ts';
import { silentLogger } from '../../../src/core/logger.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import { startControl } from '../../../src/web/control.ts';
import { closeDispatch, increment, openDispatch } from '../../support/actions.ts';
import { testFolder } from '../../support/folder.ts';
import { IN_DOUBT, REFUSED, settle, testJournal, write } from '../../support/journal.ts';

type Said = { readonly code: number; readonly out: string; readonly err: string };

async function say(args: readonly string[], change: Partial<Io> = {}): Promise<Said> {
  const printed = { out: '', err: '' };
  const print = (where: keyof typeof printed) => (text: string) => {
    printed[where] += `${text}\n`;
  };
  const io: Io = {
    out: print('out'),
    err: print('err'),
    env: { L2L_GATEWAY_COMMAND: 'bin/gateway' },
    readFile: path => readFileSync(path),
    signal: new AbortController().signal,
    ...change,
  };
  return { code: await cli(args, io), ...printed };
}

type Served = {
  readonly journal: Journal;
  readonly data: string;
  readonly changes: () => number;
  readonly stop: () => Promise<void>;
};

/** A journal with the socket of a running gateway, but without the rest of the gateway. */
async function served(holdUps: readonly string[] = []): Promise<Served> {
  const data = testFolder();
  const journal = testJournal(data);
  let changes = 0;
  const routes = controlRoutes({
    journal,
    recode: () => ({ why: 'the rule is gone' }),
    endRepeats: async () => {},
    changed: () => {
      changes += 1;
    },
    about: () => ({ name: 'press-shop', timezone: 'America/Denver', holdUps }),
    log: silentLogger,
  });
  const control = await startControl({ folder: data, runtimeFolder: testFolder(), routes });
  onTestFinished(() => control.stop());
  return {
    journal,
    data,
    changes: () => changes,
    async stop() {
      await control.stop();
      journal.close();
    },
  };
}

const range = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

describe('queue list', () => {
  it('queue list shows first the actions that need a person, then those that wait', async () => {
    const { journal, data } = await served();
    await write(journal, increment('Z', 1), openDispatch('A', 1), closeDispatch('A', 1), increment('B', 1));
    await settle(journal, 'dispatch:A', REFUSED);
    await settle(journal, 'cycles:B', IN_DOUBT);

    const { code, out } = await say(['queue', 'list', '--data', data], { columns: 100 });

    expect(code).toBe(0);
    expect(out).toBe(
      `gateway press-shop, data folder ${data}

id  state    since                    where  what        rule  why
 2  dead     1969-12-31 17:16:00 MST  A      open DOWN   r     No such machine
 4  parked   1969-12-31 17:16:00 MST  B      +1 cycle    r     A stood at 5, stands at 9; with 1 ad…
 1  waiting  1969-12-31 17:00:00 MST  Z      +1 cycle    r     because
 3  held     1969-12-31 17:00:00 MST  A      close DOWN  r     because

times in America/Denver; everything about 2:
  bin/gateway queue show 2 --data ${data}
`,
    );
  });

  it('queue list shows what holds calls up, and where to correct it', async () => {
    const words = 'calls of rule press_count (plant.yaml:31) wait: L2L knows no machine PRESS-99';
    const { data } = await served([words]);

    const { out } = await say(['queue', 'list', '--data', data]);

    expect(out).toBe(
      `gateway press-shop, data folder ${data}\n${words}\nnothing waits, nothing is parked, and there is no dead letter\n`,
    );
  });

  it('queue list reports that there are more actions than it shows', async () => {
    const { journal, data } = await served();
    await write(journal, ...range(4).map(n => increment(`M${n}`, n)));
    await settle(journal, 'cycles:M4', REFUSED);

    const { out } = await say(['queue', 'list', '--limit', '3', '--data', data]);

    expect(out.split('\n').map(line => line.slice(0, 10).trim())).toEqual(
      ['gateway pr', '', 'id  state', '4  dead', '1  waitin', '2  waitin', '', 'there is m', 'bin/gat', ''].map(text =>
        expect.stringMatching(`^${text}`),
      ),
    );
    expect((await say(['queue', 'list', '--limit', '4', '--data', data])).out).not.toContain('there is more');
  });

  it.each([
    [['--state', 'dead'], ['A#1:open']],
    [['--state', 'waiting'], ['B@1:increment']],
    [['--machine', 'B'], ['B@1:increment']],
    [['--kind', 'open_dispatch'], ['A#1:open']],
    [['--rule', 'r', '--kind', 'close_dispatch'], []],
  ])('queue list accepts %j', async (options, keys) => {
    const { journal, data } = await served();
    await write(journal, openDispatch('A', 1), increment('B', 1));
    await settle(journal, 'dispatch:A', REFUSED);

    const { out } = await say(['queue', 'list', '--json', ...options, '--data', data]);

    const rows = out.split('\n').filter(line => line !== '');
    expect(rows.map(row => (JSON.parse(row) as { readonly key: string }).key)).toEqual(keys);
  });
});

describe('an unknown rule, machine or line', () => {
  const CONFIG = `gateway:
  data: DATA
rules:
  press1_down:
    dispatch: { machine: PRESS-01 }
  line3:
    production: { line: LINE-3 }
`;

  it.each([
    [['queue', 'list', '--rule', 'press1_dwn'], 'rule press1_dwn; did you mean press1_down?'],
    [['queue', 'list', '--machine', 'PRESS-09'], 'machine or line PRESS-09; did you mean PRESS-01?'],
    [['queue', 'export', '--rule', 'oter'], 'rule oter; did you mean other?'],
    [['queue', 'retry', '--all', '--rule', 'nope'], 'rule nope'],
    [['journal', 'list', '--rule', 'press1_dwn'], 'rule press1_dwn; did you mean press1_down?'],
    [['journal', 'list', '--rule', 'press1_dwn', '--json'], 'rule press1_dwn; did you mean press1_down?'],
    [['journal', 'list', '--rule', 'press1_dwn', '--since', '2h'], 'rule press1_dwn; did you mean press1_down?'],
    [['journal', 'list', '--machine', 'LINE3'], 'machine or line LINE3; did you mean LINE-3?'],
    [['journal', 'export', '--machine', 'press-7'], 'machine or line press-7; did you mean PRESS-7?'],
  ])('an unknown name is refused with the nearest name: %j', async (args, words) => {
    const { journal, data } = await served();
    await write(journal, { ...increment('PRESS-7', 1), rule: 'other' });
    const file = join(testFolder(), 'gateway.yaml');
    writeFileSync(file, CONFIG.replace('DATA', data));

    const err = `neither the config nor the journal has a ${words}\n`;
    expect(await say([...args, file])).toEqual({ code: 1, out: '', err });
  });

  it.each([
    ['--rule', 'press1_down'],
    ['--rule', 'other'],
    ['--machine', 'LINE-3'],
    ['--machine', 'PRESS-7'],
  ])('a name that the config or the journal has is not unknown: %s %s', async (option, name) => {
    const { journal, data, stop } = await served();
    await write(journal, { ...increment('PRESS-7', 1), rule: 'other' });
    const file = join(testFolder(), 'gateway.yaml');
    writeFileSync(file, CONFIG.replace('DATA', data));

    const list = () => say(['queue', 'list', option, name, file]);
    expect(await list()).toMatchObject({ code: 0, err: '' });
    await stop();
    expect(await list()).toMatchObject({ code: 0, err: '' });
  });

  it('the refusal of an unknown name reports that no config was named', async () => {
    const { journal, data } = await served();
    await write(journal, { ...increment('PRESS-7', 1), rule: 'other' });

    expect((await say(['journal', 'list', '--rule', 'ohter', '--data', data])).err).toBe(
      'the journal has no rule ohter (no config was named to look in); did you mean other?\n',
    );
  });

  it('a name that only an old action has is not unknown', async () => {
    const { journal, data } = await served();
    await write(journal, { ...increment('OLD', 1), rule: 'old' }, ...range(1000).map(n => increment('A', n)));

    for (const args of [
      ['--rule', 'old'],
      ['--machine', 'OLD'],
    ]) {
      expect(await say(['queue', 'list', ...args, '--data', data])).toMatchObject({ code: 0, err: '' });
    }
  });
});

describe('queue retry and drop', () => {
  it('queue retry takes every dead letter of a rule, and nothing that is parked', async () => {
    const { journal, data, changes } = await served();
    await write(journal, increment('A', 1), { ...increment('B', 1), rule: 'other' }, increment('C', 1));
    await settle(journal, 'cycles:A', REFUSED);
    await settle(journal, 'cycles:B', REFUSED);
    await settle(journal, 'cycles:C', IN_DOUBT);

    expect(await say(['queue', 'retry', '--all', '--rule', 'r', '--data', data])).toEqual({
      code: 0,
      out: '1: it waits to be sent again: add 1 cycle to A\n',
      err: '',
    });
    expect(journal.counts()).toMatchObject({ waiting: 1, deadLetters: 1, parked: 1 });
    expect(changes()).toBe(1);
    expect((await say(['queue', 'retry', '--all', '--rule', 'r', '--data', data])).out).toBe(
      'there is no dead letter of rule r\n',
    );
  });

  it.each([
    ['y', 0, 1],
    ['Yes', 0, 1],
    ['', 1, 0],
    ['no', 1, 0],
  ])('a command asks about a parked call at a terminal: %j', async (answer, code, waiting) => {
    const { journal, data } = await served();
    await write(journal, increment('A', 1));
    await settle(journal, 'cycles:A', IN_DOUBT);
    const questions: string[] = [];
    const ask = async (question: string) => {
      questions.push(question);
      return answer;
    };

    const said = await say(['queue', 'retry', '1', '--data', data], { ask });

    expect(said.code).toBe(code);
    expect(questions).toEqual([expect.stringContaining('A stood at 5, stands at 9; with 1 added it would stand at 6')]);
    expect(journal.counts().waiting).toBe(waiting);
  });

  it('a command decides about the actions that it can, and reports the others', async () => {
    const { journal, data } = await served();
    await write(journal, increment('A', 1), increment('B', 1));
    await settle(journal, 'cycles:B', REFUSED);

    expect(await say(['queue', 'drop', '1', '77', '2', '--why', 'counted by hand', '--data', data])).toEqual({
      code: 1,
      out: '2: it is dropped, nothing is sent to L2L: add 1 cycle to B\n',
      err: '1: it only waits for its turn: only a dead letter, a parked action or a blocked action can be dropped\n77: the journal has no action 77\n',
    });
    expect(journal.history.entry(2)?.detail).toMatch(/^dropped by \S+: counted by hand$/);
  });

  it('a decision names the user who called sudo', async () => {
    const { journal, data } = await served();
    await write(journal, increment('A', 1));
    await settle(journal, 'cycles:A', REFUSED);

    await say(['queue', 'drop', '1', '--data', data], { env: { SUDO_USER: 'berta' } });

    expect(journal.history.entry(1)?.detail).toBe('dropped by berta');
  });

  it('a command reports that no gateway runs', async () => {
    const data = testFolder();
    testJournal(data);

    expect(await say(['queue', 'retry', '1', '--data', data])).toEqual({
      code: 1,
      out: '',
      err: `no gateway runs on ${data}: start it, then run this command again; only the running gateway changes its queue\n`,
    });
  });

  it.each([
    [['retry'], 'write the numbers to retry, or --all'],
    [['retry', '1', '--all'], 'write the numbers to retry, or --all'],
    [['retry', '1', '--rule', 'r'], '--rule goes with --all'],
    [['drop', '--all'], "Unknown option '--all'"],
    [['drop'], 'write the numbers of what is to be dropped'],
    [['show'], 'write the number of one action'],
    [['show', '1', '2'], 'write the number of one action'],
    [['list', '5'], 'no number is expected here: 5'],
    [['list', 'a.yaml', 'b.yaml'], 'one config at a time, not 2: a.yaml, b.yaml'],
    [['list', '--state', 'retrying'], '--state retrying: it is one of open; write --state open'],
    [['list', '--state', 'held'], '--state held: it is one of waiting; write --state waiting'],
    [
      ['list', '--state', 'daed'],
      '--state daed: the states are dead, parked, open, waiting, shadow, delivered, nothing, dropped',
    ],
    [['list', '--kind', 'open_dispach'], 'did you mean `open_dispatch`?'],
    [['list', '--limit', 'x'], '--limit x: write how many rows'],
    [['retyr', '1'], 'queue has no "retyr"; did you mean retry?'],
    [[], 'say what: queue list, show, retry, drop, export'],
  ])('a command does not understand %j', async (args, words) => {
    const data = testFolder();
    testJournal(data);

    const { code, err } = await say(['queue', ...args, ...(args.length > 0 ? ['--data', data] : [])]);

    expect(err).toContain(words);
    expect(code).toBe(64);
  });
});

describe('queue and journal: which gateway', () => {
  const yaml = (data: string) => `gateway: { name: a, data: ${data} }
l2l: { url: https://acme.leading2lean.com, api_key: "\${L2L_API_KEY}", site: 43, timezone: America/Denver, user: gateway }
rules: { not: valid }
`;

  it('a command needs only gateway.data of the config: no key, and no valid rules', async () => {
    const folder = testFolder();
    const file = join(folder, 'gateway.yaml');
    const data = join(folder, 'data');
    writeFileSync(file, yaml(data));
    const journal = testJournal(data);
    await write(journal, increment('A', 1));
    await settle(journal, 'cycles:A', REFUSED);
    journal.close();

    const { code, out } = await say(['queue', 'show', '1', file]);

    expect(code).toBe(0);
    expect(out).toContain('true time   1969-12-31 17:00:01 MST');
    expect(out).toContain(
      `bin/gateway queue retry 1 ${file}\n  refused     it was made for https://acme site 43, but this gateway sends to`,
    );
  });

  it.each([
    ['there is none', undefined, 'there is no file '],
    ['it does not say where', 'gateway: { data: "${NOWHERE}" }', 'gateway.yaml:1:18 ${NOWHERE} leads nowhere'],
    ['it is no YAML', 'gateway: {', 'gateway.yaml:'],
  ])('a command refuses a config when %s', async (_what, text, words) => {
    const file = join(testFolder(), 'gateway.yaml');
    if (text !== undefined) writeFileSync(file, text);

    const { code, err } = await say(['queue', 'list', file]);

    expect([code, err]).toEqual([2, expect.stringContaining(words)]);
  });

  it('a command reports that there is no journal', async () => {
    const data = join(testFolder(), 'nothing');

    const { code, err } = await say(['journal', 'list', '--data', data]);

    expect([code, err]).toEqual([1, expect.stringContaining(`there is no journal in ${data}`)]);
    expect(existsSync(data)).toBe(false);
  });
});

describe('journal list and export', () => {
  it('journal list shows the newest first, by when it happened', async () => {
    const { journal, data } = await served();
    await write(journal, ...range(5).map(n => increment('A', n)));
    const ids = async (...options: string[]) =>
      (await say(['journal', 'list', '--json', ...options, '--data', data])).out
        .split('\n')
        .filter(line => line !== '')
        .map(line => (JSON.parse(line) as { readonly id: number }).id);

    expect(await ids()).toEqual([5, 4, 3, 2, 1]);
    expect(await ids('--limit', '2')).toEqual([5, 4]);
    expect(await ids('--since', '1969-12-31 17:00:02', '--until', '1970-01-01T00:00:04Z')).toEqual([4, 3, 2]);
    expect((await say(['journal', 'list', '--limit', '2', '--data', data])).out).toContain('there are older ones');
    expect((await say(['journal', 'list', '--since', 'noon', '--data', data])).err).toContain(
      'write a time (of America/Denver)',
    );
  });

  it.each(['through the running gateway', 'from the file'])(
    'journal export writes every row once, oldest first, %s',
    async how => {
      const { journal, data, stop } = await served();
      await write(journal, ...range(3000).map(n => increment(`M${n % 7}`, n)), openDispatch('A', 1));
      await settle(journal, 'dispatch:A', { ...REFUSED, answer: '{"success":false}' });
      if (how === 'from the file') await stop();
      // The data folder alone does not say which time zone the site has.
      const at = how === 'from the file' ? '1970-01-01T00:00:01.000+00:00' : '1969-12-31T17:00:01.000-07:00';

      const { code, out } = await say(['journal', 'export', '--data', data]);

      expect(code).toBe(0);
      const rows = out
        .split('\n')
        .slice(0, -1)
        .map(line => JSON.parse(line) as { readonly id: number });
      expect(rows.map(({ id }) => id)).toEqual(range(3001));
      expect(rows.at(-1)).toMatchObject({
        at,
        params: { reported: at },
        calls: [
          { request: { body: 'site=43&code=A' }, attempts: [{ state: 'rejected', answer: '{"success":false}' }] },
        ],
      });
    },
  );

  it('journal export ends when its reader is gone', async () => {
    const { journal, data } = await served();
    await write(journal, ...range(1000).map(n => increment('A', n)));
    let pages = 0;
    const taken = async () => {
      pages += 1;
      return pages < 2;
    };

    const { code, out } = await say(['journal', 'export', '--data', data], { taken });

    expect([code, out.split('\n').length - 1]).toEqual([1, 400]);
  });
});
