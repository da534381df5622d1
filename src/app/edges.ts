import { randomUUID } from 'node:crypto';
import { createAdapter } from '../adapters/registry.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Clock } from '../core/clock.ts';
import type { ClockGuard } from '../core/clock-watch.ts';
import type { Started } from '../core/lifecycle.ts';
import type { Logger } from '../core/logger.ts';
import type { CheckFile } from '../core/online-check.ts';
import { temporaryRuntime } from '../core/socket-place.ts';
import type { JournalTime } from '../journal/clock/time-shift.ts';
import { openJournal } from '../journal/journal.ts';
import type { SharedBudget } from '../l2l/budget.ts';
import { createClient } from '../l2l/client.ts';
import type { CallQueueOptions } from '../queue/call-queue.ts';
import { openRedis, type RedisAddress } from '../queue/redis.ts';
import { createSharedBucket } from '../queue/shared-bucket.ts';
import { type ControlOptions, type ControlServer, startControl } from '../web/control.ts';
import { startWeb } from '../web/server.ts';
import { openCheckFile } from './check-file.ts';

/** The time of one life of the gateway. It changes when the clock of the host is set, and a new life begins then. */
export type TimeEdges = {
  readonly clock: Clock;
  readonly clockGuard: ClockGuard;
  /** How the times of the journal move at the start of this life. */
  readonly time: JournalTime;
};

/** Everything outside of the gateway that stays the same from one life to the next. */
export type OuterEdges = {
  readonly log: Logger;
  /** Why lines of the log are missing or late; null: no line is. */
  readonly logProblem: () => string | null;
  /** In [0, 1). */
  readonly random: () => number;
  readonly openJournal: typeof openJournal;
  readonly createClient: typeof createClient;
  /** Keeps what L2L says about the config, for `check` and for the next start. */
  readonly openCheckFile: (folder: string) => CheckFile;
  /** The budget that the gateways of a plant share; null: this gateway has its budget for itself. */
  readonly openSharedBudget: (assembly: Assembly) => SharedBudget | null;
  /** The Redis of the config; without an address the gateway runs its own. */
  readonly redisAt: (address: RedisAddress | undefined) => CallQueueOptions['redis'];
  readonly createAdapter: typeof createAdapter;
  readonly startControl: (options: Omit<ControlOptions, 'runtimeFolder'>) => Promise<ControlServer>;
  readonly startWeb: typeof startWeb;
};

/** Everything in the gateway that touches the outside, the time, or chance. `assemble` adds the rest. */
export type Edges = OuterEdges & TimeEdges;

/** What each step of the assembly gets. It adds to `started` what it starts. */
export type Assembly = { readonly loaded: LoadedConfig; readonly edges: Edges; readonly started: Started };

export type ProcessOptions = Pick<OuterEdges, 'log' | 'logProblem'> & {
  /** The folder for the sockets of the embedded Redis and of the commands. Left out: the system's folder for temporary files. */
  readonly runtimeFolder?: string | undefined;
  /** Aborted when the gateway has to end: a start of the embedded Redis then fails. */
  readonly signal: AbortSignal;
  /** A damaged journal is set aside and a new one begins, as with gateway.journal.on_corrupt: rebuild. */
  readonly rebuild?: boolean;
  /** The journal cannot be trusted any more: the process has to end at once, and must not write again. */
  readonly onFatal: (error: Error) => void;
};

/** Makes the edges of the program. */
export function realEdges({ log, logProblem, runtimeFolder, signal, rebuild, onFatal }: ProcessOptions): OuterEdges {
  const runtime = runtimeFolder ?? temporaryRuntime();
  return {
    log,
    logProblem,
    random: Math.random,
    openJournal: options => openJournal({ ...options, ...(rebuild && { onCorrupt: 'rebuild' }), onFatal }),
    createClient,
    openCheckFile,
    openSharedBudget,
    redisAt: address => address ?? { runtimeDir: runtime, signal },
    createAdapter,
    startControl: options => startControl({ ...options, runtimeFolder: runtime }),
    startWeb,
  };
}

/** Gateways can share a budget only through one Redis, and only a rate can be shared. */
function openSharedBudget({ loaded, edges: { clock }, started }: Assembly): SharedBudget | null {
  const { gateway, l2l } = loaded.config;
  if (!gateway.redis || l2l.rate === null) return null;
  const redis = openRedis(gateway.redis, 'producer', 'l2l-gateway-budget');
  started.add('budget', () => redis.disconnect());
  const { host } = new URL(l2l.url);
  const burst = Math.max(2, Math.ceil(l2l.rate * 2000));
  const key = l2l.api_key.reveal();
  // Two gateways may have the same name, so each life gets its own id in the budget.
  const name = `${gateway.name}:${randomUUID()}`;
  const shared = createSharedBucket({ redis, host, key, rate: l2l.rate, burst, gateway: name, clock });
  started.add('place in the budget', () => shared.stop());
  return shared;
}
