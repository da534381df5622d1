import { onTestFinished } from 'vitest';
import type { Action } from '../../src/core/action.ts';
import type { CallResult } from '../../src/core/delivery.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { type Journal, type JournalOptions, openJournal } from '../../src/journal/journal.ts';

export const REQUEST = { method: 'POST', path: '/api/1.0/machines/increment_cycle_count/', body: 'code=A' } as const;

/** A journal in a folder, closed with the test. */
export function testJournal(folder: string, change: Partial<JournalOptions> = {}): Journal {
  const journal = openJournal({
    folder,
    destination: 'site 43',
    now: () => 1_000_000,
    settle: () => 60_000,
    log: silentLogger,
    ...change,
  });
  onTestFinished(() => {
    try {
      journal.close();
    } catch {
      // Its file was broken on purpose.
    }
  });
  return journal;
}

export async function write(journal: Journal, ...actions: Action[]): Promise<void> {
  await journal.commit({ states: [], actions, taken: [], values: [], at: 1 });
}

/** Sends the head of a lane and settles it; resolves to the call's id. */
export async function deliver(journal: Journal, lane: string, at: number, result: CallResult = {}): Promise<number> {
  const call = journal.freeze(journal.waiting(lane, 1), REQUEST, 0);
  await journal.markSending(call.id, 0, null, at);
  await journal.transition(call.id, ['sending'], {
    state: 'delivered',
    at,
    notBefore: 0,
    reason: null,
    detail: null,
    result,
    answer: '{"success":true}',
  });
  return call.id;
}
