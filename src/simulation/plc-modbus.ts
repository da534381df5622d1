import { ServerTCP } from 'modbus-serial';
import { freePort } from './free-port.ts';
import type { MachineModel, MachineState } from './machine.ts';
import { modbusUnit } from './plc-addresses.ts';

export type ModbusPlcOptions = {
  readonly machines: readonly Pick<MachineModel, 'state'>[];
  readonly host?: string;
  /** 0: one the system gives. */
  readonly port?: number;
};

export interface ModbusPlc {
  /** `host:port`. */
  readonly endpoint: string;
  readonly port: number;
  stop(): Promise<void>;
}

const ILLEGAL_ADDRESS = { modbusErrorCode: 2 };
const NO_SUCH_UNIT = { modbusErrorCode: 11 };

/** A Modbus TCP device that shows each machine as a unit; `plc-addresses.ts` says where. */
export async function startModbusPlc({ machines, host = '127.0.0.1', port = 0 }: ModbusPlcOptions): Promise<ModbusPlc> {
  const units = new Map(machines.map((machine, index) => [modbusUnit(index), machine]));

  function stateOf(unit: number): MachineState {
    const machine = units.get(unit);
    if (!machine) throw NO_SUCH_UNIT;
    return machine.state();
  }

  function registers(first: number, length: number, unit: number): number[] {
    const { strokes, scrap, recipe } = stateOf(unit);
    const all = [strokes >>> 16, strokes & 0xffff, scrap, recipe];
    if (first + length > all.length) throw ILLEGAL_ADDRESS;
    return all.slice(first, first + length);
  }

  // modbus-serial takes port 0 for the default port.
  const listenOn = port === 0 ? await freePort(host) : port;
  const server = new ServerTCP(
    {
      getDiscreteInput(address: number, unit: number): boolean {
        const { running } = stateOf(unit);
        if (address > 0) throw ILLEGAL_ADDRESS;
        return running;
      },
      getInputRegister: (address: number, unit: number): number => registers(address, 1, unit)[0] ?? 0,
      getMultipleInputRegisters: registers,
    },
    { host, port: listenOn },
  );
  // A client that breaks off is the client's affair.
  server.on('socketError', () => {});
  await new Promise<void>((resolve, reject) => {
    server.on('initialized', () => resolve());
    server.on('serverError', reject);
  });
  return {
    endpoint: `${host}:${listenOn}`,
    port: listenOn,
    stop: () => new Promise(resolve => server.close(() => resolve())),
  };
}
