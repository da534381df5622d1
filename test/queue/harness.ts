import { onTestFinished } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Delivery } from '../../src/core/delivery.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { type CallQueue, type CallQueueOptions, openCallQueue } from '../../src/queue/call-queue.ts';
import type { DestinationOptions } from '../../src/queue/destination.ts';
import { testFolder } from '../support/folder.ts';
import { testJournal } from '../support/journal.ts';
import { PATIENCE } from '../support/patience.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { type TestRedis, testRedis } from '../support/redis.ts';
import { type ScriptedDelivery, scriptedDelivery } from './scripted-delivery.ts';

export { PATIENCE };

/** Short waits, because the tests check what happens after them. */
export const QUICK = {
  name: 'L2L',
  concurrency: 8,
  rate: null,
  timings: {
    lookAgain: 60,
    firstRetry: 20,
    longestRetry: 100,
    firstFollow: 20,
    longestFollow: 50,
    refusalHold: 150,
    giveUpAfter: 0,
  },
  breaker: { failures: 1000, firstWait: 50, longestWait: 100, probeEvery: 60, journalEvery: 50 },
} satisfies Partial<DestinationOptions>;

export type Bench = {
  readonly redis: TestRedis;
  readonly journal: Journal;
  readonly delivery: ScriptedDelivery;
  readonly queue: CallQueue;
  readonly log: ReturnType<typeof recordingLogger>;
  /** Makes actions durable and wakes the queue, as the rules do. */
  commit(...actions: readonly Action[]): Promise<void>;
  /** Resolves when no action is in an open state of the journal. */
  isIdle(): boolean;
  /** The keys of BullMQ in Redis; `suffix` stands behind the queue name. */
  keys(pattern: string): Promise<string[]>;
};

export type BenchOptions = Omit<Partial<CallQueueOptions>, 'destinations' | 'log'> & {
  readonly l2l?: Partial<DestinationOptions>;
  readonly delivery?: ScriptedDelivery;
  /** Destinations beside L2L. */
  readonly others?: Readonly<Record<string, DestinationOptions>>;
  /** Replaces the scripted destination. */
  readonly real?: Delivery;
  readonly log?: ReturnType<typeof recordingLogger>;
  readonly redisFor?: TestRedis;
  readonly folder?: string;
};

export function openTestJournal(folder: string): Journal {
  const clock = systemClock();
  return testJournal(folder, { now: () => clock.now(), settle: () => 60 });
}

/** A queue on a real Redis and a real journal, with a scripted L2L. */
export async function openBench(options: BenchOptions = {}): Promise<Bench> {
  const clock = systemClock();
  const redis = options.redisFor ?? (await testRedis());
  const journal = openTestJournal(options.folder ?? testFolder());
  const delivery = options.delivery ?? scriptedDelivery();
  const log = options.log ?? recordingLogger();
  const { redisFor: _redis, folder: _folder, real, l2l, others, ...rest } = options;
  const queue = await openCallQueue({
    journal,
    redis: { socket: redis.socket },
    clock,
    sweepEvery: 100,
    ...rest,
    log,
    destinations: { l2l: { ...QUICK, delivery: real ?? delivery, ...l2l }, ...others },
  });
  onTestFinished(async () => {
    await queue.stop(0);
    journal.close();
  });
  return {
    redis,
    journal,
    delivery,
    queue,
    log,
    async commit(...actions) {
      const durable = journal.commit({ states: [], actions, taken: [], values: [], at: clock.now() });
      queue.written();
      await durable;
    },
    isIdle: () => journal.openCalls().length === 0 && journal.counts().waiting === 0,
    keys: pattern => redis.client.keys(`*:calls:${pattern}`),
  };
}
