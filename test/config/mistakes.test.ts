import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { summary } from '../../src/config/summary.ts';
import { ConfigError, formatProblem } from '../../src/core/errors.ts';

type Parts = {
  readonly gateway?: string;
  readonly modbus?: string;
  readonly meter?: string;
  readonly opcua?: string;
  readonly opcuaSignal?: string;
  readonly lookup?: string;
  readonly rules?: string;
};

const DOWN = `
  press1_down:
    when: not press1.running
    on_delay: 2m
    dispatch: { machine: A, type: DOWN, description: Press 1 }`;

function config(parts: Parts): string {
  return `gateway: { name: press_shop_1${parts.gateway ?? ''} }
l2l: { url: "https://acme.leading2lean.com", api_key: "\${KEY}", site: 43, timezone: America/Denver, user: gateway }
lookups:
  recipes: { key: number, file: ${parts.lookup ?? 'recipes.csv'} }
sources:
  press_plc:
    protocol: opcua
    endpoint: opc.tcp://192.0.2.20:4840
    ${parts.opcua ?? 'namespace: urn:plc'}
    signals:
      press1.running: s=Running
      press1.faults: { node: s=Faults, as: uint16 }
      press1.recipe: { node: s=Recipe, as: uint16 }
      press1.extra: ${parts.opcuaSignal ?? 's=Extra'}
  rs485:
    protocol: modbus
    ${parts.modbus ?? 'host: 192.0.2.30'}
    first_register: 1
    signals:
      press1.strokes: { unit: 3, holding: 13, as: uint32, counter: { wraps: full, max_rate: 60/min } }
      press1.rejects: { unit: 3, holding: 20, as: uint16, counter: { wraps: 9999, max_rate: 60/min } }
      oven2.temp: { unit: 3, input: 40, as: float32 }
      meter: ${parts.meter ?? '{ unit: 3, input: 1 }'}
rules:${DOWN}${parts.rules ?? ''}
`;
}

function load(text: string, env: Record<string, string> = {}) {
  const files: Record<string, string> = { 'plant/gateway.yaml': text, 'plant/recipes.csv': 'recipe;product\n1;P-1\n' };
  return loadConfig('plant/gateway.yaml', { KEY: 'key-0815', ...env }, path => {
    const found = files[path];
    if (found !== undefined) return Buffer.from(found);
    const code = path.endsWith('folder') ? 'EISDIR' : 'ENOENT';
    throw Object.assign(new Error(`${code}: what Node says, open '${path}'`), { code });
  });
}

