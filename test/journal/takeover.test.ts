import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Journal } from '../../src/journal/journal.ts';
import { increment } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';
import { REQUEST, testJournal } from '../support/journal.ts';

/** Two journals on one folder, as when somebody removes the lock file of a running gateway. */
async function takenOver(prepare: (first: Journal) => Promise<void>) {
  const folder = testFolder();
  const first = testJournal(folder);
  await prepare(first);
  rmSync(join(folder, 'lock'));
  return { first, second: testJournal(folder) };
}

describe('a journal that another process has opened since', () => {
  it('a journal that another process took over marks no call as sending', async () => {
    const call: { id: number }[] = [];
    const { first, second } = await takenOver(async journal => {
      await journal.commit({ states: [], actions: [increment('A', 1)], taken: [], values: [], at: 1 });
      call.push(journal.freeze(journal.waiting('cycles:A', 1), REQUEST, 0));
      // A commit with a waiting caller takes the frozen call to the disk too.
      await journal.commit({ states: [], actions: [], taken: [], values: [], at: 2 });
    });

    await expect(first.markSending(call[0]?.id ?? 0, 0, null, 5)).rejects.toThrow(
      'another gateway has opened the journal',
    );
    expect(second.waiting('cycles:A', 9)).toHaveLength(1);
  });

  it('a journal that another process took over accepts no counts of the earlier one', async () => {
    const write = (journal: Journal, state: string) =>
      journal.commit({ states: [{ rule: 'r', state }], actions: [], taken: [], values: [], at: 1 });
    const { first, second } = await takenOver(journal => write(journal, '{"reading":100}'));
    await write(second, '{"reading":150}');

    expect(() => write(first, '{"reading":101}')).toThrow('another gateway has opened the journal');
    expect(second.ruleStates().get('r')).toBe('{"reading":150}');
    await expect(write(second, '{"reading":151}')).resolves.toBeUndefined();
  });
});
