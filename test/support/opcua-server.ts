/**
 * An OPC UA server in its own process. `opcua.ts` starts it and drives it over stdin and stdout by JSON lines. It ends when stdin closes.
 * argv[2]: OpcuaServerSpec. Output: `{"port":…}` once it serves, then `{"done":true,"sessions":…}` for every command.
 */
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { coerceStatusCode, DataType, StatusCode, type UAVariable, Variant, VariantArrayType } from 'node-opcua';
import { createOpcuaServer } from '../../src/simulation/opcua-server.ts';
import type { OpcuaCommand, OpcuaNode, OpcuaServerSpec } from './opcua.ts';

function send(what: object): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

function variant({ type, value }: OpcuaNode): Variant {
  const arrayType = Array.isArray(value) && !type.endsWith('Int64') ? VariantArrayType.Array : VariantArrayType.Scalar;
  return new Variant({ dataType: DataType[type], arrayType, value: rawValue(type, value) });
}

function rawValue(type: OpcuaNode['type'], value: unknown): unknown {
  if (value === 'NaN') return Number.NaN;
  if (type === 'DateTime') return new Date(String(value));
  if (type === 'LocalizedText') return { text: value };
  return value;
}

function status({ status = 'Good', overflow = false }: OpcuaNode): StatusCode {
  const code = coerceStatusCode(status);
  return overflow ? StatusCode.makeStatusCode(code, 'Overflow | InfoTypeDataValue') : code;
}

const spec = JSON.parse(process.argv[2] ?? '{}') as OpcuaServerSpec;
const { users, maxSessions, itemsPerRequest, saysLimits = true } = spec;
const simulated = await createOpcuaServer({
  host: '127.0.0.1',
  port: spec.port,
  ...(users && { users }),
  ...(maxSessions !== undefined && { maxSessions }),
});
const { engine } = simulated.server;
const addressSpace = engine.addressSpace;
if (!addressSpace) throw new Error('the server has no address space');
const folder = addressSpace.rootFolder.objects;
for (let index = 0; index < (spec.namespacesBefore ?? 0); index++) addressSpace.registerNamespace(`urn:other:${index}`);
const namespace = addressSpace.registerNamespace(spec.namespace);
const variables = new Map<string, UAVariable>();

function show(node: OpcuaNode): void {
  const at = node.at === undefined ? new Date() : new Date(node.at);
  variables.get(node.id)?.setValueFromSource(variant(node), status(node), at);
}

function add(node: OpcuaNode): void {
  const variable = namespace.addVariable({
    organizedBy: folder,
    browseName: node.id,
    nodeId: node.id,
    dataType: DataType[node.type],
    valueRank: -2,
    // 0 allows a client to ask for every change, not only for samples in an interval.
    minimumSamplingInterval: node.sampling ?? 0,
  });
  variables.set(node.id, variable);
  show(node);
}

if (itemsPerRequest !== undefined) {
  engine.serverCapabilities.operationLimits.maxMonitoredItemsPerCall = itemsPerRequest;
  const limit = addressSpace.findNode('i=11714');
  if (!saysLimits && limit) addressSpace.deleteNode(limit);
}
for (const node of spec.nodes) add(node);
const endpoint = await simulated.start();
send({ port: Number(new URL(endpoint.replace('opc.tcp:', 'http:')).port) });

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as OpcuaCommand;
  for (const node of command.set ?? []) {
    show(node);
    // The server merges changes of one node that are closer together than its shortest sampling interval, 50 ms.
    await wait(60);
  }
  for (const id of command.remove ?? []) {
    const variable = variables.get(id);
    if (variable) addressSpace.deleteNode(variable);
  }
  for (const node of command.add ?? []) add(node);
  send({ done: true, sessions: engine.currentSessionCount });
}
process.exit(0);
