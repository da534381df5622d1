import { describe, expect, it } from 'vitest';
import type { HistoryEntry, Recode } from '../../src/core/history.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { closeDispatch, increment, openDispatch, setCycles } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';
import { IN_DOUBT, REFUSED, REQUEST, settle, testJournal, write } from '../support/journal.ts';

/** The machine of each rule has changed. */
const to =
  (machine: string): Recode =>
  ({ lane, params }: HistoryEntry) => ({
    lane: `${lane.slice(0, lane.indexOf(':'))}:${machine}`,
    params: { ...params, machine } as HistoryEntry['params'],
  });

function idOf(journal: Journal, key: string): number {
  const found = journal.history.page({ limit: 200 }).entries.find(entry => entry.key === key);
  if (!found) throw new Error(`there is no ${key}`);
  return found.id;
}

const retry = (journal: Journal, key: string, recode?: Recode) =>
  journal.decisions.decide(
    { kind: 'retry', id: idOf(journal, key), who: 'anna', asRule: true, confirmed: true },
    recode,
  );
const waiting = (journal: Journal, lane: string) =>
  journal.waiting(lane, 100).map(({ key, params }) => [key, 'machine' in params && params.machine]);

describe('retry --as-rule', () => {
  it('--as-rule sends a refused episode and its close with the present codes of the rule, and keeps its times', async () => {
    const folder = testFolder();
    const journal = testJournal(folder);
    await write(journal, openDispatch('A', 1), closeDispatch('A', 1));
    await settle(journal, 'dispatch:A', REFUSED);

    const shown = journal.decisions.detail(idOf(journal, 'A#1:open'), to('B'));
    expect(shown?.asRule).toMatchObject({ kind: 'done', words: expect.stringMatching(/DOWN at B.*; machine A -> B$/) });
    expect(await retry(journal, 'A#1:open', to('B'))).toMatchObject({ kind: 'done' });

    const both = [
      ['A#1:open', 'B'],
      ['A#1:close', 'B'],
    ];
    expect(waiting(journal, 'dispatch:B')).toEqual(both);
    expect(waiting(journal, 'dispatch:A')).toEqual([]);
    expect(journal.waiting('dispatch:B', 1)[0]).toMatchObject({
      at: 1000,
      params: { reported: 1000, ifMissed: 'add' },
    });
    expect(journal.decisions.detail(idOf(journal, 'A#1:open'))?.decisions).toMatchObject([
      { why: 'as its rule says now: machine A -> B' },
    ]);
    journal.close();
    expect(waiting(testJournal(folder), 'dispatch:B')).toEqual(both);
  });

  it('--as-rule gives the close of an active episode the machine of its open, although the rule state has the old machine', async () => {
    const journal = testJournal(testFolder());
    await write(journal, openDispatch('A', 1));
    await settle(journal, 'dispatch:A', REFUSED);
    await retry(journal, 'A#1:open', to('B'));
    await write(journal, closeDispatch('A', 1));
    expect(waiting(journal, 'dispatch:B')).toEqual([
      ['A#1:open', 'B'],
      ['A#1:close', 'B'],
    ]);
  });

  it('--as-rule changes no open dispatch, and no action that L2L may have', async () => {
    const journal = testJournal(testFolder());
    await write(journal, openDispatch('A', 1), closeDispatch('A', 1), openDispatch('C', 2));
    await settle(journal, 'dispatch:A', { state: 'delivered', result: { dispatchId: 5 } });
    await settle(journal, 'dispatch:A', REFUSED);
    await settle(journal, 'dispatch:C', IN_DOUBT);
    expect(await retry(journal, 'A#1:close', to('B'))).toMatchObject({
      kind: 'refused',
      words: /ends where it was opened/,
    });
    expect(await retry(journal, 'C#2:open', to('B'))).toMatchObject({ kind: 'refused', words: /L2L may have it/ });
    expect(journal.waiting('dispatch:B', 10)).toEqual([]);
  });

  it('--as-rule reports why a rule gives no codes, and sends the same codes when they have not changed', async () => {
    const journal = testJournal(testFolder());
    await write(journal, openDispatch('A', 1));
    await settle(journal, 'dispatch:A', REFUSED);
    const gone = await retry(journal, 'A#1:open', () => ({ why: 'the config has no rule r any more' }));
    expect(gone).toMatchObject({ kind: 'refused', words: 'the config has no rule r any more' });
    expect(await retry(journal, 'A#1:open')).toMatchObject({ kind: 'refused' });
    expect(await retry(journal, 'A#1:open', to('A'))).toMatchObject({ kind: 'done', words: /the same codes/ });
    expect(waiting(journal, 'dispatch:A')).toEqual([['A#1:open', 'A']]);
  });
});

