import { onTestFinished } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import type { CallResult } from '../../src/actions/result.ts';
import type { CallTransition } from '../../src/core/commit.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { type Journal, openJournal } from '../../src/journal/journal.ts';
import type { JournalOptions } from '../../src/journal/journal-options.ts';

export const DESTINATION = 'https://acme site 43';
export const REQUEST = {
  method: 'POST',
  path: '/api/1.0/machines/increment_cycle_count/',
  body: 'site=43&code=A',
} as const;

/** A journal in a folder. It is closed with the test. */
export function testJournal(folder: string, change: Partial<JournalOptions> = {}): Journal {
  const journal = openJournal({
    folder,
    destination: DESTINATION,
    now: () => 1_000_000,
    settle: () => 60_000,
    log: silentLogger,
    ...change,
  });
  onTestFinished(() => {
    try {
      journal.close();
    } catch {
      // The test broke or replaced the file on purpose.
    }
  });
  return journal;
}

export async function write(journal: Journal, ...actions: Action[]): Promise<void> {
  await journal.commit({ states: [], actions, taken: [], values: [], at: 1 });
}

export type End = Partial<CallTransition> & Pick<CallTransition, 'state'>;

/** Puts the next actions of the lane into a call, sends it, and ends it with the given outcome. Resolves to the call's id. */
export async function settle(journal: Journal, lane: string, end: End, many = 1): Promise<number> {
  const call = journal.freeze(journal.waiting(lane, many), REQUEST, 0);
  const { at = 960_000 } = end;
  await journal.markSending(call.id, 0, null, at);
  await journal.transition(call.id, ['sending'], { at, notBefore: 0, reason: null, detail: null, ...end });
  return call.id;
}

export const REFUSED = { state: 'rejected', reason: 'refused', detail: 'No such machine' } as const;
export const IN_DOUBT = {
  state: 'parked',
  reason: 'timeout',
  detail: 'A stood at 5, stands at 9; with 1 added it would stand at 6',
} as const;

/** Sends the first action of a lane and ends its call with an outcome. Resolves to the call's id. */
export async function deliver(journal: Journal, lane: string, at: number, result: CallResult = {}): Promise<number> {
  return await settle(journal, lane, { state: 'delivered', at, result, answer: '{"success":true}' });
}
