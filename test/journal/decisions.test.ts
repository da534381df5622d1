import { describe, expect, it } from 'vitest';
import type { Decision } from '../../src/core/history.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { closeDispatch, increment, openDispatch, recordSet, setCycles, unnamedSet } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';
import { IN_DOUBT, REFUSED, settle, testJournal, write } from '../support/journal.ts';

function idOf(journal: Journal, key: string): number {
  const found = journal.history.page({ limit: 200 }).entries.find(entry => entry.key === key);
  if (!found) throw new Error(`there is no ${key}`);
  return found.id;
}

function decide(journal: Journal, kind: Decision['kind'], key: string, change: Partial<Decision> = {}) {
  return journal.decisions.decide({ kind, id: idOf(journal, key), who: 'anna', confirmed: false, ...change });
}

/** The state of every action, by its key. */
function states(journal: Journal): Record<string, string> {
  return Object.fromEntries(journal.history.page({ limit: 200 }).entries.map(({ key, state }) => [key, state]));
}

const waitingKeys = (journal: Journal, lane: string) => journal.waiting(lane, 100).map(({ key }) => key);

describe('queue retry of an episode', () => {
  it('a retry opens a refused dispatch whose episode is active, with its true time', async () => {
    const journal = testJournal(testFolder());
    await write(journal, openDispatch('A', 1));
    await settle(journal, 'dispatch:A', REFUSED);

    expect(await decide(journal, 'retry', 'A#1:open')).toMatchObject({
      kind: 'done',
      words: 'its episode is still active: it waits to be opened, with its true begin',
    });

    const [open] = journal.waiting('dispatch:A', 10);
    expect(open).toMatchObject({ key: 'A#1:open', params: { reported: 1000 } });
    expect(open?.params).not.toHaveProperty('ifMissed');
    expect(open?.guarded).toBeUndefined();
    expect(journal.counts().deadLetters).toBe(0);
  });

  it.each(['A#1:open', 'A#1:close'])(
    'a retry of %s sends an episode that is over as one finished dispatch',
    async key => {
      const folder = testFolder();
      const journal = testJournal(folder);
      await write(journal, openDispatch('A', 1), closeDispatch('A', 1), openDispatch('A', 2));
      await settle(journal, 'dispatch:A', REFUSED);

      const decided = await decide(journal, 'retry', key);

      expect(decided.words).toContain('one finished dispatch DOWN at A');
      const expected = [
        ['A#1:open', 'add'],
        ['A#1:close', undefined],
        ['A#2:open', undefined],
      ];
      const seen = (of: Journal) =>
        of
          .waiting('dispatch:A', 10)
          .map(({ key, params }) => [key, 'ifMissed' in params ? params.ifMissed : undefined]);
      expect(seen(journal)).toEqual(expected);
      journal.close();
      expect(seen(testJournal(folder))).toEqual(expected);
    },
  );

  it('a retry of an open brings back its close, which was dropped without the open', async () => {
    const journal = testJournal(testFolder());
    await write(journal, openDispatch('A', 1), closeDispatch('A', 1));
    await settle(journal, 'dispatch:A', REFUSED);
    await journal.settleNothing(journal.waiting('dispatch:A', 1), 'its dispatch could not be opened');

    expect((await decide(journal, 'retry', 'A#1:open')).ids).toHaveLength(2);

    expect(waitingKeys(journal, 'dispatch:A')).toEqual(['A#1:open', 'A#1:close']);
  });

  it('a retry sends an action that became too old, however late', async () => {
    const journal = testJournal(testFolder());
    await write(journal, { ...openDispatch('A', 1), expiresAt: 5000 }, { ...closeDispatch('A', 1), expiresAt: 5000 });
    await journal.giveUp(journal.waiting('dispatch:A', 2), 'too old');

    await decide(journal, 'retry', 'A#1:open');

    expect(journal.waiting('dispatch:A', 10).map(({ expiresAt }) => expiresAt)).toEqual([undefined, undefined]);
  });

  it('a retry of a parked open asks the person first, and reads L2L before the send', async () => {
    const journal = testJournal(testFolder());
    await write(journal, openDispatch('A', 1));
    await settle(journal, 'dispatch:A', { state: 'parked', detail: 'dispatch 7 may be this one' });

    expect(await decide(journal, 'retry', 'A#1:open')).toEqual({
      kind: 'ask',
      words: expect.stringContaining('dispatch 7 may be this one'),
      ids: [],
    });
    expect(journal.counts().parked).toBe(1);
    await decide(journal, 'retry', 'A#1:open', { confirmed: true });

    expect(journal.waiting('dispatch:A', 1)[0]).toMatchObject({ key: 'A#1:open', guarded: true });
  });

  it('a refused close is retried alone when its dispatch is open', async () => {
    const journal = testJournal(testFolder());
    await write(journal, openDispatch('A', 1), closeDispatch('A', 1));
    await settle(journal, 'dispatch:A', { state: 'delivered', result: { dispatchId: 9 } });
    await settle(journal, 'dispatch:A', REFUSED);

    await decide(journal, 'retry', 'A#1:close');

    expect(states(journal)).toEqual({ 'A#1:open': 'delivered', 'A#1:close': 'waiting' });
  });
});

