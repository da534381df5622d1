import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { controlRoutes } from '../../../src/app/control.ts';
import { cli } from '../../../src/cli/cli.ts';
import { silentLogger } from '../../../src/core/logger.ts';
import type { SourceState, Value } from '../../../src/core/sample.ts';
import { openJournal } from '../../../src/journal/journal.ts';
import { compileRules } from '../../../src/rules/compile-rules.ts';
import type { Program } from '../../../src/rules/program.ts';
import { createRunner } from '../../../src/rules/runner.ts';
import { RuleDefaults, Rules } from '../../../src/rules/schema.ts';
import { startControl } from '../../../src/web/control.ts';
import { testFolder } from '../../support/folder.ts';
import { PATIENCE } from '../../support/patience.ts';
import { virtualClock } from '../../support/virtual-clock.ts';

const plain = { source: 'plc', restorable: false, acceptUncertain: false } as const;
const signals = new Map(
  ['running', 'manual', 'waiting', 'scheduled'].map(name => [
    `press1.${name}`,
    { ...plain, name: `press1.${name}`, type: 'bool' as const, fingerprint: name },
  ]),
);
const NORMAL = { 'press1.running': true, 'press1.manual': false, 'press1.waiting': false, 'press1.scheduled': true };
const on = (time: string) => Date.parse(`2026-03-02T${time}Z`);

function rules(): Program {
  const press1_down = {
    when: 'not press1.running',
    unless: 'press1.manual or press1.waiting or not press1.scheduled',
    on_delay: '2m',
    dispatch: { machine: 'PRESS-01', type: 'DOWN', description: 'Press 1 stands still' },
  };
  const result = compileRules({
    rules: Rules.parse({ press1_down, press2_down: press1_down }),
    defaults: RuleDefaults.parse({}),
    signals,
    sources: ['plc'],
    lookups: new Map(),
    mode: 'live',
    freezeLimit: 600_000,
    placeOf: path => ({ file: path.join('/'), line: 1, column: 1 }),
  });
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  return result.program;
}

/** A night of one press, on a real journal; it takes only as long as the writing. */
function night() {
  const folder = testFolder();
  const clock = virtualClock(on('01:00:00'));
  let life: ReturnType<typeof begin> | null = null;

  function begin() {
    const now = () => clock.now();
    const journal = openJournal({ folder, destination: 'x', now, settle: () => 60_000, log: silentLogger });
    const runner = createRunner({ program: rules(), journal, clock, log: silentLogger });
    runner.start();
    return { journal, runner };
  }
  async function moveTo(time: string): Promise<void> {
    const flushed = life?.journal.commit({ states: [], actions: [], taken: [], values: [], at: clock.now() });
    await flushed;
    clock.advanceTo(on(time));
  }
  onTestFinished(async () => {
    await life?.runner.stop();
    life?.journal.close();
  });

  return {
    folder,
    clock,
    start() {
      life = begin();
    },
    async stop(time: string) {
      await moveTo(time);
      // In the gateway, this happens every two seconds.
      await life?.journal.commit({ states: [], actions: [], taken: [], values: [], at: clock.now() });
      await life?.runner.stop();
      life?.journal.close();
      life = null;
    },
    async set(time: string, values: Readonly<Record<string, Value | null>>) {
      await moveTo(time);
      const at = clock.now();
      const samples = Object.entries(values).map(([name, value]) =>
        value === null
          ? { signal: name, value, quality: 'bad' as const, reason: 'no answer' }
          : { signal: name, value, quality: 'good' as const },
      );
      life?.runner.samples({ source: 'plc', at, receivedAt: at, time: 'source', samples });
    },
    async source(time: string, state: SourceState) {
      await moveTo(time);
      life?.runner.status({ source: 'plc', state, at: clock.now() });
    },
    moveTo,
    /** The socket of the running gateway does the same. */
    async serve() {
      if (life === null) throw new Error('it does not run');
      const routes = controlRoutes({
        journal: life.journal,
        recode: () => ({ why: 'the rule is gone' }),
        endRepeats: async () => {},
        changed: () => {},
        about: () => ({ name: 'press-shop', timezone: 'America/Denver', holdUps: [] }),
        log: silentLogger,
      });
      const control = await startControl({ folder, runtimeFolder: testFolder(), routes });
      onTestFinished(() => control.stop());
    },
  };
}

