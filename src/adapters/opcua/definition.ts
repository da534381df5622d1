import type { SignalDefinition, SignalType } from '../../core/sample.ts';
import { type AdapterDefinition, defineAdapter } from '../adapter.ts';
import { hostIdentity } from '../claim.ts';
import { bitsOf, sharedDefinition } from '../signal-fields.ts';
import { describe, pointsOf } from './point.ts';
import { OpcuaSource, type OpcuaType } from './schema.ts';

/** OPC UA: nodes, subscribed. */
export const opcua: AdapterDefinition<OpcuaSource> = defineAdapter({
  protocol: 'opcua',
  schema: OpcuaSource,
  signals: (name, config) =>
    pointsOf(config).map((point): SignalDefinition => {
      const signal = config.signals[point.signal];
      return {
        name: point.signal,
        source: name,
        type: signalType(point.type),
        fingerprint: `opcua ${config.endpoint} ${describe(point)}`,
        restorable: false,
        ...bitsOf(point.type),
        ...sharedDefinition(
          { counter: signal?.counter, accept: signal?.accept, unit_text: signal?.unit_text },
          point.type,
        ),
      };
    }),
  describe: config => ({
    source: config.endpoint,
    signals: new Map(pointsOf(config).map(point => [point.signal, describe(point)])),
  }),
  claims: ({ endpoint }) => [
    {
      identity: JSON.stringify(['opcua', serverOf(endpoint)]),
      path: ['endpoint'],
      fault: 'warning',
      words: other =>
        `source ${other} reads this server too, over a session of its own; PLCs have few sessions, so put the signals under one source unless both are meant`,
    },
  ],
  load: async () => (await import('./adapter.ts')).opcuaAdapter,
});

const DEFAULT_PORT = '4840';

/** Host, port and path of an endpoint in one form. A discovery server may have several servers behind one port, by their paths. */
function serverOf(endpoint: string): string {
  if (!URL.canParse(endpoint)) return endpoint;
  const { hostname, port, pathname } = new URL(endpoint);
  return `${hostIdentity(hostname)}:${port || DEFAULT_PORT}${pathname.replace(/\/$/, '')}`;
}

function signalType(type: OpcuaType): SignalType {
  return type === 'bool' || type === 'string' ? type : 'number';
}
