import { Buffer } from 'node:buffer';
import { type LoadedConfig, loadConfig } from '../../src/config/load.ts';
import { formatDuration } from '../../src/core/fields.ts';
import type { DispatchRule } from './rules.ts';
import type { MachineStory } from './story.ts';

export const SITE = 43;
export const ZONE = 'America/Denver';
export const BROKER = 'robots';
export const POLLER = 'presses';

export type ConfigChoices = {
  readonly stories: readonly MachineStory[];
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

function configText({ stories, rate, every, poll, freezeLimit, transient }: ConfigChoices): string {
  const of = (via: string) => stories.filter(({ spec }) => spec.via === via);
  const source = (via: string, head: string, signals: (story: MachineStory, index: number) => string) =>
    of(via).length === 0 ? '' : `${head}\n    signals:\n${of(via).map(signals).join('\n')}`;
  const counter = (last: number) => `counter: { wraps: ${last - 1}, max_rate: 60/min }`;
  return `gateway: { name: chaos, mode: live, data: /nowhere, journal: { ballast: 0B }, http: 127.0.0.1:1, freeze_limit: ${formatDuration(freezeLimit)} }
l2l:
  url: http://localhost:1
  api_key: "\${L2L_API_KEY}"
  site: ${SITE}
  timezone: ${ZONE}
  user: gateway
  rate: ${rate}
  give_up_after: 0s
  transient: [${transient.map(one => `"${one}"`).join(', ')}]
defaults:
  dispatch: { trade: MAINT }
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
    const { name, machine, line, counts } = spec;
    const age = (maxAge: number | null) => (maxAge === null ? '' : `max_age: ${formatDuration(maxAge)}, `);
    const dispatches = spec.dispatches.map(rule => dispatchText(name, rule)).join('\n');
    const options = `${age(counts.maxAge)}on_unknown: ${counts.onUnknown}`;
    const production = `
  ${name}_parts:
    production:
      line: ${line}
      total: ${name}.strokes
      scrap: ${name}.scrap
      product: "{{ recipes[${name}.recipe].product }}"
      every: ${formatDuration(every)}`;
    return `${dispatches}
  ${name}_cycles: { ${options}, cycles: { machine: ${machine}, counter: ${name}.strokes, every: ${formatDuration(every)}, mode: ${counts.mode} } }${line === null ? '' : production}`;
  })
  .join('\n')}
`;
}

function dispatchText(signals: string, rule: DispatchRule): string {
  const { name, machine, type, delay, offDelay, maxAge, ifFoundOpen, closeAdopted } = rule;
  const { whenCleared, ifClosedByPerson, ifMissed } = rule;
  return `  ${name}:
    when: not ${signals}.running
    on_delay: ${formatDuration(delay)}
    off_delay: ${formatDuration(offDelay)}${maxAge === null ? '' : `\n    max_age: ${formatDuration(maxAge)}`}
    dispatch:
      machine: ${machine}
      type: ${type}
      description: ${descriptionOf(rule)}
      if_found_open: ${ifFoundOpen}${ifFoundOpen === 'adopt' ? `\n      close_adopted: ${closeAdopted}` : ''}
      when_cleared: ${whenCleared}
      if_closed_by_person: ${ifClosedByPerson}
      if_missed: ${ifMissed}`;
}

/** The beginning of the descriptions of a rule's dispatches. People only ever write behind it. */
export function descriptionOf({ name }: Pick<DispatchRule, 'name'>): string {
  return `${name} stands still`;
}
