import { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { errorMessage } from '../core/errors.ts';
import { endsWithin } from '../core/lifecycle.ts';
import type { Logger } from '../core/logger.ts';

/** The whole content of a job. The request is only in the journal, so that nothing can differ from it. */
export type JobData = { readonly call: number; readonly attempt: number; readonly lanes: readonly string[] };

export type JobsOptions = {
  readonly producer: Redis;
  readonly worker: Redis;
  /** Journal id and epoch in braces, so that all keys are in one slot of a Redis Cluster. Then the destination. */
  readonly prefix: string;
  readonly concurrency: number;
  /** Runs a job. Never rejects: a job never fails in BullMQ. */
  readonly run: (jobId: string, data: JobData) => Promise<void>;
  readonly log: Logger;
  /** A command failed: the connection was lost, or Redis refused it. */
  readonly onFailed: (error: unknown) => void;
  /** Removes secrets from a server's message. */
  readonly redact: (text: string) => string;
  /** How often BullMQ looks for jobs whose lock ran out (ms). */
  readonly stalledInterval?: number;
};

/** The jobs of one destination in Redis: one for each call that may be run. */
export interface Jobs {
  add(id: string, kind: string, data: JobData, delay: number): Promise<void>;
  /** Whether a job will run by itself, runs now, or was lost. */
  state(id: string): Promise<'waiting' | 'active' | 'lost'>;
  /** Removes a job, whoever holds it. */
  remove(id: string): Promise<void>;
  /** Takes no more jobs. */
  pause(): void;
  /** Ends, even while Redis is away. The caller closes the connections. */
  close(): Promise<void>;
}

const QUEUE = 'calls';
/** Longer than the longest request (60 s), and renewed three times in that time. Even when a lock is lost, nothing is sent twice. */
const LOCK = 90_000;
const CLOSE_WITHIN = 3000;

export function openJobs(options: JobsOptions): Jobs {
  const { producer, prefix, log, onFailed, redact } = options;
  const queue = new Queue<JobData>(QUEUE, {
    connection: producer,
    prefix,
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    // Nobody reads BullMQ's events: the journal is the history.
    streams: { events: { maxLen: 100 } },
  });
  const worker = new Worker<JobData, undefined>(
    QUEUE,
    async job => {
      await options.run(job.id ?? '', job.data);
      return undefined;
    },
    {
      // The worker starts when its connections are ready. BullMQ would ask a connection that cannot become ready again and again, without a
      // pause.
      autorun: false,
      connection: options.worker,
      prefix,
      concurrency: options.concurrency,
      lockDuration: LOCK,
      lockRenewTime: LOCK / 3,
      stalledInterval: options.stalledInterval ?? 15_000,
      // The journal counts the attempts.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      runRetryDelay: 500,
    },
  );
  // Lost locks and connections are expected: the sweep repairs what they leave behind.
  queue.on('error', error => log.debug({ error: redact(errorMessage(error)) }, 'queue error'));
  worker.on('error', error => {
    log.debug({ error: redact(errorMessage(error)) }, 'worker error');
    onFailed(error);
  });
  worker
    .waitUntilReady()
    .then(() => worker.run())
    .catch(onFailed);

  async function reported<T>(command: Promise<T>): Promise<T> {
    try {
      return await command;
    } catch (cause) {
      onFailed(cause);
      throw cause;
    }
  }

  return {
    async add(id, kind, data, delay) {
      await reported(queue.add(kind, data, delay > 0 ? { jobId: id, delay: Math.ceil(delay) } : { jobId: id }));
    },
    async state(id) {
      const state = await reported(queue.getJobState(id));
      if (state === 'waiting' || state === 'delayed' || state === 'prioritized') return 'waiting';
      return state === 'active' ? 'active' : 'lost';
    },
    async remove(id) {
      // BullMQ removes an active job only when its lock is gone.
      await reported(producer.unlink(queue.toKey(`${id}:lock`)));
      await reported(queue.remove(id));
    },
    pause() {
      worker.pause(true).catch(error => log.debug({ error: errorMessage(error) }, 'worker did not pause'));
    },
    async close() {
      // While Redis is away, close() waits for it for ever (bullmq #2430).
      await endsWithin(CLOSE_WITHIN, Promise.allSettled([worker.close(true), queue.close()]));
    },
  };
}
