/**
 * One PLC of the demo as a process of its own: its machines, served over OPC UA, Modbus TCP or MQTT (with the broker). Says
 * `{"endpoint":…}` on stdout when it serves. Takes a word a line on stdin: `begin`, `settle`, and `truth`, which it answers with
 * `{"truth":[…]}`. Ends with SIGTERM or with its stdin.
 *
 *   node src/simulation/plc-main.ts --protocol opcua|modbus|mqtt [--seed 1]
 */
import { parseArgs } from 'node:util';
import { type Clock, systemClock } from '../core/clock.ts';
import { errorMessage } from '../core/errors.ts';
import { demoMachines, PROTOCOLS, type Protocol } from './demo-plant.ts';
import { say, untilTold } from './lifetime.ts';
import { type MachineModel, machineModel } from './machine.ts';

type Served = { readonly endpoint: string; readonly stop: () => Promise<void> };
type Serve = (machines: readonly MachineModel[], clock: Clock) => Promise<Served>;

/** Each loads its protocol stack only when it is asked for. */
const SERVERS: Readonly<Record<Protocol, Serve>> = {
  async opcua(machines) {
    const { startOpcuaPlc } = await import('./plc-opcua.ts');
    return startOpcuaPlc({ machines });
  },
  async modbus(machines) {
    const { startModbusPlc } = await import('./plc-modbus.ts');
    return startModbusPlc({ machines });
  },
  async mqtt(machines, clock) {
    const [{ startMosquitto }, { startMqttPlc }] = await Promise.all([
      import('./mosquitto.ts'),
      import('./plc-mqtt.ts'),
    ]);
    const broker = await startMosquitto();
    const plc = startMqttPlc({ url: broker.url, machines, clock });
    return {
      endpoint: broker.url,
      async stop() {
        await plc.stop();
        await broker.stop();
      },
    };
  },
};

const { values } = parseArgs({ options: { protocol: { type: 'string' }, seed: { type: 'string', default: '1' } } });

try {
  const protocol = PROTOCOLS.find(name => name === values.protocol);
  if (!protocol) throw new Error(`--protocol: write one of ${PROTOCOLS.join(', ')}`);
  const clock = systemClock();
  const machines = demoMachines(protocol, Number(values.seed), clock).map(machineModel);
  const served = await SERVERS[protocol](machines, clock);
  const hear = (word: string) => {
    if (word === 'truth') say({ truth: machines.map(machine => machine.truth()) });
    for (const machine of machines) {
      if (word === 'begin') machine.begin();
      if (word === 'settle') machine.settle();
    }
  };
  say({ endpoint: served.endpoint });
  await untilTold(line => hear(line.trim()));
  for (const machine of machines) machine[Symbol.dispose]();
  await served.stop();
  process.exit(0);
} catch (error) {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exit(1);
}
