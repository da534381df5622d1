import { DatabaseSync } from 'node:sqlite';
import { pragma } from '../file/pragma.ts';

/** The file of the journal is damaged. The message has the finding, not the remedy. */
export class Damaged extends Error {
  override readonly name = 'Damaged';
}

/** Up to this size (bytes) the whole file is read at the start; it takes a disk of 100 MB/s less than a second. */
const SMALL = 64 * 1024 * 1024;

/**
 * Checks the file before anything reads it [J6]: the whole file when it is small or with `thorough`, else its size and the rows
 * that are needed at once. A large file is read whole in the background (full-check.ts). Throws `Damaged`.
 */
export function expectSound(db: DatabaseSync, size: number, thorough: boolean): void {
  const check = thorough ? 'integrity_check(1)' : size <= SMALL ? 'quick_check(1)' : null;
  if (check !== null) {
    const found = pragma(db, check);
    // The message is one line, without SQLite's heading.
    if (found !== 'ok')
      throw new Damaged(
        String(found)
          .replace(/^\*{3}.*\*{3}\s*/, '')
          .replaceAll('\n', '; '),
      );
  }
}

/** Finds a truncated file by its missing pages. Only when the WAL is empty, because the WAL may hold these pages. */
export function expectWhole(db: DatabaseSync, size: number): void {
  const pages = Number(pragma(db, 'page_count')) * Number(pragma(db, 'page_size'));
  if (pages > size) throw new Damaged(`it has ${size} bytes and must have ${pages}`);
}

/** Compares the tables with those of the migrations, because a damaged table definition may go unnoticed by single statements. */
export function expectTables(db: DatabaseSync, migrations: readonly string[]): void {
  using fresh = new DatabaseSync(':memory:');
  for (const migration of migrations) fresh.exec(migration);
  const expected = tablesOf(fresh);
  const found = tablesOf(db);
  for (const [name, sql] of expected) {
    if (found.get(name) !== sql) throw new Damaged(`the description of ${name} is not as it was written`);
  }
}

function tablesOf(db: DatabaseSync): ReadonlyMap<unknown, string> {
  const rows = db.prepare('SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL').all();
  return new Map(rows.map(({ name, sql }) => [name, String(sql).replace(/["\s]/g, '')]));
}

/** Reads every waiting action and open call. Otherwise damage there would end the gateway at each start, when their turn comes. */
export function expectReadable(db: DatabaseSync): void {
  const row = db
    .prepare(
      `SELECT 'action ' || id AS what FROM action
         WHERE state IN ('waiting', 'in_call') AND NOT (json_valid(params) AND json_valid(cause) AND coalesce(json_valid(result), 1))
       UNION ALL SELECT 'call ' || id FROM call
         WHERE state IN ('frozen', 'sending', 'retry', 'unknown', 'accepted')
           AND NOT (coalesce(json_valid(base), 1) AND coalesce(json_valid(result), 1))
       UNION ALL SELECT 'state of rule ' || rule FROM rule_state WHERE NOT json_valid(state)
       UNION ALL SELECT key || ' in meta' FROM meta WHERE key = 'home' AND NOT json_valid(value)
       UNION ALL SELECT 'value of signal ' || signal FROM kept_value WHERE NOT json_valid(value)
       LIMIT 1`,
    )
    .get();
  if (row) throw new Damaged(`${row['what']} can't be read`);
}
