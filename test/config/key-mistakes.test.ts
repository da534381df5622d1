import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { ConfigError, formatProblem } from '../../src/core/errors.ts';

const HEAD = `gateway: { name: shop }
l2l: { url: "https://acme.leading2lean.com", api_key: "\${KEY}", site: 43, timezone: America/Denver, user: gateway }
`;

function problems(text: string): string[] {
  try {
    loadConfig('g.yaml', { KEY: 'key-0815' }, () => Buffer.from(text));
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    throw error;
  }
}

/** A file with one source and one rule. The source is in lines 3 to 8, and the rule begins in line 10. */
function file({ source = SOURCE, rule = RULE }: { source?: string; rule?: string }): string {
  return `${HEAD}sources:\n  m:\n${source}rules:\n  down:\n${rule}`;
}

const SOURCE = `    protocol: modbus
    host: 192.0.2.1
    first_register: 1
    signals: { run: { unit: 1, coil: 4 }, n: { unit: 1, holding: 4 } }
`;
const RULE = `    when: not run
    on_delay: 2m
    dispatch: { machine: P, type: D, trade: T, description: x }
`;

const signal = (written: string) => file({ source: SOURCE.replace('n: { unit: 1, holding: 4 }', `n: ${written}`) });
const source = (...lines: string[]) => file({ source: lines.map(line => `    ${line}\n`).join('') });
const rule = (...lines: string[]) => file({ rule: lines.map(line => `    ${line}\n`).join('') });

const TABLES =
  'write holding: (4xxxx in manuals), input: (3xxxx), coil: (0xxxx) or discrete_input: (1xxxx) with the number of the manual';
const SESSION = 'the broker always keeps the session, with QoS 1, so that no message is lost; take it out';

