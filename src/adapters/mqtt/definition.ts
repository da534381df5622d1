import type { SignalDefinition } from '../../core/sample.ts';
import { defineAdapter } from '../adapter.ts';
import { type Claim, hostIdentity } from '../claim.ts';
import { sharedDefinition } from '../signal-fields.ts';
import { brokerOf } from './broker.ts';
import { type MqttSignal, MqttSource } from './schema.ts';

/** The base of a counter is valid only for this text: another topic, path or meaning is another counter [C1]. */
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
    ...sharedDefinition(signal, signal.as),
  };
}

/** The broker closes the connection of a client when another client connects with the same client_id. */
function claims(config: MqttSource): readonly Claim[] {
  // The schema has reported a wrong address, and goes on with the other checks.
  if (!URL.canParse(config.url)) return [];
  const { host, port } = brokerOf(config);
  const broker = hostIdentity(host);
  return [
    {
      identity: JSON.stringify(['mqtt', broker, port, config.client_id]),
      path: ['client_id'],
      fault: 'error',
      words: other =>
        `source ${other} has this client_id at the same broker. The broker closes the connection of one when the other connects; write another client_id, or put the signals under one source`,
    },
    {
      identity: JSON.stringify(['mqtt', broker, config.client_id]),
      path: ['client_id'],
      fault: 'warning',
      words: other =>
        `source ${other} has this client_id on another port of the same host; if both ports are of one broker, write another client_id`,
    },
  ];
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
  claims,
  load: async () => (await import('./adapter.ts')).mqttAdapter,
});
