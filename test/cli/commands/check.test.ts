import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const PROGRAM = join(ROOT, 'bin/l2l-gateway');

const GOOD = `gateway: { name: press_shop_1, data: /var/lib/l2l-gateway }
l2l:
  url: https://acme.leading2lean.com
  api_key: "\${L2L_API_KEY}"
  site: 43
  timezone: America/Denver
  user: gateway
  cycles_from_production: false
sources:
  rs485:
    protocol: modbus
    host: 192.0.2.30
    first_register: 1
    signals:
      press1.running: { unit: 3, discrete_input: 7 }
      press1.strokes: { unit: 3, holding: 13, as: uint32, order: CDAB, counter: { wraps: full, max_rate: 60/min } }
      press1.manual: { unit: 3, discrete_input: 8 }
rules:
  press1_down:
    when: not press1.running
    on_delay: 2m
    off_delay: 30s
    dispatch: { machine: PRESS-01, type: DOWN, trade: MAINT, description: Press 1 stands }
  press1_cycles: { cycles: { machine: PRESS-01, counter: press1.strokes, every: 1m } }
  line1: { production: { line: LINE-1, total: press1.strokes, product: autodetect } }
`;

/** Gives root the rights of an ordinary user. */
const WITHOUT_RIGHTS = process.getuid?.() === 0 ? ['setpriv', '--bounding-set', '-all'] : [];

type Ended = { readonly code: number; readonly out: string; readonly err: string };

