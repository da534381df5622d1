import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type GroupCommit, groupCommit } from '../../src/journal/file/group-commit.ts';
import { testFolder } from '../support/folder.ts';

function open() {
  const file = join(testFolder(), 'test.db');
  const db = new DatabaseSync(file);
  db.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (v TEXT NOT NULL)');
  const other = new DatabaseSync(file);
  const insert = db.prepare('INSERT INTO t VALUES (?)');
  const count = (from: DatabaseSync) => Number(from.prepare('SELECT count(*) AS n FROM t').get()?.n);
  return { db, group: groupCommit(db), insert, mine: () => count(db), onDisk: () => count(other) };
}

function fill(group: GroupCommit, insert: StatementSync, rows: number): Promise<void> {
  let last = Promise.resolve();
  for (let row = 0; row < rows; row++) last = group.write(() => insert.run('a')).durable;
  return last;
}

describe('group commit', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('a write is visible to later reads at once, and on the disk after the commit', async () => {
    const { group, insert, mine, onDisk } = open();

    const { durable } = group.write(() => insert.run('a'));

    expect([mine(), onDisk()]).toEqual([1, 0]);
    await durable;
    expect(onDisk()).toBe(1);
  });

  it('a write that throws is undone alone', async () => {
    const { group, insert, onDisk } = open();
    const { durable } = group.write(() => insert.run('a'));

    expect(() =>
      group.write(() => {
        insert.run('b');
        throw new Error('stop');
      }),
    ).toThrow('stop');

    await durable;
    expect(onDisk()).toBe(1);
  });

  it('a write waits a moment for a write that follows from it, and both share a commit', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { group, insert, onDisk } = open();
    const commits: string[] = [];
    const note = (name: string, durable: Promise<void>) => durable.then(() => commits.push(`${name}: ${onDisk()}`));

    const first = note('first', group.write(() => insert.run('a')).durable);
    group.write(() => insert.run('b'), 'ahead');
    await new Promise(setImmediate);
    const held = onDisk();
    const second = note('second', group.write(() => insert.run('c')).durable);
    await Promise.all([first, second]);
    const alone = note('alone', group.write(() => insert.run('d')).durable);
    group.write(() => insert.run('e'), 'ahead');
    vi.runAllTimers();
    await alone;

    expect([held, ...commits]).toEqual([0, 'first: 3', 'second: 3', 'alone: 5']);
  });

  it('a group of five hundred writes is committed at once', async () => {
    const { group, insert, onDisk } = open();
    // A large group makes the next one gather for a while.
    await fill(group, insert, 500);

    await fill(group, insert, 500);

    expect(onDisk()).toBe(1000);
  });

  it('a group commit on a full disk rejects every write of the group, reports it to the mirror, and goes on when there is room', async () => {
    const { db, group, insert, mine, onDisk } = open();
    let rollbacks = 0;
    group.onRollback(() => {
      rollbacks += 1;
    });
    const big = 'x'.repeat(100_000);
    db.exec('PRAGMA max_page_count = 10');
    const { durable: first } = group.write(() => insert.run('small'));

    const filling = () => group.write(() => insert.run(big));

    expect(filling).toThrow('full');
    await expect(first).rejects.toThrow('full');
    expect([mine(), rollbacks]).toEqual([0, 1]);
    db.exec('PRAGMA max_page_count = 10000');
    await group.write(() => insert.run(big)).durable;
    expect(onDisk()).toBe(1);
  });
});
