import type { SignalDefinition, SignalType } from '../../core/sample.ts';
import { type AdapterDefinition, defineAdapter } from '../adapter.ts';
import { bitsOf, sharedDefinition } from '../signal-fields.ts';
import { describe, pointsOf } from './point.ts';
import { fullScaleOf, OpcuaSource, type OpcuaType } from './schema.ts';

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
          fullScaleOf(point.type),
        ),
      };
    }),
  describe: config => ({
    source: config.endpoint,
    signals: new Map(pointsOf(config).map(point => [point.signal, describe(point)])),
  }),
  load: async () => (await import('./connection.ts')).opcuaAdapter,
});

function signalType(type: OpcuaType): SignalType {
  return type === 'bool' || type === 'string' ? type : 'number';
}
