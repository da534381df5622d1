import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../src/core/logger.ts';
import { createBook } from '../../src/queue/book.ts';
import { createScheduler } from '../../src/queue/scheduler.ts';
import { closeDispatch } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';
import { openTestJournal } from './harness.ts';
import { scriptedDelivery } from './scripted-delivery.ts';

describe('scheduler', () => {
  it('leaves a lane for later when the journal does not take that there is nothing to send', async () => {
    const folder = testFolder();
    const journal = openTestJournal(folder);
    onTestFinished(() => journal.close());
    await journal.commit({ states: [], actions: [closeDispatch('M1', 1)], taken: [], values: [], at: 1 });
    const delivery = scriptedDelivery();
    let asked = 0;
    delivery.on.freeze = () => {
      asked += 1;
      if (asked > 10) throw new Error('asked again and again');
      return { kind: 'nothing', why: 'no dispatch was opened' };
    };
    // Somebody else's write lock: the journal refuses every write until it is gone.
    const other = new DatabaseSync(join(folder, 'journal.db'));
    other.exec('BEGIN IMMEDIATE');
    const scheduler = createScheduler({
      journal,
      delivery,
      book: createBook(),
      now: () => 1,
      log: silentLogger,
      mostFrozen: 10,
    });

    expect(scheduler.fill()).toEqual([]);
    expect(asked).toBe(1);
    other.close();
    scheduler.forgetHeld();
    scheduler.fill();

    expect(journal.waitingHeads(10)).toEqual([]);
  });
});