function problems(parts: Parts | string, env?: Record<string, string>): string[] {
  try {
    load(typeof parts === 'string' ? parts : config(parts), env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    throw error;
  }
  return [];
}

/** The messages without their places. */
function messages(...parameters: Parameters<typeof problems>): string[] {
  return problems(...parameters).map(line => line.replace(/^plant\/gateway\.yaml:\d+:\d+ /, ''));
}

const production = (product: string, more = '') => ({
  rules: `
  parts: { production: { line: L1, total: press1.strokes, product: ${product}${more} } }`,
});
const dispatch = (more: string, text = 'Oven', delay = '2m') => ({
  rules: `
  second:
    ${more}
    on_delay: ${delay}
    dispatch: { machine: B, type: DOWN, description: "${text}" }`,
});
const when = (condition: string) => dispatch(`when: ${condition}`);

const IN_L2L = 'is plain text and would become a product of this name in L2L';

describe('mistakes of a new user', () => {
  it('the config without the mistakes is valid', () => {
    expect(problems({})).toEqual([]);
    expect(problems(production('P-100'))).toEqual([]);
    expect(problems(production('"{{ recipes[press1.recipe].product }}"'))).toEqual([]);
    expect(problems(when('1 < oven2.temp and oven2.temp < 3 or (oven2.temp < 7)'))).toEqual([]);
  });

  it.each([
    [
      '"recipes[press1.recipe].product"',
      `"recipes[press1.recipe].product" ${IN_L2L}; write "{{ recipes[press1.recipe].product }}"`,
    ],
    ['"{ press1.recipe }"', `"{ press1.recipe }" ${IN_L2L}; write "{{ press1.recipe }}"`],
    ['press1.recipe', `"press1.recipe" ${IN_L2L}; write "{{ press1.recipe }}"`],
    ['recipes.product', `"recipes.product" ${IN_L2L}; write "{{ recipes.product }}"`],
    ['auto', '"auto" would become a product of this name in L2L; did you mean autodetect?'],
    ['AutoDetect', '"AutoDetect" would become a product of this name in L2L; did you mean autodetect?'],
  ])('a mistake in product is explained: %s', (product, message) => {
    expect(messages(production(product))).toEqual([`parts.production.product: ${message}`]);
  });

  it('the error about single braces in a description says to write double ones', () => {
    expect(messages(dispatch('when: press1.running', 'Oven { oven2.temp } hot, {x}'))).toEqual([
      'second.dispatch.description: `{ oven2.temp }` is plain text; write `{{ oven2.temp }}`',
    ]);
  });

  it.each([
    ['BOOL', 'bool'],
    ['Int', 'int16'],
    ['UINT', 'uint16'],
    ['word', 'uint16'],
    ['DINT', 'int32'],
    ['UDINT', 'uint32'],
    ['DWORD', 'uint32'],
    ['LINT', 'int64'],
    ['ULINT', 'uint64'],
    ['REAL', 'float32'],
    ['LREAL', 'float64'],
  ])('a mistake in as is explained: %s', (written, meant) => {
    const words = `"${written}" is written ${meant} here`;

    expect(messages({ meter: `{ unit: 3, input: 1, as: ${written} }` })).toEqual([`rs485.meter.as: ${words}`]);
    expect(messages({ opcuaSignal: `{ node: s=X, as: ${written} }` })).toEqual([`press_plc.press1.extra.as: ${words}`]);
  });

  it('an 8-bit type is refused for Modbus, which has none', () => {
    const eight = (as: string) => ({ opcuaSignal: `{ node: s=X, as: ${as} }` });

    expect(messages(eight('USINT'))).toEqual(['press_plc.press1.extra.as: "USINT" is written uint8 here']);
    expect(messages(eight('SINT'))).toEqual(['press_plc.press1.extra.as: "SINT" is written int8 here']);
    expect(messages({ meter: '{ unit: 3, input: 1, as: BYTE }' })).toEqual([
      expect.stringContaining('"BYTE" is uint8, which this protocol does not have; write one of bool, int16,'),
    ]);
  });

  it.each([
    ['press1.faults.16', '`press1.faults` has the bits 0 to 15, bit 0 is the lowest; there is no bit 16'],
    ['press1.strokes.3', '`press1.strokes` counts; a bit of a counter says nothing, compare the number'],
    ['oven2.temp.3', '`oven2.temp` is no integer and has no bits'],
    ['press1_down', '`press1_down` is a rule; write press1_down.active'],
    ['good(press_plc)', '`press_plc` is a source; write press_plc.connected'],
    ['yes', '`yes` is no signal; a condition names signals, and compares them with true and false'],
    ['bit(press1.faults, 3)', '`bit` is not a function; write press1.faults.3'],
    [
      'TON(press1.running, T#5s)',
      'delays are not part of a condition; write `press1.running` here and on_delay: 5s in the rule',
    ],
    [
      'TOF(press1.running, 5s)',
      'delays are not part of a condition; write `press1.running` here and off_delay: 5s in the rule',
    ],
    [
      'still(oven2.temp, 3m)',
      'delays are not part of a condition; write `still(oven2.temp)` here and on_delay: 3m in the rule',
    ],
    ['max(oven2.temp, meter) > 3', '`max` is not a function; the functions are `good(signal)` and `still(signal)`'],
    ['240 < oven2.temp < 300', 'write 240 < oven2.temp and oven2.temp < 300'],
    [
      'press1.running and (1 < oven2.temp + (meter) <= 2 * (3)) or press1.running',
      'write 1 < oven2.temp + (meter) and oven2.temp + (meter) <= 2 * (3)',
    ],
  ])('a mistake in when is explained: %s', (condition, message) => {
    expect(messages(when(condition))).toEqual([`second.when: ${message}`]);
  });

  it('a counter can not wrap above the end of its type', () => {
    const counter = 'as: uint16, counter: { wraps: 99999, max_rate: 60/min }';
    const words = 'a uint16 goes up to 65535; write full or a number up to 65535, or the real type of the counter';

    expect(messages({ meter: `{ unit: 3, input: 1, ${counter} }` })).toEqual([
      `rs485.meter.counter.wraps: "99999" – ${words}`,
    ]);
    expect(messages({ opcuaSignal: `{ node: s=X, ${counter} }` })).toEqual([
      `press_plc.press1.extra.counter.wraps: "99999" – ${words}`,
    ]);
  });

  it.each([
    [
      '192.0.2.300:502',
      '"192.0.2.300:502" – write the port apart: host: … and port: 502; 192.0.2.300 is no IPv4 address: four numbers from 0 to 255, such as 192.168.10.30',
    ],
    ['plc7:1502', '"plc7:1502" – write the port apart: host: plc7 and port: 1502'],
    ['192.0.2', '"192.0.2" – 192.0.2 is no IPv4 address: four numbers from 0 to 255, such as 192.168.10.30'],
  ])('a mistake in the host of a Modbus device is explained: %s', (host, message) => {
    expect(messages({ modbus: `host: ${host}` })).toEqual([`rs485.host: ${message}`]);
  });

  it('check asks about a register number that may be in the long form', () => {
    const shown = summary(load(config({ meter: '{ unit: 3, holding: 40013 }' })));

    expect(shown).toContain(
      "NOTE: meter: holding 40013 goes over the wire as 40012; if 40013 is in the manual's long form, write holding: 13\n",
    );
    expect(summary(load(config({})))).not.toContain('NOTE');
    expect(messages({ meter: '{ unit: 3, holding: 400013 }' })).toEqual([
      expect.stringContaining("of a manual's long form such as 400013 write the last digits: holding: 13"),
    ]);
  });

  it('a short node id needs a namespace', () => {
    const found = messages({ opcua: 'queue: 10', opcuaSignal: 'i=2258' });

    expect(found).toHaveLength(3);
    expect(found[0]).toBe(
      'press_plc.press1.running: "s=Running" – the namespace of this node is missing; write for example namespace: http://www.siemens.com/simatic-s7-opcua in the source, or ns=2;s=… here',
    );
  });

  it('one counter can not count two things', () => {
    expect(messages(production('P', ', scrap: press1.strokes'))).toEqual([
      'parts.production.scrap: press1.strokes is the counter of total too; each part is counted once',
    ]);
    expect(messages(production('P', ', scrap: { A: press1.rejects, B: press1.rejects }'))).toEqual([
      'parts.production.scrap.B: press1.rejects is the counter of scrap.A too; each part is counted once',
    ]);
  });

  it('an unquoted bracket is one problem, not several', () => {
    expect(messages(production('recipes[press1.recipe].product'))).toEqual([
      '"[" does not belong here; if it is part of the value before it, put the whole value in quotes; what follows could not be read; correct this first',
    ]);
  });

  it.each([
    ['a: { x: Press 1: down }\n', '1:9 a colon followed by a space starts a new key; put the text in quotes'],
    ['a:\n  x: Press 1: down\n', '2:6 a colon followed by a space starts a new key; put the text in quotes'],
    ['a: { x: [1], y: 2\nb: 3\n', '1:4 the { is not closed'],
    ['a: [x, y\nb: 3\n', '1:4 the [ is not closed'],
  ])('a mistake in YAML is explained: %j', (text, message) => {
    expect(problems(text)).toEqual([`plant/gateway.yaml:${message}`]);
  });

  it('a list of conditions is one problem, and its error says how to write one condition', () => {
    expect(messages(dispatch('when: press1.running\n    unless: [a, b]'))).toEqual([
      'second.unless: write one condition: a or b',
    ]);
    expect(messages(dispatch('when: [press1.running, meter = 3]\n    unless: nothing.there'))).toEqual([
      'second.when: write one condition: press1.running or meter = 3',
      expect.stringContaining('second.unless: unknown signal `nothing.there`'),
    ]);
  });

  it('a counter without its keys and a device without its unit are refused', () => {
    expect(messages({ meter: '{ unit: 3, input: 1, counter: true }' })).toEqual([
      'rs485.meter.counter: "true" – write counter: { wraps: full, max_rate: 60/min }',
    ]);
    expect(messages({ meter: '{ input: 1 }' })).toEqual([
      "rs485.meter: unit is missing – write the device's unit (slave) number, such as unit: 1",
    ]);
  });

  it.each(['redis', 'host:6379', 'address'])('a wrong address of Redis from a reference is explained: %s', value => {
    expect(messages({ gateway: `, redis: "\${REDIS_URL}"` }, { REDIS_URL: value })).toEqual([
      'gateway.redis: what REDIS_URL holds is no address; write redis://host:6379, rediss:// for TLS',
    ]);
  });

  it('a test file is refused, because test files are not built yet', () => {
    expect(problems('config: gateway.yaml\ntests:\n  - name: x\n')).toEqual([
      'plant/gateway.yaml:2:1 this is a test file; test files are not built yet',
    ]);
  });

  it('a missing file is named with its path', () => {
    expect(messages({ lookup: 'other.csv' })).toEqual([
      expect.stringMatching(/there is no file plant\/other\.csv \(looked for beside the config\)$/),
    ]);
    expect(messages({ lookup: 'folder' })).toEqual([
      expect.stringMatching(/plant\/folder is a folder; name the file in it$/),
    ]);
  });

  it('keys that are not built yet are not offered', () => {
    const [message] = messages({
      rules: '\n  x: { zzz: 1, when: press1.running, on_delay: 1s, dispatch: { machine: B, type: D, description: x } }',
    });

    expect(message).toMatch(/unknown key "zzz"; the keys here are when, .*renamed_from$/);
    expect(message).not.toMatch(/cause|short_stops|changeover|flood/);
  });

  it('an interval shorter than the shortest is refused', () => {
    expect(messages(production('P', ', every: 500ms, lateness: 0s'))).toEqual([
      'parts.production.every: the shortest interval is 1s, not 500ms',
    ]);
  });

  it('check says from which folder the path of a relative data folder counts', () => {
    expect(summary(load(config({})))).toMatch(
      /^ {2}data {5}\/.*\/data \(\.\/data counts from the folder the command is started in\)$/m,
    );
    expect(summary(load(config({ gateway: ', data: /var/lib/l2l-gateway' })))).toMatch(
      /^ {2}data {5}\/var\/lib\/l2l-gateway$/m,
    );
  });

  it('check shows the product of a line, and names the rules that send too many calls', () => {
    const shown = summary(load(config(production('P-100', ', every: 1s, lateness: 0s'))));

    expect(shown).toContain('all parts from press1.strokes every 1s, product P-100');
    expect(shown).toMatch(/^WARNING: more calls than allowed, .*raise `every:` of parts,/m);
  });
});
