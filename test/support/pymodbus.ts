import { fileURLToPath } from 'node:url';
import type { Table } from '../../src/adapters/modbus/schema.ts';
import { startLineProcess } from './line-process.ts';

/** Values by unit, table and first address. */
export type PymodbusUnits = Readonly<
  Record<number, Partial<Record<Table, Readonly<Record<number, readonly (number | boolean)[]>>>>>
>;

/** `[unit, table, address, count]` as it came over the wire. */
export type WireRead = readonly [number, string, number, number];

/** pymodbus, as Debian ships it, in its own process. */
export interface PymodbusServer extends AsyncDisposable {
  readonly port: number;
  /** All requests that came over the wire before this call, in order. */
  reads(): Promise<readonly WireRead[]>;
  set(unit: number, table: Table, address: number, values: readonly (number | boolean)[]): Promise<void>;
  /** From now on these units do not answer at all. */
  silence(units: readonly number[]): Promise<void>;
  /** The unit answers this many times with this exception. */
  refuse(unit: number, exception: number, times: number): Promise<void>;
  /** Resets every connection. */
  drop(): Promise<void>;
  kill(): Promise<void>;
}

const SCRIPT = fileURLToPath(new URL('./pymodbus-server.py', import.meta.url));
// Debian's python3-pymodbus needs Debian's interpreter, even when another one is first on PATH.
const PYTHON = '/usr/bin/python3';

export async function startPymodbus(units: PymodbusUnits, port = 0): Promise<PymodbusServer> {
  const reads: WireRead[] = [];
  const server = await startLineProcess({
    command: PYTHON,
    args: [SCRIPT, JSON.stringify({ port, units })],
    install:
      'pymodbus did not start; install it with: sudo apt-get install python3-pymodbus python3-serial python3-serial-asyncio',
    onNews: news => {
      if (news.read) reads.push(news.read as WireRead);
    },
  });
  const send = async (command: object) => void (await server.send(command));
  return {
    port: server.port,
    // The requests are reported in their order, and before the answer to any later command.
    async reads() {
      await send({});
      return [...reads];
    },
    set: (unit, table, address, values) => send({ set: [unit, table, address, values] }),
    silence: silent => send({ silent }),
    refuse: (unit, exception, times) => send({ refuse: [unit, exception, times] }),
    drop: () => send({ drop: true }),
    kill: server.kill,
    [Symbol.asyncDispose]: server.kill,
  };
}