describe('a record set without a product code', () => {
  const KEY = 'LINE-1@1:record';

  it('a set without a product code is parked from the start, also over a restart, and holds up no other', async () => {
    const folder = testFolder();
    const journal = testJournal(folder);
    await write(journal, unnamedSet('LINE-1', 1), recordSet('LINE-1', 2));

    expect(waitingKeys(journal, 'production:LINE-1')).toEqual(['LINE-1@2:record']);
    expect(journal.history.page({ states: ['parked'], limit: 9 }).entries).toMatchObject([
      { key: KEY, detail: 'lookup recipes has no row for recipe = 7', settledAt: 1 },
    ]);
    journal.close();
    expect(waitingKeys(testJournal(folder), 'production:LINE-1')).toEqual(['LINE-1@2:record']);
  });

  it('a set without a product code is sent without a question when somebody names the product', async () => {
    const folder = testFolder();
    const journal = testJournal(folder);
    await write(journal, unnamedSet('LINE-1', 1));

    expect(await decide(journal, 'retry', KEY)).toMatchObject({
      kind: 'refused',
      words: expect.stringContaining('its product is not known (lookup recipes has no row for recipe = 7)'),
    });
    expect(await decide(journal, 'retry', KEY, { product: 'P7' })).toEqual({
      kind: 'done',
      words: 'it waits to be sent: record 5 good, 0 scrap of P7 on LINE-1',
      ids: [idOf(journal, KEY)],
    });

    const sent = { line: 'LINE-1', start: 60_000, end: 120_000, actual: 5, scrap: 0, product: 'P7' };
    expect(journal.waiting('production:LINE-1', 9).map(({ params }) => params)).toEqual([sent]);
    expect(journal.decisions.detail(idOf(journal, KEY))?.decisions).toMatchObject([
      { who: 'anna', why: 'as product P7', was: 'parked: lookup recipes has no row for recipe = 7' },
    ]);
    journal.close();
    expect(testJournal(folder).waiting('production:LINE-1', 9)[0]?.params).toEqual(sent);
  });

  it('a set without a product code is dropped only after a question, and L2L never gets it', async () => {
    const journal = testJournal(testFolder());
    await write(journal, unnamedSet('LINE-1', 1));

    const asked = await decide(journal, 'drop', KEY);
    expect(asked).toMatchObject({ kind: 'ask', words: expect.stringContaining('lookup recipes has no row') });
    expect(asked.words).toContain('L2L does not have it');
    expect(states(journal)).toEqual({ [KEY]: 'parked' });
    expect(await decide(journal, 'drop', KEY, { confirmed: true })).toMatchObject({ kind: 'done' });

    expect(states(journal)).toEqual({ [KEY]: 'dropped' });
  });

  it('a set without a product code is only recorded in shadow mode', async () => {
    const journal = testJournal(testFolder());
    await write(journal, { ...unnamedSet('LINE-1', 1), mode: 'shadow' });

    expect(states(journal)).toEqual({ [KEY]: 'shadow' });
  });
});

