import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { type GroupCommit, groupCommit } from '../../src/journal/group-commit.ts';
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
  it('shows a write to later reads at once and to the disk after the commit', async () => {
    const { group, insert, mine, onDisk } = open();

    const { durable } = group.write(() => insert.run('a'));

    expect([mine(), onDisk()]).toEqual([1, 0]);
    await durable;
    expect(onDisk()).toBe(1);
  });

  it('undoes a write that throws, and only that one', async () => {
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

  it('does not wait for more when five hundred writes are gathered', async () => {
    const { group, insert, onDisk } = open();
    // A big group before makes the next one gather.
    await fill(group, insert, 500);

    await fill(group, insert, 500);

    expect(onDisk()).toBe(1000);
  });

  it('on a full disk tells every writer of the group, says so to who mirrors it, and goes on when there is room', async () => {
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
