import { connectAsync } from 'mqtt';
import { onTestFinished } from 'vitest';
import { startMosquitto } from './mosquitto.ts';
import { startOpcuaServer, TEST_NAMESPACE } from './opcua.ts';
import { startPymodbus } from './pymodbus.ts';

/** The values of a test's PLC. */
export type Shown = { readonly running: boolean; readonly strokes: number; readonly scrap: number };

/** A machine behind a real protocol server in its own process. */
export interface TestPlc {
  readonly name: string;
  readonly machine: string;
  readonly line: string;
  /** YAML of the source and its signals `NAME.running`, `NAME.strokes`, `NAME.scrap`. */
  readonly source: string;
  /** Whether the protocol carries the PLC's own time of an event. */
  readonly ownTime: boolean;
  /** Sets a new state, as of now. Resolves to that time when the server has it. */
  show(state: Shown): Promise<number>;
  /** Connections from gateways, where the server reports them. */
  sessions(): Promise<number> | null;
}

const COUNTER = 'counter: { wraps: never, max_rate: 1000/s }';
/** How long a stop lasts before it is sent (ms). */
export const ON_DELAY = 300;

async function opcua(first: Shown): Promise<TestPlc> {
  const nodes = ({ running, strokes, scrap }: Shown, at: number) =>
    [
      { id: 's=strokes', type: 'UInt32', value: strokes, at },
      { id: 's=scrap', type: 'UInt16', value: scrap, at },
      { id: 's=running', type: 'Boolean', value: running, at },
    ] as const;
  const server = await startOpcuaServer({ nodes: nodes(first, Date.now()) });
  onTestFinished(server.kill);
  return {
    name: 'press1',
    machine: 'PRESS-01',
    line: 'LINE-1',
    source: `
  press_plc:
    protocol: opcua
    endpoint: ${server.endpoint}
    namespace: ${TEST_NAMESPACE}
    publishing: 50ms
    sampling: 20ms
    clock: source
    signals:
      press1.running: s=running
      press1.strokes: { node: s=strokes, as: uint32, ${COUNTER} }
      press1.scrap: { node: s=scrap, as: uint16, ${COUNTER} }`,
    ownTime: true,
    async show(state) {
      const now = Date.now();
      await server.set(...nodes(state, now));
      return now;
    },
    sessions: () => server.sessions(),
  };
}

async function modbus(first: Shown): Promise<TestPlc> {
  const words = ({ strokes, scrap }: Shown) => [strokes >>> 16, strokes & 0xffff, scrap];
  const server = await startPymodbus({ 7: { discrete_input: { 0: [first.running] }, input: { 0: words(first) } } });
  onTestFinished(server.kill);
  return {
    name: 'weld1',
    machine: 'WELD-01',
    line: 'LINE-2',
    source: `
  weld_plc:
    protocol: modbus
    host: 127.0.0.1
    port: ${server.port}
    first_register: 1
    poll: 50ms
    signals:
      weld1.running: { unit: 7, discrete_input: 1 }
      weld1.strokes: { unit: 7, input: 1, as: uint32, ${COUNTER} }
      weld1.scrap: { unit: 7, input: 3, as: uint16, ${COUNTER} }`,
    ownTime: false,
    async show(state) {
      const now = Date.now();
      await server.set(7, 'input', 0, words(state));
      await server.set(7, 'discrete_input', 0, [state.running]);
      return now;
    },
    sessions: () => null,
  };
}

async function mqtt(first: Shown): Promise<TestPlc> {
  const broker = await startMosquitto();
  onTestFinished(broker.close);
  const client = await connectAsync(broker.url);
  onTestFinished(() => client.endAsync(true));
  const show = async (state: Shown) => {
    const now = Date.now();
    const payload = JSON.stringify({ ...state, ts: now });
    await client.publishAsync('plant/robot1', payload, { qos: 1, retain: true });
    return now;
  };
  await show(first);
  const field = (name: string) => `topic: plant/robot1, json: $.${name}, time: $.ts`;
  return {
    name: 'robot1',
    machine: 'ROBOT-01',
    line: 'LINE-3',
    source: `
  broker:
    protocol: mqtt
    url: ${broker.url}
    client_id: gateway_under_test
    signals:
      robot1.running: { ${field('running')}, as: bool }
      robot1.strokes: { ${field('strokes')}, as: integer, ${COUNTER} }
      robot1.scrap: { ${field('scrap')}, as: integer, ${COUNTER} }`,
    ownTime: true,
    show,
    sessions: () => null,
  };
}

export const PLCS = { opcua, modbus, mqtt } as const;
export type TestProtocol = keyof typeof PLCS;

/** Rules that send a stop as a dispatch, strokes as cycles, and strokes less scrap as production. */
export function rulesFor({ name, machine, line }: Pick<TestPlc, 'name' | 'machine' | 'line'>): string {
  return `
  ${name}_down:
    when: not ${name}.running
    on_delay: ${ON_DELAY}ms
    dispatch: { machine: ${machine}, type: DOWN, description: "${name} stands still after {{ ${name}.strokes }} strokes" }
  ${name}_cycles: { cycles: { machine: ${machine}, counter: ${name}.strokes, every: 1s } }
  ${name}_parts:
    production:
      line: ${line}
      total: ${name}.strokes
      scrap: ${name}.scrap
      product: P-100
      every: 1s
      lateness: 200ms`;
}
