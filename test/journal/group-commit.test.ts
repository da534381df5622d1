import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { groupCommit } from '../../src/journal/group-commit.ts';
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

  it('commits by itself when five hundred writes are gathered', () => {
    const { group, insert, onDisk } = open();

    for (let i = 0; i < 500; i++) group.write(() => insert.run('a'));

    expect(onDisk()).toBe(500);
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
