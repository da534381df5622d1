import type { Clock } from '../core/clock.ts';
import { errorMessage } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { Jobs } from './jobs.ts';
import type { OpenCall } from './open-call.ts';
import type { OpenCalls } from './open-calls.ts';

export type DispatcherOptions = {
  readonly calls: OpenCalls;
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly log: Logger;
  /** Redis answers, and no pause or stop holds this call back. */
  readonly admits: (open: OpenCall) => boolean;
};

/** Gives calls their jobs. */
export interface Dispatcher {
  /** Adds a job for the call's `due`. A call that is held back gets its job when the pause ends. */
  dispatch(open: OpenCall): void;
  /** After a pause: every call goes on, oldest first, whatever its back-off is. */
  release(): void;
}

export function createDispatcher({ calls, jobs, clock, log, admits }: DispatcherOptions): Dispatcher {
  function dispatch(open: OpenCall): void {
    if (open.isRunning || !admits(open)) return;
    const { call } = open;
    const job = open.queue();
    const data = { call: call.id, attempt: call.attempt, lanes: call.lanes };
    jobs.add(job, call.kind, data, open.due - clock.now()).then(
      () => open.confirm(job),
      cause => {
        log.debug({ call: call.id, error: errorMessage(cause) }, 'job not added; the next sweep adds it');
        open.drop(job);
      },
    );
  }

  /** A back-off that grew during the pause has no meaning now. The wait of a 429 and the settle time stay. */
  function hurry(open: OpenCall): void {
    const { state, reason } = open.call;
    if (state !== 'retry' || reason === 'rate_limited' || open.refusal || open.due <= clock.now()) return;
    open.hasten(clock.now());
    const { job } = open;
    if (job === null) return;
    jobs.remove(job).catch(() => {}); // A job that stays there has no effect: its call has a newer one.
    open.drop(job);
  }

  return {
    dispatch,
    release() {
      for (const open of calls.all()) {
        open.forgetSetbacks();
        if (open.isRunning) continue;
        hurry(open);
        if (open.job === null) dispatch(open);
      }
    },
  };
}
