import { describe, expect, it } from 'vitest';
import { opcua } from '../../../src/adapters/opcua/definition.ts';
import { OpcuaSource } from '../../../src/adapters/opcua/schema.ts';
import { Secret } from '../../../src/core/secret.ts';

const SOURCE = { protocol: 'opcua', endpoint: 'opc.tcp://192.168.10.20:4840', namespace: 'urn:plc' } as const;

function problem(signal: unknown, more: object = {}): string {
  const result = OpcuaSource.safeParse({ ...SOURCE, ...more, signals: { 'm.x': signal } });
  return result.success ? '' : JSON.stringify(result.error.issues);
}

describe('OPC UA schema', () => {
  it('a node id alone is a yes/no signal', () => {
    const source = OpcuaSource.parse({ ...SOURCE, signals: { 'm.x': 's="A"."B"' } });

    expect(source.signals['m.x']).toEqual({ node: 's="A"."B"', as: 'bool' });
    expect(source).toMatchObject({
      sampling: 250,
      publishing: 500,
      queue: 10,
      clock: 'gateway',
      max_skew: 300_000,
      security: 'none',
    });
  });

  it.each([
    ['text that is no node id', 'Press1.Running', {}, 'write a node id'],
    [
      'a counter of yes/no',
      { node: 's=x', counter: { wraps: 'never', max_rate: '60/min' } },
      {},
      'a bool does not count',
    ],
    [
      'wraps: full without a width',
      { node: 's=x', as: 'number', counter: { wraps: 'full', max_rate: '60/min' } },
      {},
      'needs an integer type',
    ],
    ['an endpoint of another kind', 's=x', { endpoint: 'http://plc' }, 'opc.tcp://'],
    ['security', 's=x', { security: 'sign_and_encrypt' }, 'not built yet'],
    ['a profile', 's=x', { profile: 's7_1500' }, 'not built yet'],
    ['alive', 's=x', { alive: { signal: 'm.x', within: '5s' } }, 'not built yet'],
    ['start_hold', 's=x', { start_hold: '30s' }, 'not built yet'],
    ['settle', { node: 's=x', settle: '10s' }, {}, 'not built yet'],
    ['a password in the file', 's=x', { login: { user: 'u', password: 'plain' } }, 'password'],
    ['an unknown key', { node: 's=x', deadband: 2 }, {}, 'deadband'],
  ])('the OPC UA schema refuses %s', (_, signal, more, expected) => {
    expect(problem(signal, more)).toContain(expected);
  });

  it('an OPC UA source declares its signals, and a counter with its highest value and its node', () => {
    const source = OpcuaSource.parse({
      ...SOURCE,
      login: { user: 'gateway', password: new Secret('geheim') },
      signals: {
        'press1.strokes': { node: 's="S"', as: 'uint32', counter: { wraps: 'full', max_rate: '60/min' } },
        'press1.running': { node: 'i=7', accept: 'uncertain' },
      },
    });

    const signals = opcua.signals('plc', source);

    expect(signals).toEqual([
      {
        name: 'press1.strokes',
        source: 'plc',
        type: 'number',
        bits: 32,
        fingerprint: 'opcua opc.tcp://192.168.10.20:4840 nsu=urn:plc;s="S" uint32',
        restorable: false,
        acceptUncertain: false,
        counter: { wrapsAt: 4_294_967_295, maxRate: 60 / 60_000 },
      },
      {
        name: 'press1.running',
        source: 'plc',
        type: 'bool',
        fingerprint: 'opcua opc.tcp://192.168.10.20:4840 nsu=urn:plc;i=7 bool',
        restorable: false,
        acceptUncertain: true,
      },
    ]);
    expect(JSON.stringify(signals)).not.toContain('geheim');
  });
});
