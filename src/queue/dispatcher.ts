import type { Clock } from '../core/clock.ts';
import { errorMessage } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Book, Entry } from './book.ts';
import type { Jobs } from './jobs.ts';

export type DispatcherOptions = {
  readonly book: Book;
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly log: Logger;
  /** Redis is there, and no pause or stop holds this call back. */
  readonly admits: (entry: Entry) => boolean;
};

/** Gives calls their jobs. A call has one job that may run it; older ones find that out and do nothing. */
export interface Dispatcher {
  /** Adds a job for the call's `due`; one that is held back gets it when the pause ends. */
  dispatch(entry: Entry): void;
  /** After a pause: what waited goes on, oldest first, whatever its back-off had grown to. */
  release(): void;
}

export function createDispatcher({ book, jobs, clock, log, admits }: DispatcherOptions): Dispatcher {
  function dispatch(entry: Entry): void {
    if (!admits(entry)) return;
    const { call } = entry;
    entry.jobs += 1;
    // Never used twice: BullMQ silently ignores a job whose id it still knows.
    const job = `${call.id}-${call.attempt}-${entry.jobs}`;
    entry.job = job;
    entry.inRedis = false;
    const data = { call: call.id, attempt: call.attempt, lanes: call.lanes };
    jobs.add(job, call.kind, data, entry.due - clock.now()).then(
      () => {
        if (entry.job === job) entry.inRedis = true;
      },
      cause => {
        log.debug({ call: call.id, error: errorMessage(cause) }, 'job not added; the next sweep adds it');
        if (entry.job === job && !entry.running) entry.job = null;
      },
    );
  }

  /** Back-offs that grew while L2L was away mean nothing now; what L2L itself asked for (429) and settle times stay. */
  function hurry(entry: Entry): void {
    const { state, reason } = entry.call;
    if (state !== 'retry' || reason === 'rate_limited' || entry.refusal || entry.due <= clock.now()) return;
    entry.due = clock.now();
    if (entry.job !== null) jobs.remove(entry.job).catch(() => {}); // Left over it does nothing: its call has a newer job.
    entry.job = null;
  }

  return {
    dispatch,
    release() {
      for (const entry of book.all()) {
        entry.setbacks = 0;
        if (entry.running) continue;
        hurry(entry);
        if (entry.job === null) dispatch(entry);
      }
    },
  };
}
