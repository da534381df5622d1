import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { StartError } from '../../src/core/errors.ts';
import type { HistoryQuery } from '../../src/core/history.ts';
import { openJournalFile, readOrSay } from '../../src/journal/file/journal-file.ts';
import type { History } from '../../src/journal/history/history.ts';
import { closeDispatch, increment, openDispatch, recordSet } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';
import { DESTINATION, REFUSED, settle, testJournal, write } from '../support/journal.ts';

/** All pages of a query, as lists of ids. */
function pages(history: History, wanted: HistoryQuery): number[][] {
  const all: number[][] = [];
  let after = wanted.after;
  for (;;) {
    const { entries, next } = history.page({ ...wanted, ...(after !== undefined && { after }) });
    all.push(entries.map(({ id }) => id));
    if (next === null) return all;
    after = next;
  }
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);

describe('the history of actions', () => {
  it('the history lists every action once, page by page, in both directions', async () => {
    const journal = testJournal(testFolder());
    await write(journal, ...range(1, 25).map(n => increment('A', n)));

    expect(pages(journal.history, { limit: 10 }).flat()).toEqual(range(1, 25));
    expect(pages(journal.history, { limit: 10, newestFirst: true }).flat()).toEqual(range(1, 25).toReversed());
    expect(pages(journal.history, { limit: 10 })[0]).toEqual(range(1, 10));
  });

  it('the history merges states in the order of ids, and leaves out no action when one state has more rows', async () => {
    const journal = testJournal(testFolder());
    // One third of the lanes is refused, one third is parked, the rest waits.
    await write(journal, ...range(1, 60).map(n => increment(`M${n}`, n)));
    for (const n of range(1, 60)) {
      if (n % 3 === 0) await settle(journal, `cycles:M${n}`, REFUSED);
      else if (n % 3 === 1 && n < 20) await settle(journal, `cycles:M${n}`, { state: 'parked' });
    }
    const dead = range(1, 60).filter(n => n % 3 === 0);
    const parked = range(1, 19).filter(n => n % 3 === 1);
    const both = [...dead, ...parked].sort((a, b) => a - b);

    expect(pages(journal.history, { states: ['dead', 'parked'], limit: 4 }).flat()).toEqual(both);
    expect(pages(journal.history, { states: ['dead', 'parked'], limit: 4, newestFirst: true }).flat()).toEqual(
      both.toReversed(),
    );
    expect(pages(journal.history, { states: ['delivered'], limit: 4 }).flat()).toEqual([]);
  });

  it('the history reads a bounded number of rows for a page, and still finds the rows after them', async () => {
    const journal = testJournal(testFolder());
    await write(journal, ...range(1, 12_000).map(n => increment('A', n)), increment('B', 12_001));

    const found = pages(journal.history, { machine: 'B', limit: 10 });

    expect(found).toEqual([[], [], [12_001]]);
    expect(pages(journal.history, { machine: 'B', limit: 10, states: ['waiting'] })).toEqual([[], [], [12_001]]);
  });

  it('the history lists no action twice when one state has more rows than another', async () => {
    const journal = testJournal(testFolder());
    await write(journal, ...range(1, 6000).map(n => increment('A', n)), increment('B', 1), increment('B', 2));
    await settle(journal, 'cycles:B', { state: 'parked' });

    expect(pages(journal.history, { machine: 'B', limit: 10, states: ['waiting', 'parked'] }).flat()).toEqual([
      6001, 6002,
    ]);
  });

  it.each<[Omit<HistoryQuery, 'limit'>, number[]]>([
    [{ machine: 'A' }, [1, 3, 4]],
    [{ machine: 'L1' }, [5]],
    [{ kind: 'open_dispatch' }, [3]],
    [{ rule: 'other' }, [2]],
    [{ rule: 'nobody' }, []],
    [{ since: 2000, until: 3000 }, [2, 3]],
    [{ states: ['waiting'], machine: 'A', kind: 'increment_cycles' }, [1]],
  ])('the history finds actions by %o', async (wanted, ids) => {
    const journal = testJournal(testFolder());
    await write(
      journal,
      increment('A', 1),
      { ...increment('B', 2), rule: 'other' },
      openDispatch('A', 3),
      closeDispatch('A', 3),
      recordSet('L1', 1),
    );

    expect(pages(journal.history, { ...wanted, limit: 10 }).flat()).toEqual(ids);
  });

  it('the history of an action has every call, with its body and its outcome', async () => {
    const folder = testFolder();
    const journal = testJournal(folder);
    await write(journal, openDispatch('A', 1), closeDispatch('A', 1));
    const first = await settle(journal, 'dispatch:A', { ...REFUSED, answer: '{"success":false}' });
    await journal.decisions.decide({ kind: 'retry', id: 1, who: 'anna', confirmed: false });
    const second = await settle(journal, 'dispatch:A', { state: 'delivered', result: { dispatchId: 9 } });

    expect(journal.decisions.detail(1)).toMatchObject({
      id: 1,
      state: 'delivered',
      result: { dispatchId: 9 },
      cause: { rule: 'r', where: 'gateway.yaml:1', text: 'because' },
      calls: [
        { id: second, predecessor: first, state: 'delivered', request: { body: 'site=43&code=A' } },
        {
          id: first,
          state: 'rejected',
          detail: 'No such machine',
          attempts: [{ attempt: 1, at: 960_000, reason: 'refused', answer: '{"success":false}' }],
        },
      ],
      others: [{ id: 2, kind: 'close_dispatch', state: 'waiting' }],
      decisions: [{ kind: 'retry', who: 'anna', was: 'dead: No such machine' }],
      retry: { kind: 'already', words: 'L2L has it: there is nothing to retry' },
    });
  });

  it('the history of a retried action survives a crash before its next send', async () => {
    const folder = testFolder();
    const journal = testJournal(folder);
    await write(journal, increment('A', 1));
    const first = await settle(journal, 'cycles:A', REFUSED);
    await journal.decisions.decide({ kind: 'retry', id: 1, who: 'anna', confirmed: false });
    journal.freeze(journal.waiting('cycles:A', 1), { method: 'POST', path: '/', body: '' }, 0);
    journal.close();

    const again = testJournal(folder);

    expect(again.history.entry(1)).toMatchObject({ state: 'waiting' });
    expect(again.decisions.detail(1)?.calls.map(({ id }) => id)).toEqual([first]);
  });

  it('the history of a call with attempts over days shows only a few of them', async () => {
    const journal = testJournal(testFolder());
    await write(journal, increment('A', 1));
    const id = await settle(journal, 'cycles:A', { state: 'unknown' });
    for (let n = 0; n < 299; n++)
      await journal.transition(id, ['unknown'], { state: 'unknown', at: n, notBefore: 0, reason: null, detail: null });

    const [call] = journal.decisions.detail(1)?.calls ?? [];

    expect([call?.attempts.length, call?.attemptsLeftOut, call?.attempts.at(-1)?.at]).toEqual([200, 100, 298]);
  });

  it('the history reports that a close waits for the outcome of its open', async () => {
    const journal = testJournal(testFolder());
    await write(journal, openDispatch('A', 1), closeDispatch('A', 1));
    expect(journal.history.entry(2)?.held).toBe(false);

    await settle(journal, 'dispatch:A', { state: 'parked', detail: 'nobody can tell' });

    expect(journal.history.entry(2)?.held).toBe(true);
  });
});

