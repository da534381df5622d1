import { statSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { errorMessage, StartError } from '../../core/errors.ts';
import { Damaged, expectReadable, expectSound, expectTables, expectWhole } from '../damage/check.ts';
import { checkWal } from '../damage/wal-check.ts';
import { pragma } from './pragma.ts';
import { MIGRATIONS } from './schema.ts';
import { failureOf, isBroken } from './sqlite-error.ts';

/** A WAL that grew because of a long reader is cut back to this size when it is reset (bytes). */
const WAL_LIMIT = 16 * 1024 * 1024;

/**
 * Opens the journal file for this process, checks it and brings its tables to this version. `thorough`: reads all of it, however
 * long that takes. Throws `Damaged` for a damaged file, and a StartError for an error that a person can mend in another way.
 */
export function openDatabase(file: string, thorough: boolean): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    expectFile(file);
    checkWal(`${file}-wal`);
    db = new DatabaseSync(file);
    db.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;
       PRAGMA journal_size_limit = ${WAL_LIMIT};`,
    );
    expectPragma(db, file, 'journal_mode', 'wal');
    expectPragma(db, file, 'synchronous', 2);
    if (emptyWal(db)) expectWhole(db, statSync(file).size);
    expectSound(db, statSync(file).size, thorough);
    migrate(db, file);
    expectReadable(db);
    return db;
  } catch (cause) {
    db?.close();
    if (cause instanceof StartError || cause instanceof Damaged) throw cause;
    // An IO error comes from the disk, not from the file. A new file would not help.
    if (failureOf(cause) === 'damaged') throw new Damaged(errorMessage(cause));
    throw new StartError(`the journal ${file} can't be opened`, { cause });
  }
}

/** Without this check SQLite would begin a new file and delete the log. */
function expectFile(file: string): void {
  const sizeOf = (name: string) => statSync(name, { throwIfNoEntry: false })?.size ?? 0;
  if (sizeOf(file) === 0 && sizeOf(`${file}-wal`) > 0)
    throw new Damaged('its file is gone or empty, its write-ahead log is there');
}

/** Reads WAL and FULL back on every connection, because SQLite can ignore a setting without an error [J2]. */
function expectPragma(db: DatabaseSync, file: string, name: string, expected: string | number): void {
  const got = pragma(db, name);
  if (got !== expected)
    throw new StartError(
      `the journal ${file} can't be made crash-safe: ${name} is ${got}, not ${expected}; is it on a network drive?`,
    );
}

/**
 * Copies the commits of the log into the file after a power cut, so that the log begins with new commits. False when that fails:
 * the disk is full, or another process reads. The log stays valid then.
 */
function emptyWal(db: DatabaseSync): boolean {
  try {
    return pragma(db, 'wal_checkpoint(TRUNCATE)') === 0;
  } catch (cause) {
    if (failureOf(cause) === 'full') return false;
    throw cause;
  }
}

function migrate(db: DatabaseSync, file: string): void {
  const version = Number(pragma(db, 'user_version'));
  if (version > MIGRATIONS.length) {
    throw new StartError(
      `the journal ${file} was written by a newer gateway (its version ${version}, known here ${MIGRATIONS.length}); start that version again`,
    );
  }
  expectTables(db, MIGRATIONS.slice(0, version));
  if (version === MIGRATIONS.length) return;
  // A migration drops a table while others refer to it. All references are checked before the commit.
  db.exec('PRAGMA foreign_keys = OFF');
  for (let next = version; next < MIGRATIONS.length; next++) {
    db.exec(`BEGIN IMMEDIATE; ${MIGRATIONS[next]} PRAGMA user_version = ${next + 1};`);
    const broken = pragma(db, 'foreign_key_check');
    if (broken !== undefined)
      throw new StartError(`the journal ${file} could not be brought to this version: ${broken}`);
    db.exec('COMMIT');
  }
  db.exec('PRAGMA foreign_keys = ON');
}

/** A prepared statement. The shape of its rows is declared once, where its SQL stands. */
export type Query<Row> = {
  get(...values: SQLInputValue[]): Row | undefined;
  all(...values: SQLInputValue[]): Row[];
  iterate(...values: SQLInputValue[]): Iterable<Row>;
  /** The number of changed rows. */
  run(...values: SQLInputValue[]): number;
  /** The id of the row that was just inserted. */
  insert(...values: SQLInputValue[]): number;
};

const watchers = new WeakMap<DatabaseSync, (error: Error) => void>();

/** Calls `listener` once when a statement finds a failed disk or a damaged file, before any other code gets the error [J5]. */
export function onBroken(db: DatabaseSync, listener: (error: Error) => void): void {
  watchers.set(db, listener);
}

export function query<Row>(db: DatabaseSync, sql: string): Query<Row> {
  const statement: StatementSync = db.prepare(sql);
  function watch(cause: unknown): void {
    if (!(cause instanceof Error) || !isBroken(cause)) return;
    const notify = watchers.get(db);
    watchers.delete(db);
    notify?.(cause);
  }
  function watched<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      watch(cause);
      throw cause;
    }
  }
  return {
    get: (...values) => watched(() => statement.get(...values) as Row | undefined),
    all: (...values) => watched(() => statement.all(...values) as Row[]),
    *iterate(...values) {
      try {
        yield* statement.iterate(...values) as Iterable<Row>;
      } catch (cause) {
        watch(cause);
        throw cause;
      }
    },
    run: (...values) => watched(() => Number(statement.run(...values).changes)),
    insert: (...values) => watched(() => Number(statement.run(...values).lastInsertRowid)),
  };
}
