import type { Started } from '../core/lifecycle.ts';
import type { Logger } from '../core/logger.ts';
import { type EmbeddedRedisOptions, startEmbeddedRedis } from './embedded-redis.ts';
import { type Jobs, type JobsOptions, openJobs } from './jobs.ts';
import { checkRedis, openRedis, type RedisAddress, redactorOf, unlinkOthers } from './redis.ts';
import { type Link, watchLink } from './redis-link.ts';

/** Brings calls from the scheduler to the worker. It keeps nothing itself: the journal is the truth. */
export interface Carrier {
  readonly link: Link;
  /** The jobs of one destination. The jobs of one destination never take the place of another's. */
  openJobs(destination: string, options: Pick<JobsOptions, 'run' | 'concurrency'>): Jobs;
  /** Finds out whether the carrier takes commands; rejects when it does not. Left out: it always does. */
  touch?(): Promise<void>;
  /** Mistakes in its setup, each with the command that corrects it. */
  problems(): Promise<readonly string[]>;
  /** Removes the jobs of earlier lives. */
  forgetOthers(): Promise<void>;
}

export type CarrierNeeds = Pick<JobsOptions, 'stalledInterval'> & {
  readonly journal: { readonly id: string; readonly epoch: number };
  readonly now: () => number;
  readonly log: Logger;
  /** Called after every connect: the carrier may be empty, or out of date. */
  readonly onUp: () => void;
  readonly isStopping: () => boolean;
};

/** Adds to `started` whatever it starts. */
export type OpenCarrier = (needs: CarrierNeeds, started: Started) => Promise<Carrier>;

/** Where the gateway's own Redis may put its socket; `signal` cancels its start. */
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
    started.add('Redis connections', () => {
      worker.disconnect();
      producer.disconnect();
    });
    return {
      link,
      openJobs(destination, options) {
        const onFailed = (error: unknown) => link.failed(error);
        const jobs = openJobs({
          ...{ ...needs, ...options, producer, worker, redact, onFailed },
          prefix: `${prefix}:${destination}`,
        });
        started.add(`jobs for ${destination}`, () => jobs.close());
        return jobs;
      },
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
