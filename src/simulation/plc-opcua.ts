import { DataType, StatusCodes, type UAVariable, Variant } from 'node-opcua';
import type { MachineModel, MachineState } from './machine.ts';
import { createOpcuaServer } from './opcua-server.ts';
import { MACHINE_FIELDS, type MachineField, OPCUA_NAMESPACE, opcuaNode } from './plc-addresses.ts';

export type OpcuaPlcOptions = {
  readonly machines: readonly Pick<MachineModel, 'name' | 'state' | 'onChange'>[];
  readonly host?: string;
  /** 0: one the system gives. */
  readonly port?: number;
};

export interface OpcuaPlc {
  /** `opc.tcp://host:port`. */
  readonly endpoint: string;
  stop(): Promise<void>;
}

const TYPES = {
  running: DataType.Boolean,
  strokes: DataType.UInt32,
  scrap: DataType.UInt16,
  recipe: DataType.UInt16,
} as const satisfies Record<MachineField, DataType>;

/** A PLC with an OPC UA server that shows its machines, each value with the time it became so; `plc-addresses.ts` says where. */
export async function startOpcuaPlc({ machines, host = '127.0.0.1', port = 0 }: OpcuaPlcOptions): Promise<OpcuaPlc> {
  const simulated = await createOpcuaServer({ host, port });
  const addressSpace = simulated.server.engine.addressSpace;
  if (!addressSpace) throw new Error('the OPC UA server has no address space');
  const namespace = addressSpace.registerNamespace(OPCUA_NAMESPACE);

  const listeners = machines.map(machine => {
    const folder = namespace.addFolder(addressSpace.rootFolder.objects, { browseName: machine.name });
    const variables = new Map<MachineField, UAVariable>(
      MACHINE_FIELDS.map(field => [
        field,
        namespace.addVariable({
          organizedBy: folder,
          browseName: field,
          nodeId: opcuaNode(machine.name, field),
          dataType: TYPES[field],
          minimumSamplingInterval: 50,
        }),
      ]),
    );
    let shown: MachineState | undefined;
    const show = (state: MachineState, at: Date) => {
      for (const [field, variable] of variables) {
        // Source times say when a value changed: what stays the same keeps its own.
        if (shown?.[field] === state[field]) continue;
        variable.setValueFromSource(new Variant({ dataType: TYPES[field], value: state[field] }), StatusCodes.Good, at);
      }
      shown = state;
    };
    show(machine.state(), new Date());
    return machine.onChange((state, at) => show(state, new Date(at)));
  });

  const endpoint = await simulated.start();
  return {
    endpoint,
    async stop() {
      for (const listener of listeners) listener[Symbol.dispose]();
      await simulated.stop();
    },
  };
}
