import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { ConfigError, formatProblem } from '../../src/core/errors.ts';

/** The sections that most tests do not look at. `rules:` comes at the end of each, at line 14. */
const HEAD = `gateway: { name: press_shop_1 }
l2l:
  url: https://acme.leading2lean.com
  api_key: "\${L2L_API_KEY}"
  site: 43
  timezone: America/Denver
  user: gateway
sources:
  plc:
    protocol: simulated
    signals:
      press1.running: { as: bool, script: [{ for: 1m, value: true }] }
      press1.strokes: { as: uint32, count: { every: 1s }, counter: { wraps: full, max_rate: 120/min } }
`;
const DOWN = `rules:
  press1_down:
    when: not press1.running
    on_delay: 2m
    dispatch: { machine: 0123, type: 12E3, description: Press 1 }
`;

type Files = Readonly<Record<string, string | Uint8Array>>;

function load(text: string | Uint8Array, files: Files = {}, env: Record<string, string> = { L2L_API_KEY: 'key-0815' }) {
  const all: Files = { 'config/gateway.yaml': text, ...files };
  return loadConfig('config/gateway.yaml', env, path => {
    const found = all[path];
    if (found === undefined) throw Object.assign(new Error(`ENOENT: no such file, open '${path}'`), { code: 'ENOENT' });
    return Buffer.from(found);
  });
}

function problems(...parameters: Parameters<typeof load>): string[] {
  try {
    load(...parameters);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    throw error;
  }
  return [];
}