describe('keys of other tools', () => {
  it.each([
    ['{ unit: 1, holding_register: 3 }', 'holding_register', 'write holding'],
    ['{ unit: 1, holding-registers: 3 }', 'holding-registers', 'write holding'],
    ['{ unit: 1, holdingRegister: 3 }', 'holdingRegister', 'write holding'],
    ['{ unit: 1, input_register: 3 }', 'input_register', 'write input'],
    ['{ unit: 1, coils: 3 }', 'coils', 'write coil'],
    ['{ unit: 1, discrete_inputs: 3 }', 'discrete_inputs', 'write discrete_input'],
    ['{ unit: 1, register: 3 }', 'register', TABLES],
    ['{ unit: 1, address: 40003 }', 'address', TABLES],
    ['{ unit: 1, hoding: 3 }', 'hoding', 'did you mean holding?'],
    ['{ unit: 1, Holding: 3 }', 'Holding', 'did you mean holding?'],
    ['{ slave: 1, holding: 3 }', 'slave', 'write unit'],
    ['{ unit: 1, holding: 3, type: INT }', 'type', 'write as'],
    ['{ unit: 1, holding: 3, byte_order: ABCD }', 'byte_order', 'write order'],
    ['{ unit: 1, holding: 3, interval: 1s }', 'interval', 'write poll'],
    ['{ unit: 1, holding: 3, factor: 2 }', 'factor', 'write scale'],
    [
      '{ unit: 1, holding: 3, stale_after: 1m }',
      'stale_after',
      'only mqtt and simulated sources have it here; take it out',
    ],
    ['{ unit: 1, holding: 3, topic: a }', 'topic', 'only mqtt sources have it here; take it out'],
  ])('a wrong key of a Modbus signal gets a suggestion: %s', (written, key, words) => {
    expect(problems(signal(written))).toEqual([expect.stringMatching(/^g\.yaml:8:\d+ /)]);
    expect(problems(signal(written))[0]?.replace(/^\S+ /, '')).toBe(`m.n: unknown key "${key}"; ${words}`);
  });

  it('a key of another tool and each missing key are separate problems', () => {
    expect(problems(signal('{}'))).toEqual([
      "g.yaml:8:43 m.n: unit is missing – write the device's unit (slave) number, such as unit: 1",
    ]);
    expect(problems(signal('{ unit: 1 }'))).toEqual([
      'g.yaml:8:54 m.n.unit: "1" – name exactly one of coil, discrete_input, input, holding with the number the device manual gives',
    ]);
    expect(problems(signal('{ slave: 1, address: 3, type: INT }')).map(line => line.replace(/^\S+ /, ''))).toEqual([
      'm.n: unknown key "slave"; write unit',
      `m.n: unknown key "address"; ${TABLES}`,
      'm.n: unknown key "type"; write as',
    ]);
  });

  it.each<[string, string[], string[]]>([
    [
      'an MQTT source',
      [
        'protocol: mqtt',
        'host: broker',
        'port: 1883',
        'clientId: x',
        'qos: 1',
        'user: u',
        'signals: { run: { topic: a, as: bool } }',
      ],
      [
        'g.yaml:6:5 m: unknown key "host"; write url',
        'g.yaml:7:5 m: unknown key "port"; the port is a part of url, such as mqtt://broker:1883',
        'g.yaml:8:5 m: unknown key "clientId"; did you mean client_id?',
        `g.yaml:9:5 m: unknown key "qos"; ${SESSION}`,
        `g.yaml:10:5 m: unknown key "user"; write it below login, such as login: { user: gateway, password: "\${NAME}" }`,
      ],
    ],
    [
      'an MQTT signal',
      [
        'protocol: mqtt',
        'url: mqtt://b',
        'client_id: x',
        'signals: { run: { node: a, path: $.x, type: bool, qos: 1 } }',
      ],
      [
        'g.yaml:8:23 m.run: unknown key "node"; write topic',
        'g.yaml:8:32 m.run: unknown key "path"; write topic',
        'g.yaml:8:43 m.run: unknown key "type"; write as',
        `g.yaml:8:55 m.run: unknown key "qos"; ${SESSION}`,
      ],
    ],
    [
      'an OPC UA source',
      ['protocol: opcua', 'url: opc.tcp://plc', 'port: 4840', 'interval: 1s', 'tags: { run: { nodeId: ns=2;s=x } }'],
      [
        'g.yaml:6:5 m: unknown key "url"; write endpoint',
        'g.yaml:7:5 m: unknown key "port"; the port is a part of endpoint, such as opc.tcp://192.168.10.20:4840',
        'g.yaml:8:5 m: unknown key "interval"; write sampling',
        'g.yaml:9:5 m: unknown key "tags"; write signals',
      ],
    ],
    [
      'an OPC UA signal',
      ['protocol: opcua', 'endpoint: opc.tcp://plc', 'signals: { run: { nodeId: ns=2;s=x, type: BOOL } }'],
      ['g.yaml:7:23 m.run: unknown key "nodeId"; write node', 'g.yaml:7:41 m.run: unknown key "type"; write as'],
    ],
  ])('keys of other tools get the right key of %s', (_, lines, expected) => {
    expect(problems(source(...lines))).toEqual(expected);
  });

  it('each key of another tool in a rule gets the right key', () => {
    expect(
      problems(rule('if: not run', 'delay: 2m', 'dispatch: { asset: P, dispatch_type: D, message: x, trade: T }')),
    ).toEqual([
      'g.yaml:11:5 down: unknown key "if"; write when',
      'g.yaml:12:5 down: unknown key "delay"; write on_delay',
      'g.yaml:13:17 down.dispatch: unknown key "asset"; write machine',
      'g.yaml:13:27 down.dispatch: unknown key "dispatch_type"; write type',
      'g.yaml:13:45 down.dispatch: unknown key "message"; write description',
    ]);
  });
});

