/** Where the demo's PLCs show their machines. Loads no protocol stack: the demo writes the gateway's config from it. */

/** What a PLC shows of a machine, in the words of its state. */
export const MACHINE_FIELDS = ['running', 'strokes', 'scrap', 'recipe'] as const;
export type MachineField = (typeof MACHINE_FIELDS)[number];

export const OPCUA_NAMESPACE = 'urn:l2l-gateway:demo-plc';

/** Node id as an S7 writes it; `strokes` is a UInt32, `scrap` and `recipe` are UInt16. */
export function opcuaNode(machine: string, field: MachineField): string {
  return `s="${machine}"."${field}"`;
}

/** Every machine is a unit of its own; registers are counted from 1. `strokes` is a uint32, its high word first. */
export const MODBUS_ADDRESSES = {
  running: { discrete_input: 1 },
  strokes: { input: 1, as: 'uint32' },
  scrap: { input: 3, as: 'uint16' },
  recipe: { input: 4, as: 'uint16' },
} as const;

/** Unit of the PLC's machine number `index`, counted from 0. */
export function modbusUnit(index: number): number {
  return index + 1;
}