describe('loadConfig', () => {
  it('a valid config gives the typed config, the signals and the program', () => {
    const loaded = load(HEAD + DOWN);

    expect(loaded.config.gateway.mode).toBe('shadow');
    expect(loaded.config.l2l.api_key.reveal()).toBe('key-0815');
    expect([...loaded.signals.keys()]).toEqual(['press1.running', 'press1.strokes']);
    expect(loaded.program).toMatchObject({ sources: ['plc'], mode: 'shadow', freezeLimit: 600_000 });
    expect(loaded.program.rules).toEqual([
      expect.objectContaining({
        name: 'press1_down',
        machine: '0123',
        type: '12E3',
        onDelay: 120_000,
        place: { file: 'config/gateway.yaml', line: 15, column: 3 },
      }),
    ]);
    expect(loaded.files).toEqual(['config/gateway.yaml']);
  });

  it('a loaded config knows its data folder', () => {
    const elsewhere = HEAD.replace('press_shop_1', 'a, data: /var/lib/l2l-gateway') + DOWN;

    expect(load(HEAD + DOWN).dataFolder).toBe(resolve('data'));
    expect(load(elsewhere).dataFolder).toBe('/var/lib/l2l-gateway');
  });

  it('a loaded config never prints a secret', () => {
    const loaded = load(HEAD + DOWN);

    expect(JSON.stringify(loaded.config)).toContain('"api_key":"***"');
    expect(JSON.stringify(loaded)).not.toContain('key-0815');
  });

  it('a lookup can have an absolute path', () => {
    const lookups = 'lookups:\n  recipes: { key: number, file: /srv/recipes.csv }\n';

    const loaded = load(HEAD + lookups + DOWN, { '/srv/recipes.csv': 'recipe;product\n12;0815\n' });

    expect(loaded.files).toEqual(['config/gateway.yaml', '/srv/recipes.csv']);
    expect(problems(HEAD + lookups + DOWN)).toEqual([
      expect.stringMatching(/lookups.recipes.file: there is no file \/srv\/recipes.csv$/),
    ]);
  });

  it('a relative path of a lookup counts from the folder of the config', () => {
    const lookups = 'lookups:\n  recipes: { key: number, file: recipes.csv }\n';
    const rule = `rules:
  line1:
    production: { line: 01, total: press1.strokes, product: "{{ recipes[press1.strokes].product }}" }
`;
    const loaded = load(HEAD + lookups + rule, { 'config/recipes.csv': 'recipe;product\n12;0815\n' });

    expect(loaded.files).toEqual(['config/gateway.yaml', 'config/recipes.csv']);
    const [line1] = loaded.program.rules;
    expect(line1?.kind === 'production' && line1.product?.resolve(() => 12)).toEqual({ code: '0815' });
  });

  describe('refuses, with the place and what to write', () => {
    it.each<[string, string, readonly string[]]>([
      [
        'broken YAML',
        HEAD + DOWN.replace('on_delay: 2m', 'on_delay: "2m'),
        ['config/gateway.yaml:17:15 the quote that opens here is not closed'],
      ],
      [
        'an unquoted !',
        HEAD + DOWN.replace('not press1.running', '!press1.running'),
        [
          'config/gateway.yaml:16:11 "!press1.running" – YAML takes ! for a tag and would drop the word after it; write `not press1.running`, or put the text in quotes if the ! belongs to it',
        ],
      ],
      [
        'a quoted !',
        HEAD + DOWN.replace('not press1.running', '"!press1.running"'),
        ['config/gateway.yaml:16:12 press1_down.when: write `not` instead of `!`'],
      ],
      [
        'an unknown key',
        HEAD + DOWN.replace('on_delay', 'on_dealy'),
        ['config/gateway.yaml:17:5 press1_down: unknown key "on_dealy"; did you mean on_delay?'],
      ],
      [
        'an unknown signal',
        HEAD + DOWN.replace('press1.running', 'press1.runing'),
        ['config/gateway.yaml:16:15 press1_down.when: unknown signal `press1.runing`; did you mean `press1.running`?'],
      ],
      [
        'a wrong type in an expression',
        HEAD + DOWN.replace('not press1.running', 'press1.running = 1'),
        ['config/gateway.yaml:16:11 press1_down.when: press1.running is yes/no; write press1.running'],
      ],
      [
        'a missing secret',
        HEAD.replace('L2L_API_KEY', 'L2L_KEY') + DOWN,
        ['config/gateway.yaml:4:13 the environment has no L2L_KEY; set it before the gateway starts'],
      ],
      [
        'a secret in the file',
        HEAD.replace('"${L2L_API_KEY}"', 'key-4711') + DOWN,
        [
          'config/gateway.yaml:4:12 l2l.api_key: a secret is never written in the file; write a reference such as ${L2L_API_KEY} or ${file:/run/secrets/l2l_api_key}',
        ],
      ],
      [
        'two rules with one name',
        `${HEAD}${DOWN}  press1_down: {}\n`,
        ['config/gateway.yaml:19:3 "press1_down" is written twice here (first in line 15); keep one of the two'],
      ],
      [
        'a number as time',
        HEAD + DOWN.replace('2m', '90'),
        [
          'config/gateway.yaml:17:15 press1_down.on_delay: "90" is not a time; write it with its unit, such as 90s, 2m or 1h30m',
        ],
      ],
      [
        'an unknown protocol',
        HEAD.replace('simulated', 'simulatd') + DOWN,
        ['config/gateway.yaml:10:15 plc.protocol: "simulatd" – did you mean simulated? (one of '],
      ],
      [
        'a signal of two sources',
        `${HEAD}  plc2:\n    protocol: simulated\n    signals:\n      press1.running: { as: bool, script: [{ for: 1m, value: true }] }\n${DOWN}`,
        [
          'config/gateway.yaml:17:7 plc2.press1.running: source plc has a signal of this name; every signal of a gateway has a name of its own',
        ],
      ],
      [
        'what is not built yet',
        `${HEAD}calendars: { line1: {} }\n${DOWN}`,
        ['config/gateway.yaml:14:1 calendars: calendars is not built yet; take it out'],
      ],
      ['a missing section', HEAD, ['config/gateway.yaml:1:1 rules is missing – expected names with values below it']],
      [
        'a lookup without its file',
        `${HEAD}lookups:\n  recipes: { key: number, file: recipes.csv }\n${DOWN}`,
        [
          'config/gateway.yaml:15:33 lookups.recipes.file: there is no file config/recipes.csv (looked for beside the config)',
        ],
      ],
    ])('the loader refuses %s, with the place and the correction', (_, text, expected) => {
      const found = problems(text);

      expect(found.map((problem, index) => problem.slice(0, expected[index]?.length))).toEqual(expected);
    });

    it('an error in a lookup file names its row', () => {
      const text = `${HEAD}lookups:\n  recipes: { key: number, file: recipes.csv }\n${DOWN}`;

      expect(problems(text, { 'config/recipes.csv': 'recipe,product\n12,A\nx,B\n12,C\n' })).toEqual([
        'config/recipes.csv:3:1 the key `x` is not a number',
        'config/recipes.csv:4:1 the key 12 is in line 2 already',
      ]);
    });

    it('the loader refuses a file that is missing, empty or no text', () => {
      expect(() =>
        loadConfig('no.yaml', {}, () => {
          throw new Error('EIO: the disk does not answer');
        }),
      ).toThrow("no.yaml can't be read: EIO: the disk does not answer");
      expect(problems(Buffer.from([0x67, 0xe4, 0x20]))).toEqual([
        'config/gateway.yaml:1:2 config/gateway.yaml is not UTF-8 text from here on; save it with the encoding UTF-8',
      ]);
      expect(problems('')).toEqual(['config/gateway.yaml:1:1 the file is empty']);
    });
  });

  it('the loader reports all mistakes at once, from top to bottom, also in rules after other mistakes', () => {
    const text = `${HEAD.replace('site: 43', 'site: x')}rules:
  broken: { when: press1.running, on_delay: 2, dispatch: { machine: A, type: DOWN, description: x } }
  reads_it: { when: broken.active and press1.runing, on_delay: 2m, dispatch: { machine: B, type: DOWN, description: x } }
`;

    expect(problems(text, {}, {})).toEqual([
      'config/gateway.yaml:4:13 the environment has no L2L_API_KEY; set it before the gateway starts',
      'config/gateway.yaml:5:9 l2l.site: "x" – expected a number',
      'config/gateway.yaml:15:45 broken.on_delay: "2" is not a time; write it with its unit, such as 90s, 2m or 1h30m',
      'config/gateway.yaml:16:39 reads_it.when: unknown signal `press1.runing`; did you mean `press1.running`?',
    ]);
  });

  it('the loader checks the conditions of a rule that is wrong elsewhere, but nothing else in it', () => {
    const text = `${HEAD}rules:
  count: { cycles: { machine: A, counter: press1.running, evry: 15m } }
  stop: { when: press1.runing, on_delay: 2, dispatch: { machine: A, type: DOWN, description: "{{ x }}" } }
`;

    expect(problems(text)).toEqual([
      'config/gateway.yaml:15:59 count.cycles: unknown key "evry"; did you mean every?',
      'config/gateway.yaml:16:17 stop.when: unknown signal `press1.runing`; did you mean `press1.running`?',
      'config/gateway.yaml:16:42 stop.on_delay: "2" is not a time; write it with its unit, such as 90s, 2m or 1h30m',
    ]);
  });

  it('no error repeats the value of a reference', () => {
    const env = { L2L_API_KEY: 'key-0815', LIMIT: 'press1.strokes > geheim', MACHINE: 'HIDDEN-01' };
    const text = `${HEAD}rules:
  a: { when: "\${LIMIT}", on_delay: 2m, dispatch: { machine: "\${MACHINE}", type: DOWN, description: x } }
  b: { cycles: { machine: "\${MACHINE}", counter: press1.strokes } }
  c: { cycles: { machine: "\${MACHINE}", counter: press1.strokes, mode: total } }
`;

    expect(problems(text, {}, env)).toEqual([
      'config/gateway.yaml:15:14 a.when: what this stands for does not fit here',
      expect.stringMatching(
        /^config\/gateway.yaml:17:\d+ c.cycles.mode: `b` keeps the cycles of \$\{MACHINE\} in mode increment/,
      ),
    ]);
  });

  it('the place of a problem is exact in quoted and folded texts', () => {
    const text = HEAD + DOWN.replace('not press1.running', '"press1.running\n      or oven"');

    expect(problems(text)).toEqual([
      expect.stringMatching(/^config\/gateway.yaml:17:10 press1_down.when: unknown signal `oven`/),
    ]);
  });
});