describe('keys in another place', () => {
  it.each<[string, string[], string[]]>([
    [
      'what belongs under dispatch, beside it',
      ['when: not run', 'on_delay: 2m', 'dispatch:', 'machine: P', 'type: D', 'description: x'],
      [
        'g.yaml:14:5 down: machine, type and description belong under dispatch; indent them one level deeper, below dispatch:',
      ],
    ],
    [
      'one key of a dispatch beside it',
      ['when: not run', 'on_delay: 2m', 'machine: P', 'dispatch: { type: D, description: x }'],
      ['g.yaml:13:5 down: machine belongs under dispatch; indent it one level deeper, below dispatch:'],
    ],
    [
      'a key of the rule inside the dispatch',
      ['when: not run', 'on_delay: 2m', 'dispatch: { machine: P, type: D, description: x, until: run }'],
      ['g.yaml:13:54 down.dispatch: until belongs beside dispatch; move it one level up'],
    ],
    [
      'a key that the rule needs inside the dispatch',
      ['on_delay: 2m', 'dispatch: { machine: P, type: D, description: x, when: not run }'],
      ['g.yaml:12:54 down.dispatch: when belongs beside dispatch; move it one level up'],
    ],
    [
      'a key deeper than its neighbour',
      ['when: not run', '  on_delay: 2m', 'dispatch: { machine: P, type: D, description: x }'],
      [
        'g.yaml:12:7 on_delay stands deeper than when, which has a value already; begin it in the same column (column 5); what follows could not be read; correct this first',
      ],
    ],
    [
      'a rule inside of another one',
      ['when: not run', 'on_delay: 2m', 'dispatch: { machine: P, type: D, description: x }', 'q:', '  when: run'],
      ['g.yaml:14:5 down: unknown key "q"; it looks like what "down" is; begin it in the column of down'],
    ],
    [
      'lines of { } in the column of the key',
      ['when: not run', 'on_delay: 2m', 'dispatch: {', 'machine: P, type: D', '}'],
      [
        'g.yaml:13:15 the lines of { … have to be indented deeper than the key in front of it; what follows could not be read; correct this first',
      ],
    ],
    [
      'a key between two columns',
      ['when: not run', 'on_delay: 2m', 'dispatch:', '  machine: P', ' type: D', '  description: x'],
      [
        'g.yaml:15:6 type begins in column 6, and the line above it in column 7; begin it in exactly the column of the keys it belongs to; what follows could not be read; correct this first',
      ],
    ],
    [
      'keys with capitals and dashes',
      ['When: not run', 'on-delay: 2m', 'Dispatch: { machine: P, type: D, description: x }'],
      [
        'g.yaml:11:5 down: unknown key "When"; did you mean when?',
        'g.yaml:12:5 down: unknown key "on-delay"; did you mean on_delay?',
        'g.yaml:13:5 down: unknown key "Dispatch"; did you mean dispatch?',
      ],
    ],
  ])('a misplaced key gets its right place: %s', (_, lines, expected) => {
    expect(problems(rule(...lines))).toEqual(expected);
  });

  it('a signal beside `signals:` belongs one level deeper', () => {
    const lines = ['protocol: mqtt', 'url: mqtt://b', 'client_id: x', 'signals:', 'run: { topic: a, as: bool }'];

    expect(problems(source(...lines))).toEqual([
      'g.yaml:9:5 m: run belongs under signals; indent it one level deeper, below signals:',
    ]);
  });

  it('the keys of a rule or a source in the place of its name must be indented', () => {
    expect(
      problems(`${HEAD}sources:\n  protocol: mqtt\n  url: mqtt://b\nrules:\n  when: run\n  dispatch: { machine: P }\n`),
    ).toEqual([
      'g.yaml:4:3 "protocol" is read as the name of a source; indent it deeper, below the name of its source',
      'g.yaml:5:3 "url" is read as the name of a source; indent it deeper, below the name of its source',
      'g.yaml:7:3 "when" is read as the name of a rule; indent it deeper, below the name of its rule',
      'g.yaml:8:3 "dispatch" is read as the name of a rule; indent it deeper, below the name of its rule',
    ]);
  });

  it('a key of another part of the file is named with its place', () => {
    const text = file({}).replace('name: shop', 'name: shop, rate: 1/s').replace('sources:', 'on_delay: 2m\nsources:');

    expect(problems(text)).toEqual([
      'g.yaml:1:24 gateway: unknown key "rate"; it belongs under l2l',
      'g.yaml:3:1 unknown key "on_delay"; it belongs under rules.NAME',
    ]);
  });

  it('a misplaced key is not also reported as missing in its right place', () => {
    const moved = file({}).replace(', site: 43', '').replace('name: shop', 'name: shop, site: 43');

    expect(problems(moved)).toEqual(['g.yaml:1:24 gateway: unknown key "site"; it belongs under l2l']);
  });

  it('a rule may have the name of a key', () => {
    const text = file({}).replace('down:', 'cycles:');

    expect(problems(text)).toEqual([]);
    expect(problems(text.replace('on_delay', 'ondelay'))).toEqual([
      'g.yaml:12:5 cycles: unknown key "ondelay"; did you mean on_delay?',
    ]);
  });
});