describe('the status of a journal file', () => {
  it('a journal file is read with and without a running gateway, and nothing is written', async () => {
    const folder = testFolder();
    const journal = testJournal(folder);
    await write(journal, openDispatch('A', 1));
    await settle(journal, 'dispatch:A', REFUSED);
    const read = () => {
      using file = openJournalFile(folder, DESTINATION);
      return [file.history.page({ limit: 10 }).entries.length, file.prospects.detail(1)?.retry.kind];
    };

    expect(read()).toEqual([1, 'done']);
    journal.close();
    expect(read()).toEqual([1, 'done']);
    expect(testJournal(folder).epoch).toBe(2);
  });

  it.each([
    ['in its middle', 2, 'database disk image is malformed'],
    ['at its beginning', 0, 'file is not a database'],
  ])('the status of a journal file says that the file is damaged %s', async (_what, page, found) => {
    const folder = testFolder();
    const journal = testJournal(folder);
    await write(journal, openDispatch('A', 1));
    journal.close();
    const path = join(folder, 'journal.db');
    const bytes = readFileSync(path);
    bytes.fill(0xaa, page * 4096);
    writeFileSync(path, bytes);
    const read = () => {
      using file = openJournalFile(folder, null);
      return readOrSay(folder, () => file.history.page({ limit: 10 }));
    };

    expect(read).toThrow(StartError);
    expect(read).toThrow(`the journal ${path} can't be read: ${found}. The file was not changed`);
  });

  it('a missing journal file is reported', () => {
    expect(() => openJournalFile('/nowhere/at/all', null)).toThrow('there is no journal in /nowhere/at/all');
  });
});
