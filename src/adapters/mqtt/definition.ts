import type { SignalDefinition } from '../../core/sample.ts';
import { defineAdapter } from '../adapter.ts';
import { sharedDefinition } from '../signal-fields.ts';
import { type MqttSignal, MqttSource } from './schema.ts';

/** What a counter's base belongs to: another topic, path or meaning is another counter. */
function fingerprint({ topic, json, as, map }: MqttSignal): string {
  return JSON.stringify(['mqtt', topic, json ?? null, as, map ?? null]);
}

function signalDefinition(name: string, source: string, signal: MqttSignal): SignalDefinition {
  return {
    name,
    source,
    type: signal.as === 'integer' ? 'number' : signal.as,
    fingerprint: fingerprint(signal),
    restorable: true,
    ...sharedDefinition(signal, null),
  };
}

export const mqtt = defineAdapter<MqttSource>({
  protocol: 'mqtt',
  schema: MqttSource,
  signals: (source, config) =>
    Object.entries(config.signals).map(([name, signal]) => signalDefinition(name, source, signal)),
  describe: config => ({
    source: config.url,
    signals: new Map(
      Object.entries(config.signals).map(([name, { topic, json }]) => [name, json ? `${topic} ${json}` : topic]),
    ),
  }),
  load: async () => (await import('./adapter.ts')).mqttAdapter,
});
