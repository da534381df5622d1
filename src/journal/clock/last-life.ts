import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { whyNoFile } from '../../core/file-kind.ts';
import type { TimeShift } from '../../core/time-shift.ts';
import type { LastLife } from '../../core/wall-clock.ts';
import { filesIn } from '../file/data-folder.ts';
import { createMeta } from '../file/meta.ts';

/**
 * The facts about time that the last life left. They are read before the journal is opened for work, because the check of the clock
 * needs them. A missing or unreadable journal gives null here; `openJournal` reports the reason.
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
    // The file is damaged, is no journal, or belongs to an interrupted first start. `openJournal` finds the same and reports it.
    return { alive: null, doubted: null };
  } finally {
    db?.close();
  }
}
