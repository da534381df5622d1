import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { whyNoFile } from '../../core/file-kind.ts';
import type { TimeShift } from '../../core/time-shift.ts';
import type { LastLife } from '../../core/wall-clock.ts';
import { filesIn } from '../file/data-folder.ts';
import { createMeta } from '../file/meta.ts';

/**
 * What the last life left behind about time, read without opening the journal for work: whether the clock can be trusted has to
 * be known before. A journal that is not there or can't be read says nothing; opening it has the words for that.
 */
export function readLastLife(folder: string): LastLife {
  const file = filesIn(folder).journal;
  if (!existsSync(file) || whyNoFile(file) !== null) return { alive: null, doubted: null };
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { readOnly: true });
    const meta = createMeta(db);
    const alive = meta.get('alive');
    const doubted = meta.get('doubted');
    return {
      alive: alive === undefined ? null : Number(alive),
      doubted: doubted === undefined ? null : (JSON.parse(doubted) as TimeShift),
    };
  } catch {
    // Damaged, not a journal, or of a first start that was cut off: `openJournal` finds the same.
    return { alive: null, doubted: null };
  } finally {
    db?.close();
  }
}
