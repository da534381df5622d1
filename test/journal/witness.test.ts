import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { silentLogger } from '../../src/core/logger.ts';
import { openDatabase } from '../../src/journal/file/database.ts';
import { groupCommit } from '../../src/journal/file/group-commit.ts';
import { createMeta } from '../../src/journal/file/meta.ts';
import { adoptJournal } from '../../src/journal/identity/adopt.ts';
import { startNoting, witnessOf } from '../../src/journal/identity/witness.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { JournalOptions } from '../../src/journal/journal-options.ts';
import { increment } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';
import { testJournal } from '../support/journal.ts';
import { PATIENCE } from '../support/patience.ts';

/** A data folder over several lives of the gateway. */
function dataFolder() {
  const folder = testFolder();
  const file = join(folder, 'journal.db');
  const note = join(folder, 'journal.witness');
  return {
    folder,
    note,
    start: (options: Partial<JournalOptions> = {}) => testJournal(folder, options),
    /** Makes a backup of a journal that is being written. */
    backup(): string {
      const to = join(testFolder(), 'backup');
      const db = new DatabaseSync(file);
      db.exec(`VACUUM INTO '${to}'`);
      db.close();
      return to;
    },
    /** `cp backup journal.db`: the file stays the same file. */
    putBack(backup: string): void {
      const { ino } = statSync(file);
      rmSync(`${file}-wal`, { force: true });
      copyFileSync(backup, file);
      expect(statSync(file).ino).toBe(ino);
    },
  };
}

const alive = (journal: Journal, at: number) =>
  journal.commit({ states: [], actions: [increment('A', at)], taken: [], values: [], at });

async function life(data: ReturnType<typeof dataFolder>, at: number): Promise<void> {
  const journal = data.start();
  await alive(journal, at);
  journal.close();
}

/** A life whose times begin moved back by this much (ms). */
const moveBack = (ms: number) => ({ shift: { from: 0, by: -ms }, marked: 'keep', doubted: null, event: null }) as const;

const OLDER =
  /is not run: it was last written at .*00:00:01.*, and the journal that ran here last at .*00:00:02.*adopt/;

describe('a backup that was restored into the same file', () => {
  it('a restored backup of an earlier life is refused', async () => {
    const data = dataFolder();
    await life(data, 1000);
    const backup = data.backup();
    await life(data, 2000);

    data.putBack(backup);

    expect(() => data.start()).toThrow(OLDER);
  });

  it('a restored backup of an earlier life whose clock was ahead is refused', async () => {
    const data = dataFolder();
    await life(data, 10_000_000);
    const backup = data.backup();
    data.start({ time: moveBack(9_000_000) }).close();

    data.putBack(backup);

    expect(() => data.start()).toThrow('is not run');
  });

  it('a restored backup of the same life is refused', async () => {
    const data = dataFolder();
    const journal = data.start();
    await alive(journal, 1000);
    const backup = data.backup();
    await alive(journal, 2000);
    journal.close();

    data.putBack(backup);

    expect(() => data.start()).toThrow(OLDER);
  });

  it('after a crash, a restored backup that is older than the last note is refused', async () => {
    const data = dataFolder();
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const journal = data.start();
    await alive(journal, 1000);
    const backup = data.backup();
    await alive(journal, 2000);
    vi.advanceTimersByTime(60_000);
    await vi.waitFor(() => expect(readFileSync(data.note, 'utf8')).toContain('2000'), PATIENCE);
    const noted = readFileSync(data.note);
    await alive(journal, 3000);
    journal.close();
    writeFileSync(data.note, noted);

    data.putBack(backup);

    expect(() => data.start()).toThrow(OLDER);
  });

  it('a restored backup with the newest state is accepted', async () => {
    const data = dataFolder();
    await life(data, 1000);
    const backup = data.backup();

    data.putBack(backup);

    expect(data.start().counts().waiting).toBe(1);
  });

  it('a restored backup is accepted after its adoption, also when the adoption ended before the former note was deleted', async () => {
    const data = dataFolder();
    await life(data, 1000);
    const backup = data.backup();
    await life(data, 2000);
    data.putBack(backup);
    const adopt = () =>
      adoptJournal({ folder: data.folder, now: 5, log: silentLogger, counting: ['cycles', 'production'] });
    const former = readFileSync(data.note);

    expect(adopt().parked).toBe(1);
    writeFileSync(data.note, former);
    expect(() => data.start()).toThrow(/is not run: it is another journal than the one that ran here last, .*adopt/);
    expect(adopt().parked).toBe(0);

    expect(data.start().counts()).toMatchObject({ waiting: 0, parked: 1 });
  });
});

