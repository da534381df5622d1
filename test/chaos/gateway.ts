import type { App, AppOptions } from '../../src/app/start.ts';
import { NO_CHAIN } from '../../src/core/delivery.ts';
import { errorMessage } from '../../src/core/errors.ts';
import { Started } from '../../src/core/lifecycle.ts';
import { type Journal, openJournal } from '../../src/journal/journal.ts';
import { createBudget } from '../../src/l2l/budget.ts';
import { createDelivery } from '../../src/l2l/delivery.ts';
import { createSiteZone } from '../../src/l2l/site-time.ts';
import { createWatch } from '../../src/l2l/watch.ts';
import { type CallQueue, openCallQueue } from '../../src/queue/call-queue.ts';
import { forgetTimes } from '../../src/rules/forget-times.ts';
import { createRunner } from '../../src/rules/runner.ts';
import { shiftState } from '../../src/rules/shift-state.ts';
import type { Random } from '../../src/simulation/random.ts';
import type { Broker } from './broker.ts';
import { BROKER, POLLER } from './config.ts';
import { type Committed, committedIn, keepTrueTimes } from './disk.ts';
import type { L2lEdge, L2lLink } from './l2l.ts';
import type { Notes } from './notes.ts';
import { type Look, startPoller } from './poller.ts';
import { byClock, type ProcessTime } from './process-time.ts';
import { type ScriptedRedis, scriptedRedis } from './redis.ts';
import type { MachineStory } from './story.ts';
import type { WorldTime } from './virtual-time.ts';

export type LifeParts = {
  readonly world: WorldTime;
  readonly process: ProcessTime;
  /** Which life it is, counted from 1. */
  readonly number: number;
  readonly folder: string;
  readonly l2l: L2lEdge;
  readonly broker: Broker;
  readonly stories: readonly MachineStory[];
  readonly pollEvery: number;
  readonly isPlcUp: (at: number) => boolean;
  readonly looks: Look[];
  readonly random: Random;
  readonly notes: Notes;
  /** What the rules had taken until then is on the disk. */
  readonly onWritten: (at: number) => void;
};

/** One life of the gateway: wired as src/app/start.ts does it, with other edges. */
export interface Life {
  readonly number: number;
  readonly redis: ScriptedRedis;
  readonly link: L2lLink | null;
  /** Null before it is opened, and once it is closed. */
  readonly journal: Journal | null;
  readonly queue: CallQueue | null;
  /** As src/app/start.ts does it; never resolves when its process dies in there. */
  start(): Promise<App>;
  /** Gives back files and locks of a life whose process has died. */
  bury(): void;
}

/** Those of src/app/start.ts (ms): how long the calls under way may take at a stop, and how much longer a step of it. */
const LONGEST_DRAIN = 60_000;
const STOP_MARGIN = 10_000;

export function createLife(parts: LifeParts, options: AppOptions): Life {
  const { world, notes, random } = parts;
  const { loaded, clock, log, clockGuard, time: journalTime, onFatal } = options;
  const { l2l } = loaded.config;
  const time = byClock(parts.process, clock);
  const started = new Started();
  const redis = scriptedRedis(time, random, notes);
  const drain = { ms: LONGEST_DRAIN };
  let link: L2lLink | null = null;
  let journal: Journal | null = null;
  let queue: CallQueue | null = null;
  let committed: Committed | null = null;

  function close(): void {
    committed?.close();
    committed = null;
    const open = journal;
    journal = null;
    open?.close();
  }

  function stop(within = LONGEST_DRAIN): Promise<readonly Error[]> {
    drain.ms = within;
    return started.stop(within + STOP_MARGIN);
  }

  async function start(): Promise<void> {
    const budget = createBudget({ clock, log, rate: l2l.rate });
    const isMarked = ({ id, attempt }: { id: number; attempt: number }) => {
      const stored = committed?.callState(id);
      return stored?.state === 'sending' && stored.attempt === attempt;
    };
    const client = parts.l2l.connect(time, parts.number, budget, isMarked, journalTime?.doubted != null);
    link = client;
    const delivery = createDelivery({
      client,
      site: l2l.site,
      user: l2l.user,
      zone: createSiteZone(l2l.timezone),
      clock,
      log,
      transient: l2l.transient,
      blocked: l2l.blocked,
      settle: { call: l2l.settle, batch: l2l.batch_settle },
      chainOf: chain => journal?.chain(chain) ?? NO_CHAIN,
    });
    const open = openJournal({
      folder: parts.folder,
      destination: 'L2L',
      now: () => clock.now(),
      timeout: l2l.timeout,
      settle: kind => delivery.policy(kind).settle,
      ...(journalTime && { time: journalTime }),
      shiftState,
      forgetTimes,
      log,
      onFatal,
    });
    journal = open;
    keepTrueTimes(parts.folder);
    started.add('journal', close);
    if (time.dead) return;
    committed = committedIn(parts.folder);
    const calls = await openCallQueue({
      journal: open,
      delivery: {
        ...delivery,
        send(call, signal) {
          client.expect(call);
          return delivery.send(call, signal);
        },
      },
      redis: { carrier: redis.open },
      clock,
      log,
      concurrency: l2l.concurrency,
      rate: l2l.rate,
      timings: { lookAgain: l2l.look_again, firstFollow: l2l.follow_up, longestFollow: l2l.follow_up },
      random,
      ...(clockGuard && { clockGuard }),
    });
    queue = calls;
    started.add('queue', () => calls.stop(drain.ms));
    if (time.dead) return;
    const rules = createRunner({
      program: loaded.program,
      journal: {
        ...open,
        commit(write) {
          const durable = open.commit(write);
          const at = world.now();
          durable.then(
            () => time.dead || parts.onWritten(at),
            () => {}, // The committer tries again.
          );
          return durable;
        },
      },
      clock,
      log,
      doubted: journalTime?.doubted != null,
      isLeft: () => clockGuard?.isLeft() ?? false,
      onEvents(events) {
        for (const event of events) notes.trace(`rule ${event.rule}: ${event.kind} at ${event.at}, ${event.detail}`);
      },
      onCommitted(actions) {
        for (const action of actions) notes.trace(`told: ${action.key} ${JSON.stringify(action.params)}`);
      },
      onWritten: () => calls.written(),
    });
    started.add('rules', () => rules.stop());
    const watch = createWatch({
      client,
      site: l2l.site,
      clock,
      log,
      every: l2l.watch,
      watched: () => rules.watchedEpisodes(),
      dispatchOf: chain => open.chain(chain).result?.dispatchId,
      onClosed: (chain, at) => rules.closedByPerson(chain, at),
    });
    started.add('L2L watch', () => watch.stop());
    watch.start();
    rules.start();
    const isTaken = (packetId: number, hash: string) => committed?.hasTaken(BROKER, packetId, hash) ?? false;
    const polled = parts.stories.filter(({ spec }) => spec.via === 'poller');
    const sources = [
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
    started.add('sources', () => {
      for (const source of sources) source.stop();
    });
  }

  return {
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
    async start() {
      try {
        await start();
      } catch (error) {
        await stop();
        throw error;
      }
      return { url: null, stop };
    },
    bury() {
      try {
        close();
      } catch (error) {
        notes.trace(`journal did not close: ${errorMessage(error)}`);
      }
    },
  };
}
