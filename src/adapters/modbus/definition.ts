import type { SignalDefinition } from '../../core/sample.ts';
import { type AdapterDefinition, defineAdapter } from '../adapter.ts';
import { hostIdentity } from '../claim.ts';
import { bitsOf, sharedDefinition } from '../signal-fields.ts';
import { describe, longFormNote, pointsOf } from './point.ts';
import { ModbusSource } from './schema.ts';

/** Modbus TCP: registers and bits, polled. */
export const modbus: AdapterDefinition<ModbusSource> = defineAdapter({
  protocol: 'modbus',
  schema: ModbusSource,
  signals: (name, config) =>
    pointsOf(config).map((point): SignalDefinition => {
      const signal = config.signals[point.signal];
      const type = point.type === 'bool' || point.type === 'string' ? point.type : 'number';
      return {
        name: point.signal,
        source: name,
        type,
        fingerprint: `modbus ${config.host}:${config.port} ${describe(point)}`,
        restorable: false,
        ...(type === 'number' && { register: { table: `unit ${point.unit} ${point.table}`, empty: point.offset } }),
        ...bitsOf(point.type),
        ...sharedDefinition({ counter: signal?.counter, unit_text: signal?.unit_text }, point.type),
      };
    }),
  describe: config => ({
    source: `${config.host}:${config.port}`,
    signals: new Map(pointsOf(config).map(point => [point.signal, describe(point)])),
    notes: pointsOf(config)
      .map(longFormNote)
      .filter(note => note !== undefined),
  }),
  claims: ({ host, port, signals }) =>
    [...new Set(Object.values(signals).map(({ unit }) => unit))].map(unit => ({
      identity: JSON.stringify(['modbus', hostIdentity(host), port, unit]),
      path: ['host'],
      fault: 'warning',
      words: other =>
        `source ${other} reads unit ${unit} of this device too, over a connection of its own; many devices take few connections, so put the signals under one source unless both are meant`,
    })),
  load: async () => (await import('./adapter.ts')).modbusAdapter,
});