describe('queue retry that names the product', () => {
  it('a retry that names the product sends a refused set as that product', async () => {
    const journal = testJournal(testFolder());
    await write(journal, recordSet('LINE-1', 1));
    await settle(journal, 'production:LINE-1', REFUSED);

    await decide(journal, 'retry', 'LINE-1@1:record', { product: 'P7' });

    expect(journal.waiting('production:LINE-1', 9)).toMatchObject([{ params: { product: 'P7' } }]);
  });

  it('a retry that names the product is refused when L2L may have the set under its former product, and for other kinds of action', async () => {
    const journal = testJournal(testFolder());
    await write(journal, recordSet('LINE-1', 1), increment('A', 1));
    await settle(journal, 'production:LINE-1', IN_DOUBT);
    await settle(journal, 'cycles:A', REFUSED);

    for (const key of ['LINE-1@1:record', 'A@1:increment'])
      expect(await decide(journal, 'retry', key, { product: 'P7', confirmed: true })).toMatchObject({
        kind: 'refused',
        words: expect.stringContaining('--product is for a set of production'),
      });

    expect(states(journal)).toEqual({ 'LINE-1@1:record': 'parked', 'A@1:increment': 'dead' });
  });
});

describe('queue retry of counts and sets', () => {
  it('a retry of an increment puts back all increments of its call', async () => {
    const journal = testJournal(testFolder());
    await write(journal, increment('A', 1, 2), increment('A', 2, 3), increment('A', 3, 4));
    await settle(journal, 'cycles:A', REFUSED, 2);
    await settle(journal, 'cycles:A', { state: 'delivered' });

    expect(await decide(journal, 'retry', 'A@2:increment')).toMatchObject({
      kind: 'done',
      words: 'it waits to be sent again: add 5 cycles to A',
    });

    expect(waitingKeys(journal, 'cycles:A')).toEqual(['A@1:increment', 'A@2:increment']);
  });

  it('a retry of parked increments asks the person first, with both counts of L2L', async () => {
    const journal = testJournal(testFolder());
    await write(journal, increment('A', 1));
    await settle(journal, 'cycles:A', IN_DOUBT);

    const asked = await decide(journal, 'retry', 'A@1:increment');

    expect(asked.kind).toBe('ask');
    expect(asked.words).toContain('A stood at 5, stands at 9');
    expect(asked.words).toContain('retry means: L2L does not have it');
    expect((await decide(journal, 'retry', 'A@1:increment', { confirmed: true })).kind).toBe('done');
  });

  it('a retry of an absolute count is refused when a newer count exists, whatever the state of the older ones', async () => {
    const journal = testJournal(testFolder());
    await write(journal, setCycles('A', 1, 10));
    await settle(journal, 'cycles:A', REFUSED);
    await write(journal, setCycles('A', 2, 20));

    const words = 'there waits a newer count of the same counter (2), and this one would replace it. Drop this one';
    expect(await decide(journal, 'retry', 'A@1:set')).toEqual({ kind: 'refused', words, ids: [] });
    await settle(journal, 'cycles:A', { state: 'delivered' });
    expect((await decide(journal, 'retry', 'A@1:set')).words).toContain('L2L has a newer count');
    expect(states(journal)['A@1:set']).toBe('dead');
  });

  it('an absolute count is retried when it is the newest, or when the newer ones are dead letters', async () => {
    const journal = testJournal(testFolder());
    await write(journal, setCycles('A', 1, 10), setCycles('A', 2, 20));
    await settle(journal, 'cycles:A', { state: 'delivered' });
    await settle(journal, 'cycles:A', REFUSED);

    expect((await decide(journal, 'retry', 'A@2:set')).kind).toBe('done');
  });

  it('a retry of a set is refused when another set of its time was delivered since', async () => {
    const journal = testJournal(testFolder());
    await write(journal, recordSet('L1', 1), recordSet('L2', 1), recordSet('L1', 2));
    await settle(journal, 'production:L1', REFUSED);
    await settle(journal, 'production:L1', { state: 'delivered' });
    await settle(journal, 'production:L2', { state: 'delivered' });
    const overlapping = { ...recordSet('L1', 1), key: 'L1@1b:record' };

    expect(journal.decisions.detail(idOf(journal, 'L1@1:record'))?.retry.kind).toBe('done');
    await write(journal, overlapping);
    await settle(journal, 'production:L1', { state: 'delivered' });

    expect(await decide(journal, 'retry', 'L1@1:record')).toMatchObject({
      kind: 'refused',
      words: expect.stringContaining('L2L has another set for the same time on this line (4'),
    });
  });

  it('a retry of an action for another site is refused', async () => {
    const folder = testFolder();
    const journal = testJournal(folder, { destination: 'https://sandbox site 1' });
    await write(journal, increment('A', 1));
    journal.close();
    const other = testJournal(folder);

    expect(await decide(other, 'retry', 'A@1:increment', { confirmed: true })).toMatchObject({
      kind: 'refused',
      words: expect.stringContaining('it was made for https://sandbox site 1'),
    });
    expect((await decide(other, 'drop', 'A@1:increment', { confirmed: true })).kind).toBe('done');
  });
});

