import { AsyncLocalStorage } from 'node:async_hooks';
import { type App, assemble } from '../../src/app/assemble.ts';
import type { Edges, TimeEdges } from '../../src/app/edges.ts';
import type { LoadedConfig } from '../../src/config/load.ts';
import { errorMessage } from '../../src/core/errors.ts';
import type { Logger } from '../../src/core/logger.ts';
import { type Journal, openJournal } from '../../src/journal/journal.ts';
import type { Random } from '../../src/simulation/random.ts';
import type { StatusSource } from '../../src/web/routes.ts';
import type { Broker } from './broker.ts';
import { BROKER } from './config.ts';
import { type Committed, committedIn } from './disk.ts';
import type { L2lEdge, L2lLink } from './l2l.ts';
import type { Notes } from './notes.ts';
import { type Look, pollerAdapter } from './poller.ts';
import { byClock, type ProcessTime } from './process-time.ts';
import { type ScriptedRedis, scriptedRedis } from './redis.ts';
import type { MachineStory } from './story.ts';
import type { WorldTime } from './virtual-time.ts';

export type LifeParts = {
  readonly world: WorldTime;
  readonly process: ProcessTime;
  /** The number of this life, from 1. */
  readonly number: number;
  readonly loaded: LoadedConfig;
  readonly l2l: L2lEdge;
  readonly broker: Broker;
  readonly stories: readonly MachineStory[];
  readonly pollEvery: number;
  readonly isPlcUp: (at: number) => boolean;
  readonly looks: Look[];
  readonly random: Random;
  readonly notes: Notes;
  readonly log: Logger;
  /** Everything that the rules had taken until then is on the disk. */
  readonly onWritten: (at: number) => void;
};

/** One life of the gateway: the assembly of the program with scripted edges. */
export interface Life {
  readonly number: number;
  readonly redis: ScriptedRedis;
  readonly link: L2lLink | null;
  /** Null before the journal is opened, and after it is closed. */
  readonly journal: Journal | null;
  /** The content of its status page; null before the page exists. */
  readonly pages: StatusSource | null;
  /** Starts the life. Never resolves when the process dies during the start. */
  start(): Promise<App>;
  /** Gives back the files and locks of a life whose process has died. */
  bury(): void;
}

/** A process that has died reports nothing any more. */
const never = <T>() => new Promise<T>(() => {});

export function createLife(parts: LifeParts, given: TimeEdges): Life {
  const { world, notes, random, loaded } = parts;
  const time = byClock(parts.process, given.clock);
  /** The call whose job runs: its requests belong to it. */
  const callUnderWay = new AsyncLocalStorage<number>();
  const redis = scriptedRedis(time, random, notes, (call, run) => callUnderWay.run(call, run));
  let link: L2lLink | null = null;
  let journal: Journal | null = null;
  let committed: Committed | null = null;
  let pages: StatusSource | null = null;

  function close(): void {
    committed?.close();
    committed = null;
    const open = journal;
    journal = null;
    open?.close();
  }

  const openWatched: Edges['openJournal'] = options => {
    const open = openJournal({
      ...options,
      fullCheck: () => ({ [Symbol.dispose]() {} }),
      onFatal: error => notes.problem(`the journal can not be trusted any more: ${errorMessage(error)}`),
    });
    journal = open;
    if (!time.dead) committed = committedIn(options.folder);
    return {
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
      close,
    };
  };

  const edges: Edges = {
    ...given,
    log: parts.log,
    logProblem: () => null,
    random,
    openJournal: openWatched,
    createClient({ budget }) {
      link = parts.l2l.connect({
        life: time,
        number: parts.number,
        budget,
        isDoubted: given.time.doubted !== null,
        callUnderWay() {
          const id = callUnderWay.getStore();
          return id === undefined ? undefined : journal?.call(id);
        },
        isMarked({ id, attempt }) {
          const stored = committed?.callState(id);
          return stored?.state === 'sending' && stored.attempt === attempt;
        },
      });
      return link;
    },
    openCheckFile: () => ({ read: () => null, write: () => null }),
    openSharedBudget: () => null,
    redisAt: () => ({ carrier: (needs, started) => (time.dead ? never() : redis.open(needs, started)) }),
    createAdapter({ name }) {
      if (time.dead) return never();
      if (name !== BROKER) return Promise.resolve(pollerAdapter({ ...parts, life: time }));
      const isTaken = (packetId: number, hash: string) => committed?.hasTaken(BROKER, packetId, hash) ?? false;
      return Promise.resolve(parts.broker.adapter(time, isTaken));
    },
    startControl: async () => ({ socket: '', stop: async () => {} }),
    async startWeb(_host, _port, source) {
      pages = source;
      return { url: '', stop: async () => {} };
    },
  };

  return {
    number: parts.number,
    redis,
    get link() {
      return link;
    },
    get journal() {
      return journal;
    },
    get pages() {
      return pages;
    },
    start: () => assemble(loaded, edges),
    bury() {
      try {
        close();
      } catch (error) {
        notes.trace(`journal did not close: ${errorMessage(error)}`);
      }
    },
  };
}
