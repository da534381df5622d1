import type { DatabaseSync } from 'node:sqlite';
import { errorMessage } from '../../core/errors.ts';
import { failureOf } from '../file/sqlite-error.ts';

/** Reads every table and index, one table at a time, so that the write-ahead log can be reset in between. */
export function findDamage(db: DatabaseSync): string | null {
  try {
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    for (const { name } of tables) {
      const row = db.prepare(`PRAGMA integrity_check("${name}")`).get();
      const found = row && String(Object.values(row)[0]);
      if (found !== undefined && found !== 'ok') return `table ${name}: ${found}`;
    }
    return null;
  } catch (cause) {
    if (failureOf(cause) === 'damaged') return errorMessage(cause);
    throw cause;
  }
}
