import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { silentLogger } from '../../src/core/logger.ts';
import { MIGRATIONS } from '../../src/journal/file/schema.ts';
import { adoptJournal } from '../../src/journal/identity/adopt.ts';
import { increment } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';
import { PATIENCE, testGateway } from '../support/gateway.ts';
import { deliver, testJournal, write } from '../support/journal.ts';

const real = {
  prepare: DatabaseSync.prototype.prepare,
  exec: DatabaseSync.prototype.exec,
  run: StatementSync.prototype.run as (this: StatementSync, ...values: unknown[]) => ReturnType<StatementSync['run']>,
};

/** Collects the settings of every connection that writes to a journal, for the rest of the test. */
function watchWrites(): ReadonlySet<string> {
  const found = new Set<string>();
  const owners = new WeakMap<StatementSync, DatabaseSync>();
  const read = (db: DatabaseSync, name: string) =>
    Object.values(real.prepare.call(db, `PRAGMA ${name}`).get() ?? {})[0];
  function note(db: DatabaseSync | undefined): void {
    if (!db?.location()?.endsWith('journal.db')) return;
    found.add(`${read(db, 'journal_mode')}, synchronous ${read(db, 'synchronous')}`);
  }
  DatabaseSync.prototype.prepare = function prepare(...args) {
    const statement = real.prepare.apply(this, args);
    owners.set(statement, this);
    return statement;
  };
  DatabaseSync.prototype.exec = function exec(sql) {
    real.exec.call(this, sql);
    note(this);
  };
  StatementSync.prototype.run = function run(this: StatementSync, ...values: unknown[]) {
    const done = real.run.apply(this, values);
    note(owners.get(this));
    return done;
  };
  onTestFinished(() => {
    DatabaseSync.prototype.prepare = real.prepare;
    DatabaseSync.prototype.exec = real.exec;
    StatementSync.prototype.run = real.run;
  });
  return found;
}

/** A folder with a journal that these statements made. */
function folderWith(sql: string): string {
  const folder = testFolder();
  const db = new DatabaseSync(join(folder, 'journal.db'));
  db.exec(sql);
  db.close();
  return folder;
}

const limits = { keep: 1, maxSize: 1e9, ballast: 0 };

describe('a commit of the journal', () => {
  it.each([
    ['a new one', testFolder],
    ['one of an earlier version', () => folderWith(`${MIGRATIONS[0]} PRAGMA user_version = 1`)],
    [
      'one that somebody took out of WAL mode',
      () => folderWith('PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = OFF'),
    ],
  ])('a commit of the journal is forced to the disk: %s', async (_which, make) => {
    const folder = make();
    const found = watchWrites();

    const journal = testJournal(folder, { limits });
    await write(journal, increment('A', 1), increment('A', 2));
    await deliver(journal, 'cycles:A', 5);
    journal.close();

    expect([...found]).toEqual(['wal, synchronous 2']);
  });

  it('an adoption is forced to the disk', async () => {
    const folder = testFolder();
    const journal = testJournal(folder);
    await write(journal, increment('A', 1));
    journal.close();
    const found = watchWrites();

    adoptJournal({ folder, now: 5, log: silentLogger, counting: ['cycles', 'production'], unmoved: true });

    expect([...found]).toEqual(['wal, synchronous 2']);
  });
});

describe('the journal of a running gateway', () => {
  it('the journal of a running gateway is in WAL mode for every reader', async () => {
    const gateway = testGateway({
      l2l: 'http://127.0.0.1:1',
      mode: 'shadow',
      sources: '  sim: { protocol: simulated, signals: { a: { as: bool, script: [{ for: 1m, value: true }] } } }',
      rules: '  r: { when: a, on_delay: 1s, dispatch: { machine: M, type: DOWN, description: d } }',
    });
    await gateway.start();
    const file = join(gateway.dataFolder, 'journal.db');

    // Bytes of SQLite's file format: how the file is written and how it is read. 2 means WAL, 1 means a rollback journal.
    expect([...readFileSync(file).subarray(18, 20)]).toEqual([2, 2]);
    await vi.waitFor(() => expect(statSync(`${file}-wal`).size).toBeGreaterThan(0), PATIENCE);
  });
});
