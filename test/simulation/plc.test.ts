import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Adapter } from '../../src/adapters/adapter.ts';
import { modbusAdapter } from '../../src/adapters/modbus/adapter.ts';
import { ModbusSource } from '../../src/adapters/modbus/schema.ts';
import { opcuaAdapter } from '../../src/adapters/opcua/adapter.ts';
import { OpcuaSource } from '../../src/adapters/opcua/schema.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import type { MachineState } from '../../src/simulation/machine.ts';
import { MODBUS_ADDRESSES, modbusUnit, OPCUA_NAMESPACE, opcuaNode } from '../../src/simulation/plc-addresses.ts';
import { startModbusPlc } from '../../src/simulation/plc-modbus.ts';
import { startOpcuaPlc } from '../../src/simulation/plc-opcua.ts';
import { recordingSink } from '../adapters/recording-sink.ts';
import { PATIENCE } from '../support/patience.ts';

const FIRST: MachineState = { running: true, strokes: 4_294_967_290, scrap: 3, recipe: 11 };
const LATER: MachineState = { running: false, strokes: 4, scrap: 65_535, recipe: 12 };

function fakeMachine(name: string) {
  const listeners = new Set<(state: MachineState, at: number) => void>();
  let state = FIRST;
  return {
    name,
    state: () => state,
    onChange(listener: (state: MachineState, at: number) => void) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => listeners.delete(listener) };
    },
    become(next: MachineState) {
      state = next;
      for (const listener of listeners) listener(next, Date.now());
    },
  };
}

describe('simulated PLC', () => {
  const abort = new AbortController();
  const stops: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    abort.abort();
    for (const stop of stops.splice(0).toReversed()) await stop();
  });

  it('a simulated PLC shows its machines over Modbus and over OPC UA', async () => {
    const options = { name: 'plc', clock: systemClock(), log: silentLogger };
    const machines = [fakeMachine('press1'), fakeMachine('press2')];
    const modbus = await startModbusPlc({ machines });
    stops.push(modbus.stop);
    const opcua = await startOpcuaPlc({ machines });
    stops.push(opcua.stop);
    const fields = ['running', 'strokes', 'scrap', 'recipe'] as const;
    const types = { running: 'bool', strokes: 'uint32', scrap: 'uint16', recipe: 'uint16' } as const;
    const adapters: readonly Adapter[] = [
      modbusAdapter({
        ...options,
        config: ModbusSource.parse({
          protocol: 'modbus',
          host: '127.0.0.1',
          port: modbus.port,
          first_register: 1,
          poll: '20ms',
          timeout: '30s',
          signals: Object.fromEntries(
            fields.map(field => [field, { unit: modbusUnit(1), ...MODBUS_ADDRESSES[field] }]),
          ),
        }),
      }),
      opcuaAdapter({
        ...options,
        config: OpcuaSource.parse({
          protocol: 'opcua',
          endpoint: opcua.endpoint,
          namespace: OPCUA_NAMESPACE,
          publishing: '50ms',
          signals: Object.fromEntries(
            fields.map(field => [field, { node: opcuaNode('press2', field), as: types[field] }]),
          ),
        }),
      }),
    ];
    const sinks = adapters.map(adapter => {
      const sink = recordingSink();
      const life = adapter.run(sink, abort.signal);
      stops.push(() => life);
      return sink;
    });
    const shown = () => sinks.map(sink => Object.fromEntries(fields.map(field => [field, sink.last(field)?.value])));

    await vi.waitFor(() => expect(shown()).toEqual([FIRST, FIRST]), PATIENCE);
    machines[1]?.become(LATER);
    await vi.waitFor(() => expect(shown()).toEqual([LATER, LATER]), PATIENCE);

    abort.abort();
  });
});
