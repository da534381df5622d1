import type { Call } from '../core/delivery.ts';
import type { Jobs } from './jobs.ts';
import type { OpenCall } from './open-call.ts';
import type { OpenCalls } from './open-calls.ts';

export type SweeperOptions = {
  /** The journal's open calls. */
  readonly openCalls: () => readonly Call[];
  readonly calls: OpenCalls;
  readonly jobs: Jobs;
  /** Gives the call a job, unless a pause holds it back. */
  readonly dispatch: (open: OpenCall) => void;
  /**
   * The call is long due, and nothing here keeps it from running: the Redis that should bring its job has another clock, or lost the job.
   */
  readonly isOverdue: (open: OpenCall) => boolean;
  /** The call is `sending`, but nobody here sends it: nobody knows whether it arrived. */
  readonly doubt: (open: OpenCall) => void;
};

export interface Sweeper {
  /** Takes over the open calls of the journal: at the start, after a failed commit, and after a decision of a person. */
  reconcile(): void;
  /** Afterwards every open call that nobody runs has a job, whatever Redis lost. Rejects when Redis goes away meanwhile. */
  sweep(): Promise<void>;
}

/**
 * The same walk repairs everything after a start, a wipe, a restart, a failover and a lost answer. Redis holds nothing that the journal
 * does not know: a missing job is added again, and a surplus job has no effect [Q3].
 */
export function createSweeper(options: SweeperOptions): Sweeper {
  const { calls, jobs, dispatch } = options;

  function reconcile(): void {
    const rows = new Map(options.openCalls().map(call => [call.id, call]));
    for (const open of calls.all()) {
      if (open.isRunning || rows.has(open.call.id)) continue;
      open.end();
      calls.delete(open.call.id);
    }
    for (const row of rows.values()) {
      const known = calls.get(row.id);
      if (known?.isRunning || (known && isSame(known.call, row))) continue;
      const open = calls.add(row, row.notBefore);
      if (known) open.renew(row, row.notBefore);
      if (row.state === 'sending') options.doubt(open);
    }
  }

  async function check(open: OpenCall): Promise<void> {
    const { place } = open;
    // A job that Redis has not confirmed is still on its way there.
    if (place.kind !== 'queued' || !place.isConfirmed) return;
    const { job } = place;
    const state = await jobs.state(job);
    // While the answer was on its way the job may have begun, or ended.
    if (open.job !== job) return;
    const wasActiveTwice = open.see(job, state === 'active');
    const isLost = state === 'lost' || wasActiveTwice || (state === 'waiting' && options.isOverdue(open));
    if (!isLost) return;
    await jobs.remove(job);
    if (open.drop(job)) dispatch(open);
  }

  return {
    reconcile,
    async sweep() {
      reconcile();
      const idle = calls.all().filter(({ isRunning }) => !isRunning);
      for (const open of idle) if (open.job === null) dispatch(open);
      await Promise.all(idle.map(check));
    },
  };
}

function isSame(a: Call, b: Call): boolean {
  return a.state === b.state && a.attempt === b.attempt && a.looks === b.looks && a.createdAt === b.createdAt;
}
