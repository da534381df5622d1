import type { Started } from '../core/lifecycle.ts';
import type { Logger } from '../core/logger.ts';
import { type EmbeddedRedisOptions, startEmbeddedRedis } from './embedded-redis.ts';
import { type Jobs, type JobsOptions, openJobs } from './jobs.ts';
import { checkRedis, openRedis, type RedisAddress, redactorOf, unlinkOthers } from './redis.ts';
import { type Link, watchLink } from './redis-link.ts';

/** What takes calls from the scheduler to the worker and keeps nothing of its own: the journal is the truth. */
export interface Carrier {
  readonly link: Link;
  readonly jobs: Jobs;
  /** Finds out whether it takes commands; rejects when it does not. Left out: it always does. */
  touch?(): Promise<void>;
  /** What is wrong with how it is set up, with the line that mends it. */
  problems(): Promise<readonly string[]>;
  /** Removes what earlier lives left there. */
  forgetOthers(): Promise<void>;
}

export type CarrierNeeds = Pick<JobsOptions, 'run' | 'concurrency' | 'stalledInterval'> & {
  readonly journal: { readonly id: string; readonly epoch: number };
  readonly now: () => number;
  readonly log: Logger;
  /** After every connect: what it holds may be older than what it held before, or nothing. */
  readonly onUp: () => void;
  readonly isStopping: () => boolean;
};

/** What it starts it adds to `started`. */
export type OpenCarrier = (needs: CarrierNeeds, started: Started) => Promise<Carrier>;

/** Where the gateway's own Redis may put its socket, and what calls its start off. */
export type OwnRedis = Pick<EmbeddedRedisOptions, 'runtimeDir' | 'signal'>;

/** BullMQ on a Redis that somebody runs, or on the gateway's own. */
export function redisCarrier(redis: RedisAddress | OwnRedis): OpenCarrier {
  return async (needs, started) => {
    const { journal } = needs;
    const family = `{l2l:${journal.id}:`;
    const prefix = `${family}${journal.epoch}}`;
    const address = await addressOf(redis, needs, started);
    const producer = openRedis(address, 'producer', 'l2l-gateway');
    const worker = openRedis(address, 'worker', 'l2l-gateway');
    const redact = redactorOf(producer);
    const link = watchLink({ ...needs, redis: producer, key: `${prefix}:touched`, redact });
    const jobs = openJobs({ ...needs, producer, worker, prefix, redact, onFailed: error => link.failed(error) });
    started.add('jobs', () => jobs.close());
    return {
      link,
      jobs,
      touch: () => link.touch(),
      problems: () => checkRedis(producer),
      forgetOthers: async () => void (await unlinkOthers(producer, family, prefix)),
    };
  };
}

async function addressOf(
  redis: RedisAddress | OwnRedis,
  { journal, log }: CarrierNeeds,
  started: Started,
): Promise<RedisAddress> {
  if (!('runtimeDir' in redis)) return redis;
  const child = await startEmbeddedRedis({ ...redis, journal: journal.id, epoch: journal.epoch, log });
  started.add('redis', () => child.stop());
  return { socket: child.socket };
}
