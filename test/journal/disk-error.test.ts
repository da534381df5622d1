import { closeSync, existsSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { onBroken, query } from '../../src/journal/file/database.ts';
import { groupCommit } from '../../src/journal/file/group-commit.ts';
import { failureOf } from '../../src/journal/file/sqlite-error.ts';
import { increment } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';
import { testJournal, write } from '../support/journal.ts';

const sqlite = (errcode: number) => Object.assign(new Error('x'), { code: 'ERR_SQLITE_ERROR', errcode });

describe('an error of SQLite', () => {
  it.each([
    ['SQLITE_FULL', 13, 'full'],
    ['SQLITE_IOERR_SHMSIZE, which a full disk gives too', 4874, 'full'],
    ['SQLITE_IOERR', 10, 'disk'],
    ['SQLITE_IOERR_FSYNC', 1034, 'disk'],
    ['SQLITE_IOERR_WRITE', 778, 'disk'],
    ['SQLITE_CORRUPT', 11, 'damaged'],
    ['SQLITE_CORRUPT_INDEX', 779, 'damaged'],
    ['SQLITE_NOTADB', 26, 'damaged'],
    ['SQLITE_BUSY', 5, 'other'],
    ['SQLITE_CONSTRAINT', 19, 'other'],
  ])('an error of SQLite is recognised: %s', (_name, code, failure) => {
    expect(failureOf(sqlite(code))).toBe(failure);
  });
});

describe('a journal whose file is found damaged while it is open', () => {
  /** Overwrites the pages of the file, as a failing disk would. The pages that SQLite holds in memory do not change. */
  async function damaged() {
    const folder = testFolder();
    const first = testJournal(folder);
    for (let n = 1; n <= 300; n++) void write(first, increment('A', n));
    await write(first, increment('A', 301));
    first.close();
    const fatal: Error[] = [];
    const journal = testJournal(folder, { onFatal: error => void fatal.push(error) });
    const file = join(folder, 'journal.db');
    const db = new DatabaseSync(file);
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    const pages = Number(Object.values(db.prepare('PRAGMA page_count').get() ?? {})[0]);
    db.close();
    const fd = openSync(file, 'r+');
    for (let page = 1; page < pages; page++) writeSync(fd, Buffer.alloc(4096, 0xee), 0, 4096, page * 4096);
    closeSync(fd);
    return { folder, file, journal, fatal };
  }

  it('a journal with a damaged file reports it before any write is answered, accepts no more writes, and is refused at the next start', async () => {
    const { folder, journal, fatal } = await damaged();

    await expect(
      (async () => {
        for (let n = 400; n < 500; n++) await write(journal, increment('B', n));
      })(),
    ).rejects.toThrow();

    expect(fatal.map(failureOf)).toEqual(['damaged']);
    expect(() => journal.freeze(journal.waiting('cycles:A', 1), { method: 'POST', path: '', body: '' }, 0)).toThrow();
    await expect(write(journal, increment('C', 1))).rejects.toThrow();
    expect(fatal).toHaveLength(1);
    expect(existsSync(join(folder, 'journal.suspect'))).toBe(true);
    try {
      journal.close();
    } catch {
      // What cannot be written is left out.
    }
    expect(() => testJournal(folder)).toThrow(/is damaged .*--rebuild/);
  });

  it('a file that was found damaged is read whole at the next start, and the suspicion is forgotten when it is sound', async () => {
    const folder = testFolder();
    const journal = testJournal(folder);
    await write(journal, increment('A', 1));
    journal.close();
    writeFileSync(join(folder, 'journal.suspect'), 'disk I/O error\n');

    expect(testJournal(folder).counts().waiting).toBe(1);

    expect(existsSync(join(folder, 'journal.suspect'))).toBe(false);
  });
});

describe('group commit on a disk that fails', () => {
  it('a failing disk is reported to the process before the writers, and no write is accepted afterwards', async () => {
    const db = new DatabaseSync(join(testFolder(), 'x.db'));
    db.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (v)');
    const group = groupCommit(db);
    const insert = query(db, 'INSERT INTO t VALUES (1)');
    const order: string[] = [];
    onBroken(db, cause => {
      order.push('process');
      group.abandon(cause);
    });
    const { durable } = group.write(() => insert.run());
    durable.catch(() => void order.push('writer'));

    // A function of the database plays the failing disk.
    db.function('fail', () => {
      throw sqlite(1034);
    });
    expect(() => group.write(() => query(db, 'SELECT fail()').get())).toThrow();

    await expect(durable).rejects.toThrow();
    expect(order).toEqual(['process', 'writer']);
    expect(() => group.write(() => 1)).toThrow();
    db.close();
  });

  it('a failing disk is also reported by a read that takes rows one by one', () => {
    const db = new DatabaseSync(join(testFolder(), 'x.db'));
    db.exec('CREATE TABLE t (v); INSERT INTO t VALUES (1), (2)');
    const reported: unknown[] = [];
    onBroken(db, cause => void reported.push(failureOf(cause)));
    let read = 0;
    db.function('failing', () => {
      read += 1;
      if (read === 2) throw sqlite(1034);
      return read;
    });

    const rows: unknown[] = [];
    const walk = () => {
      for (const row of query<{ v: number }>(db, 'SELECT failing() AS v FROM t').iterate()) rows.push(row.v);
    };
    expect(walk).toThrow();

    expect({ rows, reported }).toEqual({ rows: [1], reported: ['disk'] });
    db.close();
  });
});
