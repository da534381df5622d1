import { Buffer } from 'node:buffer';
import { type LoadedConfig, loadConfig } from '../../src/config/load.ts';
import { formatDuration } from '../../src/core/fields.ts';
import type { MachineStory } from './plant.ts';

export const SITE = 43;
export const ZONE = 'America/Denver';
export const BROKER = 'robots';
export const POLLER = 'presses';

export type ConfigChoices = {
  readonly stories: readonly MachineStory[];
  readonly ifFoundOpen: 'leave' | 'open';
  readonly rate: string;
  readonly every: number;
  readonly poll: number;
  readonly freezeLimit: number;
  readonly transient: readonly string[];
};

/** The gateway's config as an engineer would write it, read by the real loader. */
export function chaosConfig(choices: ConfigChoices): LoadedConfig {
  const text = configText(choices);
  return loadConfig('chaos.yaml', { L2L_API_KEY: 'sandbox-key' }, path => {
    if (path.endsWith('chaos.yaml')) return Buffer.from(text);
    return Buffer.from('recipe,product\n11,P-110\n12,P-120\n');
  });
}

function configText({ stories, ifFoundOpen, rate, every, poll, freezeLimit, transient }: ConfigChoices): string {
  const of = (via: string) => stories.filter(({ spec }) => spec.via === via);
  const source = (via: string, head: string, signals: (story: MachineStory, index: number) => string) =>
    of(via).length === 0 ? '' : `${head}\n    signals:\n${of(via).map(signals).join('\n')}`;
  const counter = (last: number) => `counter: { wraps: ${last - 1}, max_rate: 60/min }`;
  return `gateway: { name: chaos, mode: live, data: /nowhere, http: off, freeze_limit: ${formatDuration(freezeLimit)} }
l2l:
  url: http://localhost:1
  api_key: "\${L2L_API_KEY}"
  site: ${SITE}
  timezone: ${ZONE}
  user: gateway
  rate: ${rate}
  transient: [${transient.map(one => `"${one}"`).join(', ')}]
defaults:
  dispatch: { trade: MAINT, if_found_open: ${ifFoundOpen} }
lookups:
  recipes: { key: number, file: recipes.csv }
sources:
${source(
  'broker',
  `  ${BROKER}:\n    protocol: mqtt\n    url: mqtt://localhost:1\n    client_id: chaos`,
  ({ spec }) => {
    const field = (key: string) => `topic: plant/${spec.name}/state, json: $.${key}, time: $.ts`;
    return `      ${spec.name}.running: { ${field('running')}, as: bool }
      ${spec.name}.strokes: { ${field('strokes')}, as: integer, ${counter(spec.register)} }
      ${spec.name}.scrap: { ${field('scrap')}, as: integer, ${counter(65_536)} }
      ${spec.name}.recipe: { ${field('recipe')}, as: integer }`;
  },
)}
${source(
  'poller',
  `  ${POLLER}:\n    protocol: modbus\n    host: localhost\n    first_register: 1\n    poll: ${formatDuration(poll)}`,
  ({ spec }, index) => {
    const unit = `unit: ${index + 1}`;
    return `      ${spec.name}.running: { ${unit}, discrete_input: 1 }
      ${spec.name}.strokes: { ${unit}, input: 1, as: uint32, ${counter(spec.register)} }
      ${spec.name}.scrap: { ${unit}, input: 3, as: uint16, ${counter(65_536)} }
      ${spec.name}.recipe: { ${unit}, input: 4, as: uint16 }`;
  },
)}
rules:
${stories
  .map(({ spec }) => {
    const { name, machine, line, delay, mode } = spec;
    const production = `
  ${name}_parts:
    production:
      line: ${line}
      total: ${name}.strokes
      scrap: ${name}.scrap
      product: "{{ recipes[${name}.recipe].product }}"
      every: ${formatDuration(every)}`;
    return `  ${name}_down:
    when: not ${name}.running
    on_delay: ${formatDuration(delay)}
    dispatch: { machine: ${machine}, type: DOWN, description: ${name} stands still }
  ${name}_cycles: { cycles: { machine: ${machine}, counter: ${name}.strokes, every: ${formatDuration(every)}, mode: ${mode} } }${line === null ? '' : production}`;
  })
  .join('\n')}
`;
}
