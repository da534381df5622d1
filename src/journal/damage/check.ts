import { DatabaseSync } from 'node:sqlite';
import { pragma } from '../file/pragma.ts';

/** The journal's file can't be trusted. The message says what was found, not what to do. */
export class Damaged extends Error {
  override readonly name = 'Damaged';
}

/** Up to this size (bytes) the whole file is read at the start; it takes a disk of 100 MB/s less than a second. */
const SMALL = 64 * 1024 * 1024;

/**
 * What is looked at before anybody reads: all of it while the file is small or `thorough` is asked for, else its size and the rows
 * that are needed at once. The whole of a large file is read in the background (full-check.ts). Throws `Damaged`.
 */
export function expectSound(db: DatabaseSync, size: number, thorough: boolean): void {
  const check = thorough ? 'integrity_check(1)' : size <= SMALL ? 'quick_check(1)' : null;
  if (check !== null) {
    const found = pragma(db, check);
    // SQLite's heading and line ends are nothing for one line of a message.
    if (found !== 'ok')
      throw new Damaged(
        String(found)
          .replace(/^\*{3}.*\*{3}\s*/, '')
          .replaceAll('\n', '; '),
      );
  }
}

/** Truncated: the pages the file must have and has not. Only when the WAL holds nothing, which may have them. */
export function expectWhole(db: DatabaseSync, size: number): void {
  const pages = Number(pragma(db, 'page_count')) * Number(pragma(db, 'page_size'));
  if (pages > size) throw new Damaged(`it has ${size} bytes and must have ${pages}`);
}

/** The tables are those the migrations made: a damaged word in their description makes every statement fail, or none. */
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

/** What is still to be sent has to be readable: else it would be found when its turn comes, at every start again. */
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
