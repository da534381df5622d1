import { hash } from 'node:crypto';

/** `m001`: name of a machine's signals and last part of its topic. */
export function machineName(index: number): string {
  return `m${String(index + 1).padStart(3, '0')}`;
}

export type PlantOptions = {
  readonly broker: string;
  readonly l2l: string;
  readonly data: string;
  /** First part of the topics. */
  readonly prefix: string;
  readonly machines: number;
  /** Messages received and not acknowledged yet. */
  readonly inFlight?: number;
  readonly log?: 'debug' | 'info';
};

/** A gateway for which every message is an edge and every edge a call: no delay, no look before an open, no budget. */
export function edgePlant(options: PlantOptions): string {
  const machines = names(options.machines);
  return `${head(options)}
    signals:
${machines.map(name => `      ${name}.down: { topic: ${options.prefix}/${name}, as: bool }`).join('\n')}
rules:
${machines
  .map(
    name => `  ${name}_down:
    when: ${name}.down
    on_delay: 0s
    dispatch: { machine: ${name}, type: DOWN, description: ${name} stands still, if_found_open: open }`,
  )
  .join('\n')}
`;
}

/**
 * A gateway that counts. Every message moves a counter and waits for the commit that holds it. `bench/end` says that all messages were
 * sent.
 */
export function counterPlant(options: PlantOptions): string {
  const machines = names(options.machines);
  const signal = (name: string) =>
    `      ${name}.strokes: { topic: ${options.prefix}/${name}, as: integer, counter: { wraps: 4294967295, max_rate: 1000000/s } }`;
  return `${head(options)}
    signals:
${machines.map(signal).join('\n')}
      end.reached: { topic: ${options.prefix}/end/m001, as: bool }
rules:
${machines.map(name => `  ${name}_cycles: { cycles: { machine: ${name}, counter: ${name}.strokes, every: 24h } }`).join('\n')}
  end_reached:
    when: end.reached
    on_delay: 0s
    dispatch: { machine: m001, type: DOWN, description: all messages are committed, if_found_open: open }
`;
}

/** Many signals, ten in a message, and one rule for ten of them. `extra` is put among the sources. `hot`: the rules make actions. */
export function widePlant(
  options: PlantOptions & { readonly fields: number; readonly extra?: string; readonly hot?: boolean },
): string {
  const machines = names(options.machines);
  const fields = Array.from({ length: options.fields }, (_, field) => field);
  return `${head(options)}
    signals:
${machines.flatMap(name => fields.map(field => `      ${name}.v${field}: { topic: ${options.prefix}/${name}, json: $.v${field}, as: number }`)).join('\n')}
${options.extra ?? ''}
rules:
${machines
  .map(
    name => `  ${name}_hot:
    when: ${name}.v0 ${options.hot ? '>' : '<'} 0 or ${name}.v1 < 0
    on_delay: 2s
    dispatch: { machine: ${name}, type: DOWN, description: "${name} at {{ ${name}.v2 }}" }`,
  )
  .join('\n')}
`;
}

/** Every gateway has its own client id, so that none takes over the session of an earlier one. */
function clientId(data: string): string {
  return `bench-${hash('sha256', data).slice(0, 12)}`;
}

function names(machines: number): string[] {
  return Array.from({ length: machines }, (_, index) => machineName(index));
}

function head({ broker, l2l, data, inFlight = 1000, log = 'info' }: PlantOptions): string {
  return `gateway: { name: bench, mode: live, data: "${data}", http: "127.0.0.1:0", log: ${log} }
l2l:
  url: ${l2l}
  api_key: "\${L2L_API_KEY}"
  site: 43
  timezone: Europe/Berlin
  user: gateway
  rate: unlimited
  concurrency: 64
defaults:
  dispatch: { trade: MAINT }
sources:
  broker:
    protocol: mqtt
    url: ${broker}
    client_id: ${clientId(data)}
    session_expiry: 1s
    receive_maximum: ${inFlight}`;
}