describe('a journal that was not restored', () => {
  it.each([
    ['is of a version that noted nothing', (note: string) => rmSync(note)],
    ['has a note that can not be read', (note: string) => writeFileSync(note, '')],
    ['could not note anything', (note: string) => mkdirSync(`${note}.new`)],
  ])('the gateway runs a journal that %s', async (_what, change) => {
    const data = dataFolder();
    await life(data, 1000);
    change(data.note);

    await life(data, 2000);

    expect(data.start().lastAlive).toBe(2000);
  });

  it('a note is written also when a dangling link has its name', async () => {
    const data = dataFolder();
    await life(data, 1000);
    const former = readFileSync(data.note, 'utf8');
    symlinkSync('/nowhere/note', `${data.note}.new`);

    await life(data, 2000);

    expect(readFileSync(data.note, 'utf8')).not.toBe(former);
  });

  it('a journal is accepted after a crash between a commit and its note', async () => {
    const data = dataFolder();
    await life(data, 1000);
    const former = readFileSync(data.note);
    await life(data, 2000);
    writeFileSync(data.note, former);

    expect(data.start().lastAlive).toBe(2000);
  });

  it.each([
    ['', () => {}],
    [' and a crash came before that was noted', (note: string) => mkdirSync(`${note}.new`)],
  ])('the gateway runs a journal after its times were moved back%s', async (_what, change) => {
    const data = dataFolder();
    await life(data, 10_000_000);
    change(data.note);
    const moved = data.start({ time: moveBack(9_000_000) });
    await alive(moved, 1_000_001);
    moved.close();

    expect(data.start().lastAlive).toBe(1_000_001);
  });

  it.each([
    ['', () => {}],
    [' and a crash came before that was noted', (note: string) => mkdirSync(`${note}.new`)],
  ])('the gateway runs a journal that began anew in the place of a damaged one%s', async (_what, change) => {
    const data = dataFolder();
    await life(data, 2000);
    writeFileSync(join(data.folder, 'journal.db'), 'no journal');
    change(data.note);
    data.start({ onCorrupt: 'rebuild' }).close();

    await life(data, 1000);

    expect(data.start().lastAlive).toBe(1000);
  });

  it('a journal is accepted after a small step back of the clock and a crash', async () => {
    const data = dataFolder();
    const first = data.start({ now: () => 3000 });
    await alive(first, 3000);
    first.close();
    const second = data.start({ now: () => 1500 });
    await alive(second, 1600);
    // A crash leaves this: the lock goes with its process, and nothing more is written.
    rmSync(join(data.folder, 'lock'));

    expect(data.start({ now: () => 5000 }).lastAlive).toBe(1600);
  });

  it('a journal is accepted when the disk failed before the last commit', async () => {
    const data = dataFolder();
    const journal = data.start();
    await alive(journal, 1000);
    const lost = alive(journal, 2000);
    vi.spyOn(StatementSync.prototype, 'all').mockImplementationOnce(() => {
      throw Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 266 });
    });
    expect(() => journal.unsettled(1)).toThrow('disk I/O error');
    journal.close();
    await expect(lost).rejects.toThrow('disk I/O error');

    expect(data.start().lastAlive).toBe(1000);
  });

  it('a journal is accepted when the process that lost it ends after the process that took it over', async () => {
    const data = dataFolder();
    const first = data.start();
    await alive(first, 2000);
    rmSync(join(data.folder, 'lock'));
    const second = data.start();
    await alive(second, 1000);
    second.close();
    first.close();

    expect(data.start().lastAlive).toBe(1000);
  });
});

describe('the note of how far a journal has come', () => {
  it('the note never contains an uncommitted write', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const folder = testFolder();
    const db = openDatabase(join(folder, 'journal.db'), false);
    onTestFinished(() => db.close());
    const meta = createMeta(db);
    const group = groupCommit(db);
    const noted = () => JSON.parse(readFileSync(join(folder, 'journal.witness'), 'utf8')).alive;
    using _noting = startNoting({ witness: witnessOf(folder), meta, group, now: () => 10, every: 1000 });

    group.write(() => meta.put('alive', '5'));
    vi.advanceTimersByTime(1000);
    expect(noted()).toBe(0);
    await vi.waitFor(() => expect(noted()).toBe(5), PATIENCE);

    const lost = group.write(() => meta.put('alive', '6'));
    vi.advanceTimersByTime(1000);
    group.abandon(new Error('the disk failed'));
    await expect(lost.durable).rejects.toThrow('the disk failed');
    vi.advanceTimersByTime(1000);

    expect(noted()).toBe(5);
  });

  it('no note is written after the end, also when a commit comes later', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const folder = testFolder();
    const db = openDatabase(join(folder, 'journal.db'), false);
    onTestFinished(() => db.close());
    const meta = createMeta(db);
    const group = groupCommit(db);
    const noting = startNoting({ witness: witnessOf(folder), meta, group, now: () => 10, every: 1000 });

    const { durable } = group.write(() => meta.put('alive', '5'));
    vi.advanceTimersByTime(1000);
    noting[Symbol.dispose]();
    group.flush();
    await durable;
    await new Promise(setImmediate);

    expect(JSON.parse(readFileSync(join(folder, 'journal.witness'), 'utf8')).alive).toBe(0);
  });
});