async function run(...args: string[]): Promise<{ readonly code: number; readonly printed: string }> {
  let printed = '';
  const print = (text: string) => {
    printed += `${text}\n`;
  };
  const signal = new AbortController().signal;
  const code = await cli(args, { out: print, err: print, env: {}, readFile: path => readFileSync(path), signal });
  return { code, printed };
}

async function say(...args: string[]): Promise<string> {
  const { code, printed } = await run(...args);
  expect(code).toBe(0);
  return printed;
}

const list = (folder: string, ...more: string[]) =>
  say('journal', 'list', '--rule', 'press1_down', '--data', folder, ...more);
const window = ['--since', '2026-03-02 02:00', '--until', '2026-03-02 02:20'];

/** The output below the heading. */
const linesOf = async (text: Promise<string>) => (await text).trimEnd().split('\n').slice(1);

describe('journal list --rule', () => {
  it('journal decisions explains why no dispatch was opened: the stop was shorter than the delay', async () => {
    const press = night();
    press.start();
    await press.source('01:00:01', 'connected');
    await press.set('01:12:03', NORMAL);
    await press.set('02:10:05', { 'press1.running': false });
    await press.set('02:10:25', { 'press1.running': true });
    await press.stop('03:00:00');

    expect(await linesOf(list(press.folder, ...window))).toEqual([
      'rule press1_down from 2026-03-02 02:00:00 UTC to 2026-03-02 02:20:00 UTC, oldest first',
      'at 2026-03-02 02:00:00 UTC: since 2026-03-02 01:12:03 UTC known: press1.running = true: the condition is false (first seen since the start)',
      '2026-03-02 02:10:05 UTC  pending   press1.running = false: opens a dispatch if it stays so for 2m',
      '2026-03-02 02:10:25 UTC  returned  press1.running = true after 20s, before on_delay (2m) ended: no dispatch',
    ]);
  });

  it('journal decisions explains why no dispatch was opened: the PLC was away', async () => {
    const press = night();
    press.start();
    await press.source('01:00:01', 'connected');
    await press.set('01:12:03', NORMAL);
    await press.set('02:10:00', { 'press1.running': false });
    await press.source('02:10:30', 'disconnected');
    await press.source('02:15:00', 'connected');
    await press.set('02:15:01', NORMAL);
    await press.stop('03:00:00');

    expect(await linesOf(list(press.folder, ...window))).toEqual([
      'rule press1_down from 2026-03-02 02:00:00 UTC to 2026-03-02 02:20:00 UTC, oldest first',
      'at 2026-03-02 02:00:00 UTC: since 2026-03-02 01:12:03 UTC known: press1.running = true: the condition is false (first seen since the start)',
      '2026-03-02 02:10:00 UTC  pending   press1.running = false: opens a dispatch if it stays so for 2m',
      '2026-03-02 02:10:30 UTC  unknown   press1.running, press1.manual, press1.waiting, press1.scheduled are unknown (plc is disconnected): nothing opens while it is unknown; on_delay (2m) stands still after 30s',
      '2026-03-02 02:15:01 UTC  returned  press1.running = true when it was known again; how long the condition held is not known: no dispatch',
    ]);
  });

  it('journal decisions explains why no dispatch was opened: a condition under unless was true', async () => {
    const press = night();
    press.start();
    await press.source('01:00:01', 'connected');
    await press.set('01:12:03', NORMAL);
    await press.set('02:09:00', { 'press1.waiting': true });
    await press.set('02:10:00', { 'press1.running': false });
    await press.set('02:14:00', { 'press1.running': true });
    await press.moveTo('02:14:10');
    await press.serve();
    await vi.waitFor(async () => expect(await list(press.folder)).toContain('condition false'), PATIENCE);

    const unless = 'unless: press1.manual or press1.waiting or not press1.scheduled';
    expect(
      await linesOf(list(press.folder, '--since', '2026-03-02 02:00 UTC', '--until', '2026-03-01 19:20 MST')),
    ).toEqual([
      'rule press1_down from 2026-03-01 19:00:00 MST to 2026-03-01 19:20:00 MST, oldest first',
      'at 2026-03-01 19:00:00 MST: since 2026-03-01 18:12:03 MST known: press1.running = true: the condition is false (first seen since the start)',
      `2026-03-01 19:10:00 MST  blocked          press1.running = false, but press1.waiting = true (${unless}): no dispatch is opened`,
      '2026-03-01 19:14:00 MST  condition false  press1.running = true: the condition is false',
    ]);
  });

  it('journal decisions shows the values at times without a decision, and the times at which the gateway did not run', async () => {
    const press = night();
    press.start();
    await press.source('01:00:01', 'connected');
    await press.set('01:12:03', NORMAL);
    await press.stop('02:05:00');
    press.clock.advanceTo(on('02:15:00'));
    press.start();
    await press.stop('02:30:00');

    expect(await linesOf(list(press.folder, ...window))).toEqual([
      'rule press1_down from 2026-03-02 02:00:00 UTC to 2026-03-02 02:20:00 UTC, oldest first',
      'at 2026-03-02 02:00:00 UTC: since 2026-03-02 01:12:03 UTC known: press1.running = true: the condition is false (first seen since the start)',
      '2026-03-02 02:05:00 UTC  gateway off  the gateway did not run from 2026-03-02 02:05:00 UTC to 2026-03-02 02:15:00 UTC: nothing was seen',
      '2026-03-02 02:15:00 UTC  gateway      the gateway started',
      'the rule decided nothing in this time: what it reads stayed as it was, or was not seen',
    ]);
    expect(await list(press.folder, '--since', '2026-03-02 02:20', '--until', '2026-03-02 02:40')).toContain(
      'at 2026-03-02 02:20:00 UTC: the gateway had started at 2026-03-02 02:15:00 UTC and the rule decided nothing after that; since 2026-03-02 01:12:03 UTC known: ',
    );
    expect(await list(press.folder, '--since', '2026-03-02 04:00')).toContain(
      '2026-03-02 02:30:00 UTC  gateway off  the gateway has not run since then: nothing is seen',
    );
    expect(await list(press.folder, '--since', '2026-03-02 02:06', '--until', '2026-03-02 02:08')).toContain(
      'the gateway did not run from 2026-03-02 02:05:00 UTC to 2026-03-02 02:15:00 UTC',
    );
  });

  it('journal decisions shows the actions of the rule among its decisions, also the last one before the period', async () => {
    const press = night();
    press.start();
    await press.source('01:00:01', 'connected');
    await press.set('01:12:03', NORMAL);
    await press.set('02:10:00', { 'press1.running': false });
    await press.moveTo('02:13:00');
    await press.set('02:30:00', { 'press1.running': true });
    await press.stop('03:00:00');

    const opened = 'open DOWN at PRESS-01, waiting: not press1.running was true for 2m';
    await vi.waitFor(
      async () => expect(await list(press.folder, ...window)).toContain(`action 1  ${opened}`),
      PATIENCE,
    );
    expect(await list(press.folder, '--since', '2026-03-02 02:25')).toContain(
      `at 2026-03-02 02:25:00 UTC: since 2026-03-02 02:12:00 UTC a dispatch is open: ${opened} (action 1)`,
    );
    expect(await list(press.folder, '--since', '2026-03-02 02:40')).toContain(
      'no dispatch is open: close DOWN at PRESS-01',
    );
    const newest = await list(press.folder, '--limit', '2');
    expect(newest).toMatch(
      /there is more before.*\n.*action 1 .*\n.*action 3 .*\n.*has not run.*\n\n.*\n.*journal show 1 /,
    );
  });

  it('journal decisions shows the same as JSON, oldest first too, and in the export of all rules', async () => {
    const press = night();
    press.start();
    await press.source('01:00:01', 'connected');
    await press.set('01:12:03', NORMAL);
    await press.set('02:10:05', { 'press1.running': null });
    await press.set('02:10:25', { 'press1.running': true });
    await press.stop('03:00:00');
    const json = (text: string) =>
      text
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line) as Record<string, unknown>);

    const lines = json(await list(press.folder, '--json', ...window));
    expect(lines.map(({ type, kind }) => [type, kind])).toEqual([
      ['stood_before', 'known'],
      ['decision', 'unknown'],
      ['decision', 'known'],
    ]);
    expect(lines[1]).toEqual({
      type: 'decision',
      rule: 'press1_down',
      at: '2026-03-02T02:10:05.000+00:00',
      kind: 'unknown',
      text: 'press1.running is unknown (no answer): nothing opens while it is unknown',
      values: [{ signal: 'press1.running', value: true, quality: 'bad', at: '2026-03-02T02:10:05.000+00:00' }],
      count: 1,
      until: null,
    });
    const exported = json(await say('journal', 'export', '--data', press.folder));
    expect(exported.map(({ rule, kind }) => `${rule} ${kind}`).sort()).toEqual(
      ['press1_down', 'press2_down'].flatMap(rule => [`${rule} known`, `${rule} known`, `${rule} unknown`]),
    );
    expect(
      json(await say('journal', 'export', '--rule', 'press2_down', ...window, '--data', press.folder)),
    ).toHaveLength(2);
  });

  it('journal decisions says nothing about a future time', async () => {
    const press = night();
    press.start();
    await press.source('01:00:01', 'connected');
    await press.set('01:12:03', NORMAL);
    await press.stop('03:00:00');

    const ahead = ['--since', '2199-01-01 06:00'];
    for (const more of [[], ['--json'], ['--kind', 'open_dispatch']]) {
      expect(await list(press.folder, ...ahead, ...more)).toMatch(
        /^--since 2199-01-01 06:00:00 UTC: that time has not come yet; it is .* now\n$/,
      );
    }
    expect(await say('journal', 'export', '--data', press.folder, ...ahead)).toContain('has not come yet');

    const open = await list(press.folder, '--since', '2026-03-02 02:00', '--until', '2199-01-01');
    expect(open).toContain(' to 2199-01-01 00:00:00 UTC (that time has not come yet), oldest first');
    expect(open).toContain('the rule decided nothing in this time until now: ');
  });

  it.each([
    ['2026-03-02 06:00', '2026-03-02 05:59'],
    ['2h', '3h'],
  ])('journal decisions refuses a time that ends before it begins: from %s to %s', async (since, until) => {
    const press = night();
    press.start();
    await press.stop('03:00:00');

    for (const command of ['list', 'export']) {
      const { code, printed } = await run(
        'journal',
        command,
        '--data',
        press.folder,
        '--since',
        since,
        '--until',
        until,
      );
      expect(code).toBe(64);
      expect(printed).toContain(`--until ${until} (`);
      expect(printed).toContain(`) is before --since ${since} (`);
    }
  });

  it('journal decisions explains that nothing is recorded for a rule', async () => {
    const press = night();
    press.start();
    await press.stop('02:30:00');
    const config = join(press.folder, 'gateway.yaml');
    writeFileSync(config, `gateway: { data: ${press.folder} }\nrules: { press9: {} }\n`);
    expect(await say('journal', 'list', '--rule', 'press9', config)).toContain('nothing of that is in the journal');
    expect(await say('journal', 'list', '--rule', 'press9', ...window, config)).toContain(
      'at 2026-03-02 02:00:00 UTC: nothing is recorded of press9 before',
    );
  });
});
