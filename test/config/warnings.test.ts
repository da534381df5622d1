import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { ConfigError, formatProblem } from '../../src/core/errors.ts';

type Parts = {
  readonly sources?: string;
  readonly rules?: string;
  readonly defaults?: string;
  readonly missing?: string;
  /** More keys of `l2l`. */
  readonly l2l?: string;
};

const head = (more: string) => `gateway: { name: shop }
l2l: { url: "https://acme.leading2lean.com", api_key: "\${KEY}", site: 43, timezone: America/Denver, user: gateway${more} }
`;

function load({ sources, rules, defaults = '{}', missing, l2l = '' }: Parts, env: Record<string, string> = {}) {
  const text = `${head(l2l)}defaults: ${defaults}
sources:
  own: { protocol: simulated, signals: { run: { as: bool, script: [{ for: 1s, value: true }] } } }${sources ?? ''}
rules:${rules ?? ' {}'}
`;
  return loadConfig('g.yaml', { KEY: 'key-0815', ...env }, path => {
    if (path === missing) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    return Buffer.from(text);
  });
}

const warnings = (parts: Parts) => load(parts).warnings.map(formatProblem);

function problems(parts: Parts, env?: Record<string, string>): string[] {
  try {
    load(parts, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    throw error;
  }
}

const mqtt = (name: string, url: string, client: string, more = '') => `
  ${name}:
    protocol: mqtt
    url: ${url}
    client_id: ${client}
    signals: { ${name}.run: { topic: a/b, as: bool, stale_after: 1m${more} } }`;

const modbus = (name: string, host: string, signal: string, more = '') => `
  ${name}: { protocol: modbus, host: ${host}, ${more}first_register: 1, signals: { ${name}.a: ${signal} } }`;

const opcua = (name: string, endpoint: string, signal = 'i=2258') => `
  ${name}: { protocol: opcua, endpoint: "${endpoint}", signals: { ${name}.a: ${signal} } }`;

const dispatch = (more = '') => `
  down: { when: not run, on_delay: 2m, dispatch: { machine: P, type: DOWN, description: x${more} } }`;

describe('a config that is valid', () => {
  it('a plain config has no warning', () => {
    const sources =
      mqtt('b', 'mqtt://broker', 'shop') +
      modbus('m', '192.0.2.1', '{ unit: 1, input: 4 }') +
      opcua('o', 'opc.tcp://plc');
    expect(warnings({ sources, rules: dispatch(', trade: MAINT') })).toEqual([]);
  });

  it('a certificate file that does not exist is named with its place, and the config stays valid', () => {
    const sources = `${mqtt('b', 'mqtts://broker', 'shop')}
    tls: { ca: /certs/ca.pem, cert: /certs/own.pem, key: /certs/own.key }`;
    expect(warnings({ sources })).toEqual([]);
    expect(warnings({ sources, missing: '/certs/ca.pem' })).toEqual([
      'g.yaml:11:12 sources.b.tls.ca: there is no file /certs/ca.pem',
    ]);
  });

  it('check warns of a dispatch without a trade', () => {
    expect(warnings({ rules: dispatch() })).toEqual([
      "g.yaml:7:40 down.dispatch: no trade is written, neither here nor under defaults; L2L's reference asks for one with every dispatch; write such as trade: MAINT",
    ]);
    expect(warnings({ rules: dispatch(), defaults: '{ dispatch: { trade: MAINT } }' })).toEqual([]);
  });

  it('check warns of a signal of a broker that never becomes stale, unless `stale_after: never` is written', () => {
    const without = mqtt('b', 'mqtt://broker', 'shop').replace(', stale_after: 1m', '');

    expect(warnings({ sources: without })).toEqual([
      'g.yaml:10:16 b.b.run: no stale_after is written; when the sender fails and the broker runs on, the last value counts as true for ever; write the longest time between two messages, such as stale_after: 10m, or stale_after: never',
    ]);
    const never = load({ sources: without.replace('as: bool', 'as: bool, stale_after: never') });
    expect(never.warnings).toEqual([]);
    expect(never.signals.get('b.run')?.staleAfter).toBeUndefined();
    expect(problems({ sources: without.replace('as: bool', 'as: bool, stale_after: 10') })).toEqual([
      'g.yaml:10:60 b.b.run.stale_after: "10" – write a time with its unit, such as 90s, 2m or 1h30m, or never',
    ]);
  });

  it.each(['plant/#', 'plant/+/temp', '#'])('check warns of a number whose topic %s matches several topics', topic => {
    const sources = mqtt('b', 'mqtt://broker', 'shop').replace('topic: a/b, as: bool', `topic: "${topic}", as: number`);

    expect(warnings({ sources })).toEqual([
      `g.yaml:10:16 b.b.run: ${topic} matches several topics, and their values mix in this one signal; write one whole topic, and a signal for each one that is needed`,
    ]);
    expect(warnings({ sources: sources.replace(topic, 'plant/press1/temp') })).toEqual([]);
  });

  it('check shows the first of many warnings of one kind, and the number of the others', () => {
    const signals = Array.from({ length: 40 }, (_, i) => `b.s${i}: { topic: a/${i}, as: bool }`).join(', ');
    const found = warnings({
      sources: `\n  b: { protocol: mqtt, url: "mqtt://broker", client_id: c, signals: { ${signals} } }`,
      rules: dispatch(),
    });

    expect(found).toHaveLength(6);
    expect(found[4]).toMatch(/^g\.yaml:6:\d+ b\.b\.s4: .*; the same holds for 35 more further down$/);
  });

  const COUNTER = 'counter: { wraps: never, max_rate: 60/min }';
  const END = "a 32-bit float can't count by ones beyond 16,777,216";

  it.each([
    modbus('m', '192.0.2.1', `{ unit: 1, input: 4, as: float32, ${COUNTER} }`),
    modbus('m', '192.0.2.1', `{ unit: 1, input: 4, as: float32, ${COUNTER.replace('never', '99999999')} }`),
    opcua('m', 'opc.tcp://plc:4840', `{ node: i=3, as: float32, ${COUNTER} }`),
    `\n  m: { protocol: simulated, signals: { m.a: { as: float32, count: { every: 1s }, ${COUNTER} } } }`,
  ])('check warns of a counter in a 32-bit float: %s', source => {
    expect(warnings({ sources: source })).toEqual([
      expect.stringContaining(`m.m.a: ${END}: there the counter stands still`),
    ]);
  });

  it.each([
    modbus('m', '192.0.2.1', `{ unit: 1, input: 4, as: float32, ${COUNTER.replace('never', '16777216')} }`),
    modbus('m', '192.0.2.1', '{ unit: 1, input: 4, as: float32 }'),
    modbus('m', '192.0.2.1', `{ unit: 1, input: 4, as: uint32, ${COUNTER} }`),
    modbus('m', '192.0.2.1', `{ unit: 1, input: 4, as: float64, ${COUNTER} }`),
  ])('check does not warn of a counter that can count far enough: %s', source => {
    expect(warnings({ sources: source })).toEqual([]);
  });

  it('check warns of a counter in a 64-bit float only when it can reach its end within a lifetime', () => {
    const counter = 'counter: { wraps: never, max_rate: 20000000/s }';
    expect(warnings({ sources: modbus('m', '192.0.2.1', `{ unit: 1, input: 4, as: float64, ${counter} }`) })).toEqual([
      expect.stringContaining("a 64-bit float can't count by ones beyond 9,007,199,254,740,992"),
    ]);
  });

  it.each([
    [
      'a unit that two sources read',
      modbus('m', 'PLC7', '{ unit: 1, input: 4 }') + modbus('n', 'plc7.', '{ unit: 1, input: 5 }'),
      'n.host: source m reads unit 1 of this device too',
      6,
    ],
    [
      'an OPC UA server that two sources read',
      opcua('m', 'opc.tcp://PLC7') + opcua('n', 'opc.tcp://plc7:4840/'),
      'n.endpoint: source m reads this server too',
      6,
    ],
    [
      'a client_id on two ports of a host',
      mqtt('m', 'mqtt://broker', 'shop') + mqtt('n', 'mqtts://broker', 'shop'),
      'n.client_id: source m has this client_id on another port of the same host',
      9,
    ],
  ])('check warns of %s', (_, sources, message, line) => {
    expect(warnings({ sources })).toEqual([expect.stringMatching(new RegExp(`${message}.* \\(line ${line}\\)$`))]);
  });

  it('check does not warn of different units, servers and hosts', () => {
    const sources = [
      modbus('m', 'plc7', '{ unit: 1, input: 4 }') + modbus('n', 'plc7', '{ unit: 2, input: 5 }'),
      modbus('m', 'plc7', '{ unit: 1, input: 4 }') + modbus('n', 'plc7', '{ unit: 1, input: 5 }', 'port: 503, '),
      opcua('m', 'opc.tcp://plc7:4840') + opcua('n', 'opc.tcp://plc7:4841'),
      mqtt('m', 'mqtt://broker1', 'shop') + mqtt('n', 'mqtt://broker2', 'shop'),
      mqtt('m', 'mqtt://broker', 'shop1') + mqtt('n', 'mqtt://broker', 'shop2'),
    ];
    for (const pair of sources) expect(warnings({ sources: pair })).toEqual([]);
  });
});

describe('two sources of one broker with one client_id', () => {
  const MESSAGE =
    'n.client_id: source m has this client_id at the same broker. The broker closes the connection of one when the other connects; write another client_id, or put the signals under one source (line 9)';

  it.each([
    ['mqtt://broker', 'mqtt://broker'],
    ['mqtt://broker', 'mqtt://broker:1883'],
    ['mqtt://broker/', 'mqtt://BROKER'],
    ['mqtt://broker.plant.', 'mqtt://Broker.plant:1883'],
    ['mqtt://localhost', 'mqtt://127.0.0.1'],
    ['mqtt://localhost', '"mqtt://[::1]"'],
    ['mqtts://broker', 'mqtts://broker:8883'],
    ['mqtts://broker:1883', 'mqtt://broker'],
  ])('two sources with one client_id at one broker are refused: %s and %s', (first, second) => {
    expect(problems({ sources: mqtt('m', first, 'shop') + mqtt('n', second, 'shop') })).toEqual([
      `g.yaml:14:5 ${MESSAGE}`,
    ]);
  });

  it('one client_id of two sources is also refused when both come from the environment, and no value is shown', () => {
    const sources = mqtt('m', 'mqtt://broker', `"\${CLIENT}"`) + mqtt('n', 'mqtt://broker', `"\${CLIENT}"`);

    expect(problems({ sources }, { CLIENT: 'press_shop_7' })).toEqual([`g.yaml:14:5 ${MESSAGE}`]);
  });
});

describe('names that stand twice', () => {
  it('a name that stands twice is reported with both lines', () => {
    const other = mqtt('n', 'mqtt://broker', 'c').replace('n.run', 'm.run');

    expect(problems({ sources: mqtt('m', 'mqtt://host', 'c') + other })).toEqual([
      'g.yaml:15:16 n.m.run: source m has a signal of this name; every signal of a gateway has a name of its own (line 10)',
    ]);
  });

  it('a signal cannot have a name that a source gives by itself', () => {
    const other = mqtt('n', 'mqtt://broker', 'c').replace('n.run', 'own.connected');

    expect(problems({ sources: other })).toEqual([
      'g.yaml:10:16 n.own.connected: source own gives a signal of this name by itself; write another name (line 5)',
    ]);
  });

  it('a signal cannot have a name that a rule gives by itself', () => {
    const sources = mqtt('n', 'mqtt://broker', 'c').replace('n.run', 'down.active');

    expect(problems({ sources, rules: dispatch(', trade: T') })).toEqual([
      'g.yaml:10:16 n.down.active: rule down gives a signal of this name by itself; write another name (line 12)',
    ]);
    expect(problems({ sources: sources.replace('down.active', 'up.active'), rules: dispatch(', trade: T') })).toEqual(
      [],
    );
  });

  it('without reads of L2L, each thing that is weaker has a warning at its key', () => {
    const rules = dispatch(', trade: MAINT, if_closed_by_person: reopen');
    const all = warnings({ rules, l2l: ', reads: never' });
    expect(all.filter(words => words.startsWith('g.yaml:2:')).length).toBe(4);
    expect(all.at(-1)).toMatch(/^g\.yaml:\d+:\d+ .*down: .*if_closed_by_person: reopen does nothing/);
    expect(load({ rules, l2l: ', reads: never' }).weaker).toHaveLength(5);
    expect(load({ rules }).weaker).toEqual([]);

    const closes = dispatch(', trade: MAINT, when_cleared: close_machine');
    expect(load({ rules: closes, l2l: ', reads: never' }).weaker.at(-1)).toMatch(
      /down: .*opened after the machine ran/,
    );
    const bare = `
  ended: { when: run, on_delay: 0s, close: { machine: P, type: DOWN } }`;
    expect(load({ rules: bare, l2l: ', reads: never' }).weaker.at(-1)).toMatch(/ended: .*opened after the machine ran/);
  });

  it('without reads of L2L, a count that is set to a total is an error at its key', () => {
    const counter = mqtt('b', 'mqtt://192.0.2.8', 'g', ', counter: { wraps: never, max_rate: 60/min }').replace(
      'as: bool',
      'as: number',
    );
    const rules = (mode: string) => `
  strokes: { cycles: { machine: P, counter: b.run, every: 1h, mode: ${mode} } }`;
    expect(problems({ sources: counter, rules: rules('increment'), l2l: ', reads: never' })).toEqual([]);
    expect(problems({ sources: counter, rules: rules('total') })).toEqual([]);
    expect(problems({ sources: counter, rules: rules('total'), l2l: ', reads: never' })).toEqual([
      expect.stringMatching(/^g\.yaml:\d+:\d+ .*strokes: mode: total adds to the count.*write mode: increment/),
    ]);
  });
});

describe('cycles and production of the same parts', () => {
  const parts: Parts = {
    sources: `
  plc: { protocol: simulated, signals: { strokes: { as: number, counter: { wraps: never, max_rate: 60/min }, script: [{ for: 1s, value: 1 }] }, other: { as: number, counter: { wraps: never, max_rate: 60/min }, script: [{ for: 1s, value: 1 }] } } }`,
    rules: `
  cycles: { cycles: { machine: PRESS-01, counter: strokes } }
  others: { cycles: { machine: PRESS-02, counter: other } }
  line1: { production: { line: LINE-1, total: strokes, product: autodetect } }`,
  };

  it('the check says which setting of L2L to look at, until the config says what it is', () => {
    expect(warnings(parts)).toEqual([
      expect.stringMatching(
        /^g\.yaml:8:13 cycles\.cycles: strokes also counts the production of LINE-1 \(rule line1\)\..*each part counts twice.*"Enable Machine Cycle Count Update From Production Actuals" of the Scheduler.*write false$/,
      ),
    ]);
    expect(warnings({ ...parts, l2l: ', cycles_from_production: false' })).toEqual([]);
  });

  it('where L2L adds production to cycles, the check says to take the rule out', () => {
    expect(warnings({ ...parts, l2l: ', cycles_from_production: true' })).toEqual([
      expect.stringMatching(/^g\.yaml:8:13 .*each part would count twice; take this rule out$/),
    ]);
  });
});