function program(args: readonly string[], env: Record<string, string> = {}, file = PROGRAM): Promise<Ended> {
  return new Promise(resolve => {
    const options = { cwd: folder, env: { PATH: process.env.PATH ?? '', L2L_API_KEY: 'key-0815', ...env } };
    execFile(file, args, options, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'l2l-check-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('l2l-gateway check', () => {
  it('the check sums up a valid config', async () => {
    writeFileSync(join(folder, 'good.yaml'), GOOD);

    expect(await program(['check', 'good.yaml'])).toEqual({
      code: 0,
      err: '',
      out: `good.yaml is valid

  gateway  press_shop_1, mode shadow: nothing is sent to L2L
  l2l      https://acme.leading2lean.com, site 43, America/Denver, as user gateway
  data     /var/lib/l2l-gateway

sources: 1, signals: 3
  rs485  modbus  192.0.2.30:502
    press1.running  yes/no   unit 3 discrete_input 7 (PDU address 6) bool
    press1.strokes  counter  unit 3 holding 13 (PDU address 12) uint32 CDAB
    press1.manual   yes/no   unit 3 discrete_input 8 (PDU address 7) bool

rules: 3
  press1_down    line 19  dispatch DOWN on PRESS-01, trade MAINT  opens after 2m, closes after 30s
  press1_cycles  line 24  cycles of PRESS-01                      press1.strokes every 1m
  line1          line 25  production of LINE-1                    all parts from press1.strokes every 5m, product found by L2L (autodetect)

calls per hour: 96, 3 % of the 3600 allowed
  cycles      60
  production  36
  dispatches  up to 4 more for each one that opens and closes

read by no rule: press1.manual
`,
    });
  });

  it('the check shows below each rule how it differs from the default, and shows the common settings of dispatches once', async () => {
    const told = GOOD.replace('sources:', 'defaults: { dispatch: { if_found_open: adopt, max_age: 8h } }\nsources:')
      .replace('on_delay: 2m', 'on_delay: 2m\n    renamed_from: press_down')
      .replace('trade: MAINT,', 'trade: MAINT, if_missed: add,')
      .replace('press1_cycles: {', 'press1_cycles: { on_unknown: drop,');
    writeFileSync(join(folder, 'told.yaml'), told);

    expect((await program(['check', 'told.yaml'])).out).toContain(`
rules: 3
  every dispatch, if nothing else is said below:
    - a person has an open dispatch: the gateway uses it, and people close it
    - an action older than 8h is not sent any more
  press1_down    line 20  dispatch DOWN on PRESS-01, trade MAINT  opens after 2m, closes after 30s
    - keeps the state of its former name press_down
    - the stop is over before the open is sent: L2L gets one finished dispatch
  press1_cycles  line 26  cycles of PRESS-01                      press1.strokes every 1m
    - nobody knows whether L2L took a call: it is not sent again, and may be missing in L2L
  line1          line 27  production of LINE-1                    all parts from`);
  });

  it('the check says of each rule that closes every dispatch that it closes what people opened', async () => {
    const closing = GOOD.replace(
      'description: Press 1 stands }',
      'description: Press 1 stands, when_cleared: close_machine, note: runs }',
    ).replace(
      'rules:',
      'rules:\n  andon: { when: press1.running, on_delay: 10s, close: { machine: PRESS-01, type: CODE_RED } }',
    );
    writeFileSync(join(folder, 'closing.yaml'), closing);
    const { out } = await program(['check', 'closing.yaml']);
    expect(out).toMatch(
      /andon .* close every CODE_RED on PRESS-01 +closes after 10s\n {4}- also closes what people opened/,
    );
    expect(out).toMatch(/opens after 2m, closes every one of its type after 30s\n {4}- also closes what people opened/);
    expect(out).toContain('up to 2 more for each time its condition begins to hold');

    writeFileSync(join(folder, 'noted.yaml'), closing.replace('when_cleared: close_machine, ', ''));
    expect((await program(['check', 'noted.yaml'])).err).toContain(
      'noted.yaml:24:97 press1_down.dispatch.note: note is only sent with when_cleared: close_machine; write that too, or take note out',
    );
  });

  it('the check lists each lookup with its file, rows and encoding', async () => {
    const lookups = `lookups:
  recipes: { file: recipes.csv, key: number }
  faults_of_press1: { file: faults.csv, key: bit, default: { reason: OTHER } }
rules:`;
    writeFileSync(
      join(folder, 'recipes.csv'),
      'recipe;product;name\n12;0815;Blech\n13;0816;Gro\u00dfes Blech\n',
      'latin1',
    );
    writeFileSync(join(folder, 'faults.csv'), 'bit;reason\n3;OIL\n');
    writeFileSync(join(folder, 'lookups.yaml'), GOOD.replace('rules:', lookups));

    expect((await program(['check', 'lookups.yaml'])).out).toContain(`

lookups: 2
  recipes           recipes.csv  2 rows by number: product, name          Windows-1252
  faults_of_press1  faults.csv   1 row by bit, and a default row: reason  UTF-8

rules: 3
`);
  });

  it.each<[string, string, string]>([
    [
      'is only dispatches',
      GOOD.slice(0, GOOD.indexOf('  press1_cycles:')),
      'calls per hour: none but those for dispatches; 3600 are allowed',
    ],
    [
      'is nothing',
      GOOD.slice(0, GOOD.indexOf('rules:')).concat('rules: {}\n'),
      'calls per hour: none; 3600 are allowed',
    ],
    [
      'has no limit',
      GOOD.slice(0, GOOD.indexOf('rules:')).concat('rules: {}\n').replace('user:', 'rate: unlimited\n  user:'),
      'calls per hour: none; no limit is set',
    ],
    [
      'is little',
      GOOD.replace('every: 1m', 'every: 1h').replace(/ {2}line1:.*\n/, ''),
      'calls per hour: 2, less than 1 % of the 3600 allowed',
    ],
  ])('the check writes no zeros when the text of the dispatch %s', async (_what, text, words) => {
    writeFileSync(join(folder, 'calls.yaml'), text);

    expect((await program(['check', 'calls.yaml'])).out).toContain(`\n${words}\n`);
  });

  it('the check reports a clock that is trusted whatever time it shows', async () => {
    writeFileSync(join(folder, 'trust.yaml'), GOOD.replace('name: press_shop_1,', 'name: press_shop_1, clock: trust,'));
    expect((await program(['check', 'trust.yaml'])).out).toContain('clock    trusted whatever it says');
    expect((await program(['check', 'good.yaml'])).out).not.toContain('clock ');
  });

  it('the check warns when the rules send more calls than L2L allows', async () => {
    writeFileSync(join(folder, 'much.yaml'), GOOD.replace('user: gateway', 'user: gateway\n  rate: 60/h'));

    const { code, out } = await program(['check', 'much.yaml']);

    expect(code).toBe(0);
    expect(out).toContain('calls per hour: 96, 160 % of the 60 allowed\n');
    expect(out).toMatch(/^WARNING: more calls than allowed, .* raise `every:` of press1_cycles, line1,/m);
  });

  it('the check warns of settings that are valid but rarely meant, with their place, and the gateway logs them once at its start', async () => {
    writeFileSync(join(folder, 'file'), '');
    const warned = GOOD.replace('trade: MAINT, ', '').replace('/var/lib/l2l-gateway', './file/data');
    writeFileSync(join(folder, 'warned.yaml'), warned);

    const { code, out } = await program(['check', 'warned.yaml']);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^warned\.yaml is valid\n\nwarned\.yaml:23:5 WARNING: press1_down\.dispatch: no trade is written, /,
    );

    // The data folder is below a file, so the gateway ends before it starts anything.
    const run = await program(['run', 'warned.yaml']);
    const lines = `${run.out}${run.err}`.split('\n').filter(line => line.includes('no trade is written'));
    expect(run.code).toBe(1);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('"at":"warned.yaml:23:5"');
  });

  it('the check prints every problem with its place and ends with 2', async () => {
    writeFileSync(join(folder, 'bad.yaml'), GOOD.replace('2m', '90').replace('not press1.running', 'press1.runing'));

    expect(await program(['check', 'bad.yaml'])).toEqual({
      code: 2,
      out: '',
      err: `bad.yaml:20:11 press1_down.when: unknown signal \`press1.runing\`; did you mean \`press1.running\`?
bad.yaml:21:15 press1_down.on_delay: "90" is not a time; write it with its unit, such as 90s, 2m or 1h30m

not valid: 2 problems
`,
    });
  });

  it.each([
    ['two files', ['check', 'a.yaml', 'b.yaml'], 'one file at a time, not 2\n'],
    ['an unknown option', ['check', '--verbos'], "Unknown option '--verbos'"],
  ])('the check does not understand %s', async (_, args, words) => {
    const { code, err } = await program(args);

    expect(code).toBe(64);
    expect(err).toContain(words);
    expect(err).toMatch(/\n {2}\S*bin\/l2l-gateway check --help\n$/);
  });

  it('the check reports that a file is not there', async () => {
    const { code, err } = await program(['check', 'none.yaml']);

    expect(code).toBe(2);
    expect(err).toMatch(/^there is no file none\.yaml\n/);
  });

  it.each([
    [
      'a folder on its way is missing',
      'none/deep/g.yaml',
      /^there is no file none\/deep\/g\.yaml: there is no folder \S+\/none\n/,
    ],
    [
      'a file stands in place of its folder',
      'plain/g.yaml',
      /^there is no file plain\/g\.yaml: \S+\/plain is not a folder\n/,
    ],
    [
      'it may not be read',
      'closed.yaml',
      /^closed\.yaml can't be read: this user may not read it; give this user the right to read it, or run the command as the gateway's user\n/,
    ],
    [
      'its folder may not be entered',
      'closed/g.yaml',
      /^closed\/g\.yaml can't be read: this user may not enter its folder; give this user the right to read it, or run the command as the gateway's user\n/,
    ],
  ])('the check reports in one sentence when %s', async (_what, file, words) => {
    writeFileSync(join(folder, 'plain'), '');
    writeFileSync(join(folder, 'closed.yaml'), GOOD, { mode: 0 });
    mkdirSync(join(folder, 'closed'), { recursive: true, mode: 0 });

    const [first = '', ...before] = [...WITHOUT_RIGHTS, PROGRAM];
    const { code, err } = await program([...before, 'check', file], {}, first);

    expect(code).toBe(2);
    expect(err).toMatch(words);
  });

  it('the check reports that a folder is not a file', async () => {
    const { code, err } = await program(['check', '.']);

    expect(code).toBe(2);
    expect(err).toMatch(/^\. is a folder; name the file in it\n/);
  });

  it('the check loads no protocol, queue or HTTP stack', async () => {
    const stacks = '/^(node-opcua|mqtt|modbus-serial|undici|bullmq|ioredis|node:sqlite)/';
    const hook = `import { registerHooks } from 'node:module';
      registerHooks({ resolve(name, context, next) {
        if (${stacks}.test(name)) process.stderr.write('LOADED ' + name + '\\n');
        return next(name, context);
      } });`;
    writeFileSync(join(folder, 'good.yaml'), GOOD);

    const { code, err } = await program(['check', 'good.yaml'], {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}`,
    });

    expect([code, err]).toEqual([0, '']);
  });
});

describe('bin/l2l-gateway', () => {
  it('the check works through a link from anywhere', async () => {
    const link = join(folder, 'linked');
    symlinkSync(PROGRAM, link);

    expect((await program(['check', '--help'], {}, link)).out).toMatch(`Usage: ${link} check [FILE] [--online]\n`);
  });

  it('bin/l2l-gateway explains what to do on a host without Node 24', async () => {
    const alone = join(folder, 'alone/bin/l2l-gateway');
    mkdirSync(join(folder, 'alone/bin'), { recursive: true });
    copyFileSync(PROGRAM, alone);
    writeFileSync(join(folder, 'node'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });

    const { code, out, err } = await program(['check'], { PATH: `${folder}:/usr/bin:/bin` }, alone);

    expect([code, out]).toEqual([1, '']);
    expect(err).toBe(
      `l2l-gateway needs Node.js 24 or newer and found none. Run "npm ci" in ${join(realpathSync(folder), 'alone')} (it brings one along), or install Node.js 24.\n`,
    );
  });
});
