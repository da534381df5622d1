import type { CallJournal } from '../core/call-journal.ts';
import type { Call } from '../core/delivery.ts';
import type { Book, Entry } from './book.ts';
import type { Jobs } from './jobs.ts';

export type SweeperOptions = {
  readonly journal: CallJournal;
  readonly book: Book;
  readonly jobs: Jobs;
  /** Gives the call a job, unless a pause holds it back. */
  readonly dispatch: (entry: Entry) => void;
  /** Long due, and nothing here keeps it from running: who should have brought it goes by another clock, or has lost count. */
  readonly isOverdue: (entry: Entry) => boolean;
  /** Found `sending` though nobody here sends it: whether L2L has it is not known. */
  readonly doubt: (entry: Entry) => void;
};

export interface Sweeper {
  /** Takes over what the journal says of the open calls: at the start, after a failed commit, and for what a person changed. */
  reconcile(): void;
  /** Every open call that nobody runs has a job in Redis afterwards, whatever Redis lost. Rejects when Redis goes away meanwhile. */
  sweep(): Promise<void>;
}

/**
 * The same walk mends a start, a wipe, a restart, a failover and a lost answer: Redis holds nothing that the journal does not know,
 * so what is missing is added again and what is left over does nothing.
 */
export function createSweeper(options: SweeperOptions): Sweeper {
  const { journal, book, jobs, dispatch } = options;

  function reconcile(): void {
    const open = new Map(journal.openCalls().map(call => [call.id, call]));
    for (const entry of book.all()) {
      if (!entry.running && !open.has(entry.call.id)) book.delete(entry.call.id);
    }
    for (const call of open.values()) {
      const known = book.get(call.id);
      if (known?.running || (known && isSame(known.call, call))) continue;
      const entry = book.put(call, call.notBefore);
      entry.job = null;
      if (call.state === 'sending') options.doubt(entry);
    }
  }

  async function check(entry: Entry): Promise<void> {
    const { job } = entry;
    // A job that Redis has not confirmed is still on its way there.
    if (job === null || !entry.inRedis) return;
    const state = await jobs.state(job);
    // While the answer was on its way the job may have begun, or ended.
    if (entry.running || entry.job !== job) return;
    const strayed = state === 'active';
    const lost = state === 'lost' || (strayed && entry.strayed) || (state === 'waiting' && options.isOverdue(entry));
    entry.strayed = strayed;
    if (!lost) return;
    await jobs.remove(job);
    if (entry.running || entry.job !== job) return;
    entry.job = null;
    dispatch(entry);
  }

  return {
    reconcile,
    async sweep() {
      reconcile();
      const idle = book.all().filter(entry => !entry.running);
      for (const entry of idle) if (entry.job === null) dispatch(entry);
      await Promise.all(idle.map(check));
    },
  };
}

function isSame(a: Call, b: Call): boolean {
  return a.state === b.state && a.attempt === b.attempt && a.looks === b.looks && a.createdAt === b.createdAt;
}
