import { formatDuration } from '../../core/fields.ts';
import {
  DEMO_DELAY,
  DEMO_SITE,
  DEMO_TYPE,
  DEMO_ZONE,
  type Protocol,
  STATIONS,
  type Station,
} from '../../simulation/demo-plant.ts';
import {
  type MachineField,
  MODBUS_ADDRESSES,
  modbusUnit,
  OPCUA_NAMESPACE,
  opcuaNode,
} from '../../simulation/plc-addresses.ts';

export type DemoConfigOptions = {
  /** `host:port` of the gateway's status page. */
  readonly http: string;
  readonly l2l: string;
  /** Folder of the journal. */
  readonly data: string;
  readonly endpoints: Readonly<Record<Protocol, string>>;
};

/**
 * The gateway's config for the demo, as a controls engineer would write it; only the waits are shorter than a plant's. The key
 * comes from the environment.
 */
export function demoConfig({ http, l2l, data, endpoints }: DemoConfigOptions): string {
  return `gateway: { name: demo, mode: live, data: "${data}", http: "${http}", journal: { ballast: 1MiB } }
l2l:
  url: ${l2l}
  api_key: "\${L2L_API_KEY}"
  site: ${DEMO_SITE}
  timezone: ${DEMO_ZONE}
  user: gateway
  cycles_from_production: false
  rate: unlimited
  concurrency: 8
  timeout: 2s
  settle: 1500ms
  look_again: 500ms
  give_up_after: 0s
  batch_settle: 3s
  follow_up: 1s
defaults:
  dispatch: { trade: MAINT }
sources:
${Object.entries(SOURCES)
  .map(([protocol, source]) =>
    source(
      endpoints[protocol as Protocol],
      STATIONS.filter(station => station.protocol === protocol),
    ),
  )
  .join('\n')}
lookups:
  recipes: { key: number, file: recipes.csv }
rules:
${STATIONS.map(rules).join('\n')}
`;
}

type SourceText = (endpoint: string, stations: readonly Station[]) => string;

const SOURCES: Readonly<Record<Protocol, SourceText>> = {
  opcua: (endpoint, stations) => `  presses:
    protocol: opcua
    endpoint: ${endpoint}
    namespace: ${OPCUA_NAMESPACE}
    signals:
${stations.map(opcuaSignals).join('\n')}`,
  modbus(endpoint, stations) {
    const [host, port] = endpoint.split(':');
    return `  welders:
    protocol: modbus
    host: ${host}
    port: ${port}
    first_register: 1
    poll: 250ms
    signals:
${stations.map(modbusSignals).join('\n')}`;
  },
  mqtt: (endpoint, stations) => `  robots:
    protocol: mqtt
    url: ${endpoint}
    client_id: demo-gateway
    signals:
${stations.map(mqttSignals).join('\n')}`,
};

/** The rate is far above what the machines do and far below what a wrong reading would look like. */
function counter(width: Station['counter']): string {
  return `counter: { wraps: ${width === 'uint16' ? 65_535 : 4_294_967_295}, max_rate: 10/s }`;
}

function opcuaSignals({ name, counter: width }: Station): string {
  const node = (field: MachineField) => `'${opcuaNode(name, field)}'`;
  return `      ${name}.running: ${node('running')}
      ${name}.strokes: { node: ${node('strokes')}, as: uint32, ${counter(width)} }
      ${name}.scrap: { node: ${node('scrap')}, as: uint16, ${counter('uint16')} }
      ${name}.recipe: { node: ${node('recipe')}, as: uint16 }`;
}

function modbusSignals({ name, counter: width }: Station, index: number): string {
  const { running, strokes, scrap, recipe } = MODBUS_ADDRESSES;
  const unit = `unit: ${modbusUnit(index)}`;
  return `      ${name}.running: { ${unit}, discrete_input: ${running.discrete_input} }
      ${name}.strokes: { ${unit}, input: ${strokes.input}, as: ${strokes.as}, ${counter(width)} }
      ${name}.scrap: { ${unit}, input: ${scrap.input}, as: ${scrap.as}, ${counter('uint16')} }
      ${name}.recipe: { ${unit}, input: ${recipe.input}, as: ${recipe.as} }`;
}

function mqttSignals({ name, counter: width }: Station): string {
  const topic = `plant/${name}/state`;
  const field = (key: MachineField) => `topic: ${topic}, json: $.${key}, time: $.ts`;
  return `      ${name}.running: { ${field('running')}, as: bool }
      ${name}.strokes: { ${field('strokes')}, as: integer, ${counter(width)} }
      ${name}.scrap: { ${field('scrap')}, as: integer, ${counter('uint16')} }
      ${name}.recipe: { ${field('recipe')}, as: integer }`;
}

function rules({ name, machine, line }: Station): string {
  const production = `
  ${name}_parts:
    production:
      line: ${line}
      total: ${name}.strokes
      scrap: ${name}.scrap
      product: "{{ recipes[${name}.recipe].product }}"
      every: 5s
      lateness: 1s`;
  return `  ${name}_down:
    when: not ${name}.running
    on_delay: ${formatDuration(DEMO_DELAY)}
    dispatch: { machine: ${machine}, type: ${DEMO_TYPE}, description: ${name} stands still }
  ${name}_cycles: { cycles: { machine: ${machine}, counter: ${name}.strokes, every: 5s } }${line === null ? '' : production}`;
}