/** A call whose machine L2L did not know: it was never sent, and is tried again. */
async function unknown(journal: Journal, lane: string): Promise<void> {
  const call = journal.freeze(journal.waiting(lane, 10), REQUEST, 0);
  const why = { at: 1, notBefore: 2, reason: 'code', detail: 'L2L knows no machine' } as const;
  await journal.transition(call.id, ['frozen'], { state: 'retry', ...why });
}

describe('a corrected file', () => {
  it('a corrected file changes actions with an unknown machine at the next start, once, and an event records it', async () => {
    const folder = testFolder();
    const before = testJournal(folder);
    await write(before, increment('A', 1), increment('A', 2), increment('C', 1), setCycles('D', 1, 7));
    await unknown(before, 'cycles:A');
    await unknown(before, 'cycles:D');
    await write(before, increment('A', 3));
    before.close();

    const journal = testJournal(folder);
    await journal.corrections.recodeWaiting(to('B'));
    const keys = (lane: string) => journal.waiting(lane, 100).map(({ key }) => key);
    expect(keys('cycles:B')).toEqual(['A@1:increment', 'A@2:increment', setCycles('D', 1, 7).key, 'A@3:increment']);
    expect(keys('cycles:A')).toEqual([]);
    // L2L did not refuse this machine.
    expect(keys('cycles:C')).toEqual(['C@1:increment']);
    expect(journal.events(10)).toContainEqual(
      expect.objectContaining({ kind: 'recoded', detail: expect.stringMatching(/^actions \d+: machine A -> B$/) }),
    );
    expect(await journal.corrections.recodeWaiting(to('B'))).toEqual([]);
  });

  it('a corrected file does not change a counter when L2L has a count of it', async () => {
    const folder = testFolder();
    const before = testJournal(folder);
    await write(before, setCycles('D', 1, 7));
    await settle(before, 'cycles:D', { state: 'delivered', result: { cycleAnchor: 5 } });
    await write(before, setCycles('D', 2, 9));
    await unknown(before, 'cycles:D');
    before.close();
    const journal = testJournal(folder);
    expect(await journal.corrections.recodeWaiting(to('B'))).toEqual([]);
    expect(journal.waiting('cycles:D', 10)).toHaveLength(1);
  });

  it('another zone rebuilds calls of the former zone that certainly had no effect', async () => {
    const folder = testFolder();
    const before = testJournal(folder, { timezone: 'Europe/Berlin' });
    await write(before, openDispatch('A', 1), increment('A', 1));
    await settle(before, 'dispatch:A', { state: 'retry', reason: 'network' });
    await settle(before, 'cycles:A', { state: 'retry', reason: 'network' });
    before.close();
    const same = testJournal(folder, { timezone: 'Europe/Berlin' });
    expect(same.openCalls()).toHaveLength(2);
    same.close();
    const journal = testJournal(folder, { timezone: 'America/Denver' });
    expect(journal.openCalls().map(({ kind }) => kind)).toEqual(['increment_cycles']);
    expect(journal.waiting('dispatch:A', 10)).toHaveLength(1);
  });

  it('a corrected file changes a call that was made for the former machine after the start, and only when the rule has another machine', async () => {
    const journal = testJournal(testFolder());
    await write(journal, increment('A', 1), increment('A', 2), openDispatch('C', 1));
    const call = journal.freeze(journal.waiting('cycles:A', 1), REQUEST, 0);
    expect(await journal.corrections.recodeCall(call, 'no machine A', to('A'))).toBeNull();
    expect(journal.call(call.id)?.state).toBe('frozen');
    expect(await journal.corrections.recodeCall(call, 'no machine A', to('B'))).toMatchObject({
      words: 'machine A -> B',
    });
    expect(journal.call(call.id)?.state).toBe('released');
    expect(waiting(journal, 'cycles:B')).toEqual([['A@1:increment', 'B']]);
    expect(waiting(journal, 'cycles:A')).toEqual([['A@2:increment', 'A']]);

    const open = journal.freeze(journal.waiting('dispatch:C', 1), REQUEST, 0);
    await journal.corrections.recodeCall(open, 'no machine C', to('B'));
    await write(journal, closeDispatch('C', 1));
    expect(waiting(journal, 'dispatch:B')).toEqual([
      ['C#1:open', 'B'],
      ['C#1:close', 'B'],
    ]);
  });
});
