import { describe, expect, it } from 'vitest';
import { configuredSources, sourcesStatus } from '../../../src/app/status/sources.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { createTimeNotation } from '../../../src/core/time-notation.ts';
import type { SignalView } from '../../../src/rules/signal-view.ts';

const { iso } = createTimeNotation('America/Denver');
const AT = Date.parse('2026-03-02T13:01:00Z');

const CONFIG = `gateway: { name: a, data: /nowhere }
l2l: { url: https://acme.leading2lean.com, api_key: "\${KEY}", site: 43, timezone: UTC, user: gateway }
sources:
  press:
    protocol: modbus
    host: 192.0.2.7
    first_register: 1
    signals: { press.strokes: { unit: 1, holding: 31, as: uint32, order: ABCD } }
  broker:
    protocol: mqtt
    url: mqtt://192.0.2.8:1883
    client_id: gateway
    signals: { broker.running: { topic: plant/press1, json: $.running, as: bool } }
  oven:
    protocol: opcua
    endpoint: opc.tcp://192.0.2.9:4840
    signals: { oven.hot: { node: "ns=2;s=Hot", as: bool } }
rules: {}
`;

function configOf() {
  const read = () => Buffer.from(CONFIG);
  return loadConfig('gateway.yaml', { KEY: 'key-0815' }, read).config.sources;
}

const signal = (source: string, good: boolean) => ({ good, definition: { source } }) as SignalView;

describe('sources of the status page', () => {
  const configured = configuredSources(configOf());

  it('each source is shown with its address and the number of its good signals', () => {
    const standing = [{ source: 'press', state: 'connected', at: AT }] as const;
    const signals = [signal('press', true), signal('press', false), signal('broker', true)];

    expect(sourcesStatus(configured, standing, signals, iso)[0]).toEqual({
      source: 'press',
      protocol: 'modbus',
      connectsTo: '192.0.2.7:502',
      state: 'connected',
      words: 'connected',
      since: '2026-03-02T06:01:00.000-07:00',
      at: '2026-03-02T06:01:00.000-07:00',
      signals: '1 of 2 good',
    });
  });

  it('a source that is away is shown with the reason, and one without a status as connecting', () => {
    const standing = [{ source: 'press', state: 'disconnected', at: AT, reason: 'refused' }] as const;

    expect(sourcesStatus(configured, standing, [], iso)).toMatchObject([
      { source: 'press', state: 'disconnected', words: 'not connected; tried again and again', reason: 'refused' },
      { source: 'broker', connectsTo: 'mqtt://192.0.2.8:1883', state: 'connecting' },
      { source: 'oven', connectsTo: 'opc.tcp://192.0.2.9:4840' },
    ]);
  });

  it('the address of every signal is known in words', () => {
    const addresses = Object.fromEntries(configured.flatMap(({ signals }) => [...signals]));

    expect(addresses).toMatchObject({
      'press.strokes': expect.stringContaining('holding 31 (PDU address 30)'),
      'broker.running': 'plant/press1 $.running',
    });
  });
});
