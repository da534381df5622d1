import type { LoadedConfig } from '../../src/config/load.ts';
import { NO_CHAIN } from '../../src/core/delivery.ts';
import { words } from '../../src/core/errors.ts';
import type { Logger } from '../../src/core/logger.ts';
import { type Journal, openJournal } from '../../src/journal/journal.ts';
import { createBudget } from '../../src/l2l/budget.ts';
import { createDelivery } from '../../src/l2l/delivery.ts';
import { createSiteZone } from '../../src/l2l/site-time.ts';
import { createWatch, type Watch } from '../../src/l2l/watch.ts';
import { type CallQueue, openCallQueue } from '../../src/queue/call-queue.ts';
import { createRunner, type Runner } from '../../src/rules/runner.ts';
import type { Random } from '../../src/simulation/random.ts';
import type { Broker } from './broker.ts';
import { BROKER, POLLER } from './config.ts';
import { type Committed, committedIn } from './disk.ts';
import type { L2lEdge, L2lLink } from './l2l.ts';
import type { Notes } from './notes.ts';
import type { MachineStory } from './plant.ts';
import { type Look, startPoller } from './poller.ts';
import { type ScriptedRedis, scriptedRedis } from './redis.ts';
import type { SourceLife } from './source.ts';
import type { LifeTime, WorldTime } from './virtual-time.ts';

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
  let watch: Watch | null = null;
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
      const client = parts.l2l.connect(time, parts.number, budget, isMarked);
      link = client;
      const delivery = createDelivery({
        client,
        site: l2l.site,
        user: l2l.user,
        zone: createSiteZone(l2l.timezone),
        clock: time,
        log,
        transient: l2l.transient,
        blocked: l2l.blocked,
        settle: { call: l2l.settle, batch: l2l.batch_settle },
        chainOf: chain => journal?.chain(chain) ?? NO_CHAIN,
      });
      journal = openJournal({
        folder: parts.folder,
        destination: 'L2L',
        now: () => time.now(),
        timeout: l2l.timeout,
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
        },
        onWritten: () => calls.written(),
      });
      runner = rules;
      watch = createWatch({
        client,
        site: l2l.site,
        clock: time,
        log,
        every: l2l.watch,
        watched: () => rules.watchedEpisodes(),
        dispatchOf: chain => open.chain(chain).result?.dispatchId,
        onClosed: (chain, at) => rules.closedByPerson(chain, at),
      });
      watch.start();
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
      watch?.stop();
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