describe('queue retry, asked twice or too late', () => {
  it('two retries at the same time put an action back once', async () => {
    const journal = testJournal(testFolder());
    await write(journal, increment('A', 1));
    await settle(journal, 'cycles:A', REFUSED);

    const both = await Promise.all([
      decide(journal, 'retry', 'A@1:increment'),
      decide(journal, 'retry', 'A@1:increment'),
    ]);

    expect(both.map(({ kind, words }) => [kind, words])).toEqual([
      ['done', 'it waits to be sent again: add 1 cycle to A'],
      ['already', 'it is already waiting'],
    ]);
    expect(waitingKeys(journal, 'cycles:A')).toEqual(['A@1:increment']);
    expect(journal.decisions.detail(1)?.decisions).toHaveLength(1);
  });

  it('a retry never changes an action that is in a call', async () => {
    const journal = testJournal(testFolder());
    await write(journal, increment('A', 1));
    const call = journal.freeze(journal.waiting('cycles:A', 1), { method: 'POST', path: '/', body: '' }, 0);

    expect(await decide(journal, 'retry', 'A@1:increment')).toMatchObject({ kind: 'already' });
    expect(await decide(journal, 'drop', 'A@1:increment')).toMatchObject({ kind: 'refused' });
    expect(await journal.markSending(call.id, 0, null, 5)).not.toBeNull();
  });

  it.each([
    ['delivered', 'already', 'L2L has it: there is nothing to retry'],
    ['dropped', 'refused', 'it was dropped (the rule says so): there is nothing to retry'],
  ] as const)('a retry of an action that is %s is refused with its reason', async (state, kind, words) => {
    const journal = testJournal(testFolder());
    await write(journal, increment('A', 1));
    await settle(journal, 'cycles:A', { state, detail: 'the rule says so' });

    expect(await decide(journal, 'retry', 'A@1:increment')).toEqual({ kind, words, ids: [] });
  });

  it('a retry with an unknown number is refused', async () => {
    const journal = testJournal(testFolder());

    expect(await journal.decisions.decide({ kind: 'retry', id: 77, who: 'anna', confirmed: true })).toEqual({
      kind: 'unknown_id',
      words: 'the journal has no action 77',
      ids: [],
    });
  });
});

