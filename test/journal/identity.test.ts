import { copyFileSync, cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/core/logger.ts';
import { adoptJournal } from '../../src/journal/identity/adopt.ts';
import { differs } from '../../src/journal/identity/identity.ts';
import { closeDispatch, increment, openDispatch, unnamedSet } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';
import { deliver, REQUEST, testJournal, write } from '../support/journal.ts';
import { recordingLogger } from '../support/recording-logger.ts';

const adopt = (folder: string) =>
  adoptJournal({ folder, now: 2_000_000, log: silentLogger, counting: ['cycles', 'production'], unmoved: true });

/** A closed journal with one row of every kind. */
async function used(): Promise<{ readonly folder: string; readonly id: string; readonly epoch: number }> {
  const folder = join(testFolder(), 'data');
  const journal = testJournal(folder);
  await write(
    journal,
    increment('SENT', 1),
    increment('ON_ITS_WAY', 1),
    increment('WAITS', 1),
    openDispatch('D', 1),
    closeDispatch('D', 1),
    unnamedSet('LINE-1', 1),
  );
  await deliver(journal, 'cycles:SENT', 5);
  await deliver(journal, 'dispatch:D', 5, { dispatchId: 7 });
  const call = journal.freeze(journal.waiting('cycles:ON_ITS_WAY', 1), REQUEST, 0);
  await journal.markSending(call.id, 0, null, 6);
  await journal.commit({
    states: [
      { rule: 'strokes', state: '{"kind":"cycles"}' },
      { rule: 'parts', state: '{"kind":"production"}' },
      { rule: 'down', state: '{"kind":"dispatch"}' },
    ],
    actions: [],
    taken: [],
    values: [{ signal: 's', value: 1, quality: 'good', at: 1 }],
    at: 1,
  });
  journal.close();
  return { folder, id: journal.id, epoch: journal.epoch };
}

describe('a journal in another place', () => {
  it.each([
    ['a copied folder', (from: string, to: string) => cpSync(from, to, { recursive: true })],
    [
      'a backup that was put back',
      (from: string, to: string) => {
        mkdirSync(to);
        copyFileSync(join(from, 'journal.db'), join(to, 'backup'));
        copyFileSync(join(to, 'backup'), join(to, 'journal.db'));
        rmSync(join(to, 'backup'));
      },
    ],
  ])('the gateway does not run %s', async (_what, copy) => {
    const { folder } = await used();
    const other = join(testFolder(), 'data');
    copy(folder, other);

    expect(() => testJournal(other)).toThrow(
      /is not run: it is not the file .* run: \S*bin\/l2l-gateway journal adopt --data \S+\. That parks/,
    );
    // The gateway of the original goes on.
    expect(testJournal(folder).counts().waiting).toBe(2);
  });

  it('a journal in another place is recognised by host, file and creation time, as far as they are known', () => {
    const known = { machine: 'm', inode: '1', birth: '5' };

    expect(differs(known, known)).toBeNull();
    expect(differs(known, { ...known, machine: 'other' })).toBe('it was made on another host');
    expect(differs(known, { ...known, inode: '2' })).toContain('it is not the file');
    expect(differs(known, { ...known, birth: '6' })).toContain('it is not the file');
    expect(differs(known, { ...known, machine: null, birth: null })).toBeNull();
    expect(differs({ ...known, machine: null, birth: null }, known)).toBeNull();
  });

  it('a journal without an identity gets one, and nothing is logged', async () => {
    const { folder } = await used();
    const db = new DatabaseSync(join(folder, 'journal.db'));
    db.exec("DELETE FROM meta WHERE key = 'home'");
    db.close();
    const other = join(testFolder(), 'data');
    cpSync(folder, other, { recursive: true });

    testJournal(other).close();
    const third = join(testFolder(), 'data');
    cpSync(other, third, { recursive: true });

    expect(() => testJournal(third)).toThrow('is not run');
  });
});

describe('the adoption of a journal', () => {
  it('an adopted journal gets another id and a later epoch, and its actions are not sent', async () => {
    const { folder, id, epoch } = await used();
    const other = join(testFolder(), 'data');
    cpSync(folder, other, { recursive: true });

    const adopted = adopt(other);

    expect(adopted).toEqual({ id: expect.not.stringMatching(id), parked: 4, forgotten: 2 });
    const journal = testJournal(other);
    expect([journal.id, journal.epoch]).toEqual([adopted.id, epoch + 2]);
    expect([journal.waitingHeads(10), journal.openCalls()]).toEqual([[], []]);
    expect(journal.counts()).toMatchObject({ waiting: 0, parked: 4, deadLetters: 0 });
    expect(new Set(journal.unsettled(10).map(({ detail }) => detail))).toEqual(
      new Set(['from a copied or restored journal: it may have been sent to L2L in the meantime']),
    );
    expect(journal.chain('D#1').result).toEqual({ dispatchId: 7 });
  });

  it('an adoption lets counters start from their next reading, and keeps the open dispatches', async () => {
    const { folder } = await used();

    adopt(folder);

    const journal = testJournal(folder);
    expect([...journal.ruleStates().keys()]).toEqual(['down']);
    expect(journal.keptValues()).toEqual([]);
  });

  it('an adoption is logged as a warning and recorded as an event', async () => {
    const { folder, id } = await used();
    const log = recordingLogger();

    const adopted = adoptJournal({ folder, now: 5, log, counting: ['cycles', 'production'], unmoved: true });

    expect(log.lines).toMatchObject([{ level: 'warn', fields: { former: id, id: adopted.id, parked: 4 } }]);
    const db = new DatabaseSync(join(folder, 'journal.db'));
    expect(db.prepare('SELECT at, kind, detail FROM event').all()).toEqual([
      { at: 5, kind: 'adopted', detail: `journal ${id} as ${adopted.id}; 4 actions parked` },
    ]);
    db.close();
  });

  it('an adoption is refused while a gateway runs on the journal, and where there is none', async () => {
    const { folder } = await used();
    testJournal(folder);

    expect(() => adopt(folder)).toThrow('in use by another gateway');
    expect(() => adopt(testFolder())).toThrow('there is no journal');
  });
});
