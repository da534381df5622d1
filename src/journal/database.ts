import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { StartError, words } from '../core/errors.ts';
import { MIGRATIONS } from './schema.ts';

/** Opens the journal file for this process, checks it and brings its tables to this version. */
export function openDatabase(file: string): DatabaseSync {
  const db = new DatabaseSync(file);
  try {
    db.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;',
    );
    expectPragma(db, file, 'journal_mode', 'wal');
    expectPragma(db, file, 'synchronous', 2);
    const check = pragma(db, 'quick_check');
    if (check !== 'ok') {
      throw new StartError(
        `the journal ${file} is damaged (${check}); set the file aside and keep it, then start again with an empty data folder`,
      );
    }
    migrate(db, file);
    return db;
  } catch (cause) {
    db.close();
    throw cause instanceof StartError ? cause : new StartError(`the journal ${file} can't be opened: ${words(cause)}`);
  }
}

/** A setting that silently did not take would void the promise: WAL and FULL are read back on every connection. */
function expectPragma(db: DatabaseSync, file: string, name: string, expected: string | number): void {
  const got = pragma(db, name);
  if (got !== expected)
    throw new StartError(
      `the journal ${file} can't be made crash-safe: ${name} is ${got}, not ${expected}; is it on a network drive?`,
    );
}

function pragma(db: DatabaseSync, name: string): unknown {
  const row = db.prepare(`PRAGMA ${name}`).get();
  return row && Object.values(row)[0];
}

function migrate(db: DatabaseSync, file: string): void {
  const version = Number(pragma(db, 'user_version'));
  if (version > MIGRATIONS.length) {
    throw new StartError(
      `the journal ${file} was written by a newer gateway (its version ${version}, known here ${MIGRATIONS.length}); start that version again`,
    );
  }
  if (version === MIGRATIONS.length) return;
  // A table that is rebuilt is dropped while others point to it; all of them are checked afterwards.
  db.exec('PRAGMA foreign_keys = OFF');
  for (let next = version; next < MIGRATIONS.length; next++) {
    db.exec(`BEGIN IMMEDIATE; ${MIGRATIONS[next]} PRAGMA user_version = ${next + 1}; COMMIT;`);
  }
  db.exec('PRAGMA foreign_keys = ON');
  const broken = pragma(db, 'foreign_key_check');
  if (broken !== undefined) throw new StartError(`the journal ${file} could not be brought to this version: ${broken}`);
}

/** A prepared statement whose row shape is stated once, where its SQL stands. */
export type Query<Row> = {
  get(...values: SQLInputValue[]): Row | undefined;
  all(...values: SQLInputValue[]): Row[];
  iterate(...values: SQLInputValue[]): Iterable<Row>;
  /** Rows changed. */
  run(...values: SQLInputValue[]): number;
  /** Row id of the row just inserted. */
  insert(...values: SQLInputValue[]): number;
};

export function query<Row>(db: DatabaseSync, sql: string): Query<Row> {
  const statement: StatementSync = db.prepare(sql);
  return {
    get: (...values) => statement.get(...values) as Row | undefined,
    all: (...values) => statement.all(...values) as Row[],
    iterate: (...values) => statement.iterate(...values) as Iterable<Row>,
    run: (...values) => Number(statement.run(...values).changes),
    insert: (...values) => Number(statement.run(...values).lastInsertRowid),
  };
}
