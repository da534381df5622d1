import { onTestFinished } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Delivery } from '../../src/core/delivery.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { type CallQueue, type CallQueueOptions, openCallQueue } from '../../src/queue/call-queue.ts';
import { testFolder } from '../support/folder.ts';
import { testJournal } from '../support/journal.ts';
import { PATIENCE } from '../support/patience.ts';
import { recordingLogger } from '../support/recording-logger.ts';
import { type TestRedis, testRedis } from '../support/redis.ts';
import { type ScriptedDelivery, scriptedDelivery } from './scripted-delivery.ts';

export { PATIENCE };

/** Waits a test can sit through; what is tested is what follows them. */
export const QUICK = {
  timings: {
    lookAgain: 60,
    firstRetry: 20,
    longestRetry: 100,
    firstFollow: 20,
    longestFollow: 50,
    refusalHold: 150,
  },
  breaker: { failures: 1000, firstWait: 50, longestWait: 100, probeEvery: 60, journalEvery: 50 },
  sweepEvery: 100,
} satisfies Partial<CallQueueOptions>;

export type Bench = {
  readonly redis: TestRedis;
  readonly journal: Journal;
  readonly delivery: ScriptedDelivery;
  readonly queue: CallQueue;
  readonly log: ReturnType<typeof recordingLogger>;
  /** Makes actions durable and wakes the queue, as the rules do. */
  tell(...actions: readonly Action[]): Promise<void>;
  /** Every action left the journal's open states. */
  isIdle(): boolean;
  /** Keys of BullMQ in Redis, `suffix` after queue name. */
  keys(pattern: string): Promise<string[]>;
};

export type BenchOptions = Omit<Partial<CallQueueOptions>, 'delivery' | 'log'> & {
  readonly delivery?: ScriptedDelivery;
  /** Takes the place of the scripted one. */
  readonly real?: Delivery;
  readonly log?: ReturnType<typeof recordingLogger>;
  readonly redisFor?: TestRedis;
  readonly folder?: string;
};

export function openTestJournal(folder: string): Journal {
  const clock = systemClock();
  return testJournal(folder, { now: () => clock.now(), settle: () => 60 });
}

/** A queue on a real Redis and a real journal, with an L2L that does as it is told. */
export async function openBench(options: BenchOptions = {}): Promise<Bench> {
  const clock = systemClock();
  const redis = options.redisFor ?? (await testRedis());
  const journal = openTestJournal(options.folder ?? testFolder());
  const delivery = options.delivery ?? scriptedDelivery();
  const log = options.log ?? recordingLogger();
  const { redisFor: _redis, folder: _folder, real, ...rest } = options;
  const queue = await openCallQueue({
    journal,
    redis: { socket: redis.socket },
    clock,
    concurrency: 8,
    rate: null,
    ...QUICK,
    ...rest,
    log,
    delivery: real ?? delivery,
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
    async tell(...actions) {
      const durable = journal.commit({ states: [], actions, taken: [], values: [], at: clock.now() });
      queue.written();
      await durable;
    },
    isIdle: () => journal.openCalls().length === 0 && journal.counts().waiting === 0,
    keys: pattern => redis.client.keys(`*:calls:${pattern}`),
  };
}