describe('queue drop', () => {
  it('a drop of a dead open drops its close too, and records the person and the reason', async () => {
    const folder = testFolder();
    const journal = testJournal(folder);
    await write(journal, openDispatch('A', 1), closeDispatch('A', 1), openDispatch('A', 2));
    await settle(journal, 'dispatch:A', REFUSED);

    const decided = await decide(journal, 'drop', 'A#1:open', { why: 'opened by hand' });

    expect(decided).toMatchObject({ kind: 'done', ids: [1, 2] });
    expect(decided.words).toContain('and its close with it');
    expect(waitingKeys(journal, 'dispatch:A')).toEqual(['A#2:open']);
    journal.close();
    const again = testJournal(folder);
    expect(states(again)).toEqual({ 'A#1:open': 'dropped', 'A#1:close': 'dropped', 'A#2:open': 'waiting' });
    expect(again.history.entry(2)?.detail).toBe('dropped by anna: opened by hand');
    expect(again.decisions.detail(2)?.decisions).toEqual([
      { at: 1_000_000, kind: 'drop', who: 'anna', why: 'opened by hand', was: 'held: its open 1 was dead' },
    ]);
    // A close that comes later has nothing to close.
    expect(again.chain('A#1').open).toBe('dropped');
  });

  it('a drop of a held close asks before it drops the dead open too, and names both', async () => {
    const journal = testJournal(testFolder());
    await write(journal, openDispatch('A', 1), closeDispatch('A', 1));
    await settle(journal, 'dispatch:A', REFUSED);

    const asked = await decide(journal, 'drop', 'A#1:close');
    expect(asked).toMatchObject({ kind: 'ask', ids: [] });
    expect(asked.words).toContain('its open 1 is dead: No such machine');
    expect(asked.words).toContain('drop gives up both, the open 1 and the close 2');
    expect(states(journal)).toEqual({ 'A#1:open': 'dead', 'A#1:close': 'waiting' });

    const decided = await decide(journal, 'drop', 'A#1:close', { confirmed: true });
    expect(decided.words).toContain('and its open with it');
    expect(states(journal)).toEqual({ 'A#1:open': 'dropped', 'A#1:close': 'dropped' });
    const was = (id: number) => journal.decisions.detail(id)?.decisions[0]?.was;
    expect([was(1), was(2)]).toEqual(['dead: No such machine', 'held: its open 1 was dead']);
  });

  it('a drop of a parked action asks the person first', async () => {
    const journal = testJournal(testFolder());
    await write(journal, increment('A', 1));
    await settle(journal, 'cycles:A', IN_DOUBT);

    expect((await decide(journal, 'drop', 'A@1:increment')).words).toContain('drop means: L2L has it');
    expect(states(journal)).toEqual({ 'A@1:increment': 'parked' });
    expect((await decide(journal, 'drop', 'A@1:increment', { confirmed: true })).kind).toBe('done');
    expect((await decide(journal, 'drop', 'A@1:increment')).kind).toBe('already');
  });

  it('a drop accepts a blocked open, and refuses an action that only waits for its turn', async () => {
    const journal = testJournal(testFolder());
    await write(journal, openDispatch('A', 1), increment('B', 1));
    await settle(journal, 'dispatch:A', { state: 'released', reason: 'blocked', notBefore: 9_000_000, detail: 'by 5' });

    expect((await decide(journal, 'drop', 'A#1:open')).kind).toBe('done');
    expect(await decide(journal, 'drop', 'B@1:increment')).toMatchObject({
      kind: 'refused',
      words: expect.stringContaining('only waits for its turn'),
    });
    expect(states(journal)).toEqual({ 'A#1:open': 'dropped', 'B@1:increment': 'waiting' });
    expect(journal.waitingHeads(10).map(({ key }) => key)).toEqual(['B@1:increment']);
  });

  it.each(['blocked', 'too old', 'parked'] as const)(
    'a drop of an open that L2L may have from an earlier call (%s) asks first, and names the dispatch that would stay open',
    async how => {
      const journal = testJournal(testFolder());
      await write(journal, openDispatch('A', 1), closeDispatch('A', 1));
      const aside = {
        state: 'released',
        reason: 'blocked',
        notBefore: 9_000_000,
        detail: 'by 5',
        guarded: true,
      } as const;
      await settle(journal, 'dispatch:A', how === 'parked' ? IN_DOUBT : aside);
      if (how === 'too old') await journal.giveUp(journal.waiting('dispatch:A', 1), 'too old');

      const asked = await decide(journal, 'drop', 'A#1:open');
      expect(asked).toMatchObject({ kind: 'ask', words: expect.stringContaining('nobody knows whether L2L has it') });
      expect(states(journal)['A#1:open']).not.toBe('dropped');
      const { words } = await decide(journal, 'drop', 'A#1:open', { confirmed: true });
      expect(words).toMatch(/and its close with it; if it is open in L2L, it stays open until a person closes it$/);
    },
  );

  it('a retry of an action that L2L may have from an earlier call reports that the gateway reads L2L first', async () => {
    const journal = testJournal(testFolder());
    await write(journal, openDispatch('A', 1));
    await settle(journal, 'dispatch:A', { state: 'released', reason: 'timeout', guarded: true });
    await journal.giveUp(journal.waiting('dispatch:A', 1), 'too old');

    expect((await decide(journal, 'retry', 'A#1:open')).words).toMatch(/; the gateway first looks for it in L2L$/);
    expect(journal.waiting('dispatch:A', 1)[0]).toMatchObject({ guarded: true });
  });

  it('a drop of a close reports that its dispatch stays open', async () => {
    const journal = testJournal(testFolder());
    await write(journal, openDispatch('A', 1), closeDispatch('A', 1));
    await settle(journal, 'dispatch:A', { state: 'delivered', result: { dispatchId: 9 } });
    await settle(journal, 'dispatch:A', REFUSED);

    expect((await decide(journal, 'drop', 'A#1:close')).words).toContain('stays open in L2L until a person closes it');
    expect(states(journal)).toEqual({ 'A#1:open': 'delivered', 'A#1:close': 'dropped' });
  });
});
