import type { Destination } from '../actions/kind.ts';
import { kindOf } from '../actions/registry.ts';
import type { CallJournal } from '../core/call-journal.ts';
import type { Clock } from '../core/clock.ts';
import type { ClockGuard } from '../core/clock-watch.ts';
import type { Done } from '../core/done.ts';
import { errorMessage } from '../core/errors.ts';
import { endsWithin, Started } from '../core/lifecycle.ts';
import type { Logger } from '../core/logger.ts';
import { type OpenCarrier, type OwnRedis, redisCarrier } from './carrier.ts';
import {
  createDestination,
  type DestinationOptions,
  type DestinationQueue,
  type RefusedAction,
} from './destination.ts';
import { type StatusSum, sumOfStatuses } from './destination-status.ts';
import type { RedisAddress } from './redis.ts';
import type { LinkStatus } from './redis-link.ts';
import { createRedisUpkeep, type RedisUpkeep } from './redis-upkeep.ts';

export type CallQueueOptions = {
  readonly journal: CallJournal;
  /** The kind of an action names its destination. */
  readonly destinations: Readonly<Record<Destination, DestinationOptions>>;
  /** The Redis that somebody runs, or the folder for the socket of the gateway's own Redis, or another carrier. */
  readonly redis: RedisAddress | OwnRedis | { readonly carrier: OpenCarrier };
  readonly clock: Clock;
  /** Left out: the clock is right, and the process never stands still. */
  readonly clockGuard?: ClockGuard;
  readonly log: Logger;
  /** How often Redis is compared with the journal (ms). */
  readonly sweepEvery?: number;
  readonly stalledInterval?: number;
  readonly random?: () => number;
  /** Where a rule stands in the config now, as `file:line`. Left out: the place that its actions name. */
  readonly whereOf?: (rule: string) => string | undefined;
  /** Called when the progress of these actions is durable. Must not throw. Left out: nobody is notified. */
  readonly onDone?: (done: Done) => void;
};

export type CallQueueStatus = StatusSum & {
  readonly redis: LinkStatus;
  /** Mistakes in the setup of Redis, each with the command that corrects it. */
  readonly redisProblems: readonly string[];
};

export interface CallQueue {
  /**
   * The journal has new actions, on disk or not yet. Their calls are built now and leave after the commit. When this is called before that
   * commit, one commit covers both the actions and the mark that they are being sent.
   */
  written(): void;
  /** A person changed waiting actions. Held actions are looked at again too. */
  reconsider(): void;
  /** A person decides about this action now: if L2L refused it and it is only sent again by itself, it becomes a dead letter. */
  endRepeats(action: RefusedAction): Promise<void>;
  /** During a pause: tries one call now. */
  probeNow(): void;
  /** The destination accepts its key, and nothing holds its calls back any more. */
  keyTaken(destination: Destination): void;
  status(): CallQueueStatus;
  /** Lets requests under way end for up to `drain` ms, cuts off the others, and leaves nothing running. */
  stop(drain: number): Promise<void>;
}

const ALWAYS_AWAKE: ClockGuard = { doubt: () => null, standstills: () => 0, isLeft: () => false };
/** After a request was cut off: the wait until its outcome is durable (ms). */
const LAST_OUTCOMES = 2000;

/**
 * The way from the journal to the destinations: scheduler → one BullMQ job for each call → worker → outcome. The journal is the truth;
 * Redis may be away, empty or out of date at any time. Resolves as soon as it runs, even when Redis does not answer.
 */
export async function openCallQueue(options: CallQueueOptions): Promise<CallQueue> {
  const { journal, clock, log, sweepEvery = 2000 } = options;
  const started = new Started();
  const cutOff = new AbortController();
  let stopping = false;
  const isStopping = () => stopping;

  let upkeep: RedisUpkeep | undefined;
  const open = 'carrier' in options.redis ? options.redis.carrier : redisCarrier(options.redis);
  const carrier = await open(
    {
      journal,
      now: () => clock.now(),
      log,
      ...(options.stalledInterval !== undefined && { stalledInterval: options.stalledInterval }),
      onUp: () => void upkeep?.connected(),
      isStopping,
    },
    started,
  );
  const shared = {
    ...{ journal, carrier, clock, log, sweepEvery, isStopping, signal: cutOff.signal },
    clockGuard: options.clockGuard ?? ALWAYS_AWAKE,
    random: options.random ?? Math.random,
    whereOf: options.whereOf ?? (() => undefined),
    onDone: options.onDone ?? (() => {}),
  };
  const entries = Object.entries(options.destinations) as [Destination, DestinationOptions][];
  const queues = new Map(entries.map(([id, own]) => [id, createDestination(id, own, shared)]));
  const all = [...queues.values()];
  const redisUpkeep = createRedisUpkeep({ carrier, destinations: all, log });
  upkeep = redisUpkeep;

  const timer = setInterval(() => {
    void redisUpkeep.sweep();
    for (const each of all) each.logBacklog();
  }, sweepEvery);
  started.add('sweeper', () => clearInterval(timer));
  for (const each of all) each.reconcile();

  return {
    written() {
      if (!stopping) for (const each of all) each.pass();
    },
    reconsider() {
      for (const each of all) each.reconsider();
    },
    async endRepeats(action) {
      await queues.get(kindOf(action.kind).destination)?.endRepeats(action);
    },
    probeNow() {
      for (const each of all) each.probeNow();
    },
    keyTaken(destination) {
      queues.get(destination)?.keyTaken();
      void redisUpkeep.sweep();
    },
    status: () => ({
      redis: carrier.link.status,
      redisProblems: redisUpkeep.problems,
      ...sumOfStatuses(all.map(each => each.status())),
    }),
    async stop(drain) {
      stopping = true;
      for (const each of all) each.stop();
      await idle(all, drain);
      cutOff.abort(new Error('the gateway stops'));
      await idle(all, LAST_OUTCOMES);
      for (const error of await started.stop(15_000))
        log.error({ error: errorMessage(error) }, 'the queue did not stop cleanly');
    },
  };
}

/** Waits for `ms` at most: an outcome that the journal never takes would keep the process alive for ever. */
async function idle(queues: readonly DestinationQueue[], ms: number): Promise<void> {
  const end = performance.now() + ms;
  while (queues.some(({ running }) => running > 0) && performance.now() < end)
    await new Promise(resolve => setTimeout(resolve, 5));
  await endsWithin(Math.max(0, end - performance.now()), Promise.all(queues.map(each => each.written())));
}
