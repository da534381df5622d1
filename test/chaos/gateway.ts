import { Buffer } from 'node:buffer';
import { type LoadedConfig, loadConfig } from '../../src/config/load.ts';
import { words } from '../../src/core/errors.ts';
import { formatDuration } from '../../src/core/fields.ts';
import type { Logger } from '../../src/core/logger.ts';
import { type Journal, openJournal } from '../../src/journal/journal.ts';
import { createBudget } from '../../src/l2l/budget.ts';
import { createDelivery } from '../../src/l2l/delivery.ts';
import { createSiteZone } from '../../src/l2l/site-time.ts';
import { type CallQueue, openCallQueue } from '../../src/queue/call-queue.ts';
import { createRunner, type Runner } from '../../src/rules/runner.ts';
import type { Random } from '../../src/simulation/random.ts';
import { type Committed, committedIn } from './disk.ts';
import type { L2lEdge, L2lLink } from './l2l.ts';
import type { Notes } from './notes.ts';
import type { MachineStory } from './plant.ts';
import { type ScriptedRedis, scriptedRedis } from './redis.ts';
import { type Broker, type Look, type SourceLife, startPoller } from './sources.ts';
import type { LifeTime, WorldTime } from './virtual-time.ts';

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

export type LifeParts = {
  readonly world: WorldTime;
  readonly time: LifeTime;
  /** Which life it is, counted from 1. */
  readonly number: number;
  readonly folder: string;
  readonly loaded: LoadedConfig;
  readonly l2l: L2lEdge;
  readonly broker: Broker;
  readonly stories: readonly MachineStory[];
  readonly pollEvery: number;
  readonly isPlcUp: (at: number) => boolean;
  readonly looks: Look[];
  readonly random: Random;
  readonly notes: Notes;
};

/** One life of the gateway: wired as src/app.ts does it, with other edges. */
export interface Life {
  readonly time: LifeTime;
  readonly number: number;
  readonly redis: ScriptedRedis;
  readonly link: L2lLink | null;
  readonly journal: Journal | null;
  readonly queue: CallQueue | null;
  /** When the journal of the life before was last written; null before this one is open, or in the first. */
  readonly lastAlive: number | null;
  start(): Promise<void>;
  /** As SIGTERM does. */
  stop(): Promise<void>;
  /** Gives back files and locks of a life that is over. */
  bury(): void;
}

export function createLife(parts: LifeParts): Life {
  const { world, time, loaded, notes, random } = parts;
  const { l2l } = loaded.config;
  const redis = scriptedRedis(time, random, notes);
  let link: L2lLink | null = null;
  let journal: Journal | null = null;
  let queue: CallQueue | null = null;
  let runner: Runner | null = null;
  let committed: Committed | null = null;
  let sources: SourceLife[] = [];
  const log: Logger = {
    debug() {},
    info: (fields, message) => say(fields, message),
    warn: (fields, message) => say(fields, message),
    error: (fields, message) => say(fields, message),
  };
  function say(fields: object, message: string): void {
    if (!time.dead) notes.trace(`gateway: ${message} ${JSON.stringify(fields)}`);
  }

  return {
    time,
    number: parts.number,
    redis,
    get link() {
      return link;
    },
    get journal() {
      return journal;
    },
    get queue() {
      return queue;
    },
    get lastAlive() {
      return journal?.lastAlive ?? null;
    },
    async start() {
      const budget = createBudget({ clock: time, log, rate: l2l.rate });
      const isMarked = ({ id, attempt }: { id: number; attempt: number }) => {
        const stored = committed?.callState(id);
        return stored?.state === 'sending' && stored.attempt === attempt;
      };
      const client = parts.l2l.connect(time, budget, isMarked);
      link = client;
      const delivery = createDelivery({
        client,
        site: l2l.site,
        user: l2l.user,
        zone: createSiteZone(l2l.timezone),
        clock: time,
        log,
        transient: l2l.transient,
        settle: { call: l2l.settle, batch: l2l.batch_settle },
      });
      journal = openJournal({
        folder: parts.folder,
        destination: 'L2L',
        now: () => time.now(),
        settle: kind => delivery.policy(kind).settle,
        log,
      });
      if (time.dead) return;
      committed = committedIn(parts.folder);
      const open = journal;
      queue = await openCallQueue({
        journal: open,
        delivery: {
          ...delivery,
          send(call, signal) {
            client.expect(call);
            return delivery.send(call, signal);
          },
        },
        redis: { carrier: redis.open },
        clock: time,
        log,
        concurrency: l2l.concurrency,
        rate: l2l.rate,
        timings: { lookAgain: l2l.look_again, firstFollow: l2l.follow_up, longestFollow: l2l.follow_up },
        random,
      });
      if (time.dead) return;
      const calls = queue;
      const rules = createRunner({
        program: loaded.program,
        journal: open,
        clock: time,
        log,
        onEvents(events) {
          for (const event of events) notes.trace(`rule ${event.rule}: ${event.kind} at ${event.at}, ${event.detail}`);
        },
        onCommitted(actions) {
          for (const action of actions) notes.trace(`told: ${action.key} ${JSON.stringify(action.params)}`);
          calls.wake();
        },
      });
      runner = rules;
      rules.start();
      const isTaken = (packetId: number, hash: string) => committed?.hasTaken(BROKER, packetId, hash) ?? false;
      const polled = parts.stories.filter(({ spec }) => spec.via === 'poller');
      sources = [
        parts.broker.connect(time, rules, isTaken),
        startPoller({
          world,
          life: time,
          number: parts.number,
          name: POLLER,
          stories: polled,
          every: parts.pollEvery,
          isUp: parts.isPlcUp,
          port: rules,
          random,
          looks: parts.looks,
        }),
      ];
    },
    async stop() {
      for (const source of sources) source.stop();
      await runner?.stop().catch(error => notes.trace(`rules did not stop cleanly: ${words(error)}`));
      await queue?.stop(60_000);
      if (time.dead) return;
      committed?.close();
      committed = null;
      journal?.close();
    },
    bury() {
      committed?.close();
      committed = null;
      try {
        journal?.close();
      } catch (error) {
        notes.trace(`journal did not close: ${words(error)}`);
      }
    },
  };
}
