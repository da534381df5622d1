import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import type { CallTransition } from '../../src/core/commit.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { increment, recordSet } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';
import { REQUEST, testJournal, write } from '../support/journal.ts';

const REFUSED = { at: 7, notBefore: 7, reason: 'refused', detail: 'no such machine' } as const;

function because(n: number): Action {
  const values = [{ signal: 'strokes', value: 100 + n, quality: 'good', at: n }];
  return { ...increment('A', n, n), cause: { rule: 'r', where: 'gateway.yaml:7', text: `${n} counted`, values } };
}

/** Three increments in one call that is on its way. */
async function sending(journal: Journal) {
  await write(journal, ...[1, 2, 3].map(because));
  const call = journal.freeze(journal.waiting('cycles:A', 9), REQUEST, 0);
  await journal.markSending(call.id, 0, { cycleCount: 4, at: 5 }, 5);
  return call;
}

/** All waiting actions are sent in one call. Nobody can say whether L2L took it, and its rule sends it again. */
async function tellUndecided(journal: Journal): Promise<void> {
  const { id } = journal.freeze(journal.waiting('cycles:A', 9), REQUEST, 0);
  await journal.markSending(id, 0, null, 5);
  await journal.transition(id, ['sending'], { ...REFUSED, state: 'released', reason: 'undecided' });
}

describe('journal: several actions in one call', () => {
  it('a merged call keeps the cause of each action, and the one body that was refused, over a restart', async () => {
    const folder = testFolder();
    const first = testJournal(folder);
    const { id } = await sending(first);
    await first.transition(id, ['sending'], { state: 'rejected', ...REFUSED });
    first.close();

    const call = testJournal(folder).call(id);

    expect(call).toMatchObject({ state: 'rejected', attempt: 1, request: REQUEST, detail: 'no such machine' });
    expect(call?.actions.map(({ key, params, cause }) => ({ key, params, cause }))).toEqual(
      [1, 2, 3].map(because).map(({ key, params, cause }) => ({ key, params, cause })),
    );
  });

  it('a set does not count as part of an unfinished batch because it shared an unsent call with a refused set', async () => {
    const folder = testFolder();
    const first = testJournal(folder);
    const [booked, refused, later] = [recordSet('L1', 1), recordSet('L2', 1), recordSet('L3', 1)];
    await write(first, booked, refused);
    const batch = first.freeze(
      ['production:L1', 'production:L2'].flatMap(lane => first.waiting(lane, 1)),
      REQUEST,
      0,
    );
    await first.markSending(batch.id, 0, null, 5);
    const failed = new Map([[refused.key, 'overlaps detail 5']]);
    const accepted = { state: 'accepted', at: 6, notBefore: 6, reason: null, detail: null } as const;
    await first.transition(batch.id, ['sending'], { ...accepted, failed });
    await first.decisions.decide({ kind: 'retry', id: 2, who: 'anna', confirmed: true });
    await write(first, later);
    first.freeze(
      ['production:L2', 'production:L3'].flatMap(lane => first.waiting(lane, 1)),
      REQUEST,
      0,
    );
    first.close();

    const again = testJournal(folder);

    expect(again.openCalls().map(({ id }) => id)).toEqual([batch.id]);
    expect(again.call(batch.id)?.actions.map(({ key }) => key)).toEqual([booked.key, refused.key]);
    expect(again.waitingHeads(9).map(({ key }) => key)).toEqual([refused.key, later.key]);
  });

  it('the doubts of each action are counted over restarts, until a person decides', async () => {
    const folder = testFolder();
    let journal = testJournal(folder);
    await write(journal, ...[1, 2].map(because));
    const tell = async (end: Pick<CallTransition, 'state' | 'reason'>) => {
      const { id } = journal.freeze(journal.waiting('cycles:A', 9), REQUEST, 0);
      const doubts = journal.doubts(id);
      await journal.markSending(id, 0, null, 5);
      await journal.transition(id, ['sending'], { ...REFUSED, ...end });
      journal.close();
      journal = testJournal(folder);
      return doubts;
    };
    const undecided = { state: 'released', reason: 'undecided' } as const;
    expect(await tell(undecided)).toBe(0);
    expect(await tell({ state: 'released', reason: 'blocked' })).toBe(1);
    await write(journal, because(3));
    expect(await tell(undecided)).toBe(1);
    expect(await tell({ state: 'parked', reason: 'timeout' })).toBe(2);

    await journal.decisions.decide({ kind: 'retry', id: 1, who: 'anna', confirmed: true });
    expect(await tell(undecided)).toBe(0);
  });

  it('an action that became too old before its next send is parked when L2L may have it', async () => {
    const folder = testFolder();
    const journal = testJournal(folder);
    await write(journal, ...[1, 2].map(because));
    const [first] = journal.waiting('cycles:A', 1);
    if (!first) throw new Error('nothing waits');
    for (const reason of ['undecided', 'blocked'] as const) {
      const { id } = journal.freeze([first], REQUEST, 0);
      await journal.markSending(id, 0, null, 5);
      await journal.transition(id, ['sending'], { ...REFUSED, state: 'released', reason });
    }

    await journal.giveUp(journal.waiting('cycles:A', 2), 'too old');

    expect(journal.counts()).toMatchObject({ parked: 1, deadLetters: 1 });
    expect(journal.waiting('cycles:A', 2)).toEqual([]);
  });

  it.each([
    ['released unsent', 'released'],
    ['built when the gateway ended', 'frozen'],
  ] as const)(
    'an action that was never sent is not in doubt because its call, %s, also held a sent action',
    async (_, end) => {
      const folder = testFolder();
      let journal = testJournal(folder);
      await write(journal, because(1));
      await tellUndecided(journal);
      await write(journal, because(2));
      const { id } = journal.freeze(journal.waiting('cycles:A', 2), REQUEST, 0);
      if (end === 'released') await journal.transition(id, ['frozen'], { ...REFUSED, reason: null, state: end });
      journal.close();
      journal = testJournal(folder);

      await journal.giveUp(journal.waiting('cycles:A', 2), 'too old');

      expect(journal.unsettled(9).map(({ id, state, detail }) => [id, state, detail])).toEqual([
        [2, 'dead', 'too old'],
        [1, 'parked', 'too old; L2L may have taken it when it was sent before'],
      ]);
    },
  );

  it('the doubt about an action stays when its next call began with another action, which a person retried', async () => {
    const journal = testJournal(testFolder());
    await write(journal, because(1));
    await journal.giveUp(journal.waiting('cycles:A', 1), 'too old');
    await write(journal, because(2));
    await tellUndecided(journal);
    await journal.decisions.decide({ kind: 'retry', id: 1, who: 'anna', confirmed: true });
    const { id } = journal.freeze(journal.waiting('cycles:A', 2), REQUEST, 0);
    expect(journal.doubts(id)).toBe(1);
    await journal.transition(id, ['frozen'], { ...REFUSED, reason: null, state: 'released' });

    await journal.giveUp(journal.waiting('cycles:A', 2), 'too old');

    expect(journal.unsettled(9).map(({ id, state }) => [id, state])).toEqual([
      [2, 'parked'],
      [1, 'dead'],
    ]);
  });

  it('a refused action that L2L may have is parked, and one that was never sent before is a dead letter', async () => {
    const journal = testJournal(testFolder());
    await write(journal, because(1));
    await tellUndecided(journal);
    await write(journal, because(2));
    const { id } = journal.freeze(journal.waiting('cycles:A', 2), REQUEST, 0);
    await journal.markSending(id, 0, null, 5);

    await journal.transition(id, ['sending'], { ...REFUSED, state: 'rejected' });

    expect(journal.call(id)).toMatchObject({ state: 'rejected', detail: 'no such machine' });
    expect(journal.unsettled(9).map(({ id, state, detail }) => [id, state, detail])).toEqual([
      [2, 'dead', 'no such machine'],
      [1, 'parked', 'no such machine; L2L may have taken it when it was sent before'],
    ]);
    expect(await journal.decisions.decide({ kind: 'retry', id: 1, who: 'anna', confirmed: false })).toMatchObject({
      kind: 'ask',
    });
  });

  it.each(['finish', 'park'] as const)(
    'the refused sets of a batch end before the others, also over a restart, and no decision about them is undone (%s)',
    async end => {
      const folder = testFolder();
      const first = testJournal(folder);
      await write(first, ...['L1', 'L2', 'L3'].map(line => recordSet(line, 1)));
      const { id } = first.freeze(
        ['L1', 'L2', 'L3'].flatMap(line => first.waiting(`production:${line}`, 1)),
        REQUEST,
        0,
      );
      await first.markSending(id, 0, null, 5);
      const going = { at: 7, notBefore: 9, reason: null, detail: '1 of 3' } as const;
      await first.transition(id, ['sending'], { ...going, state: 'accepted', result: { batchId: 'b' } });
      const failed = new Map([
        ['L1@1:record', 'overlaps'],
        ['L2@1:record', 'no product'],
      ]);
      await first.transition(id, ['accepted'], { ...going, state: 'accepted', failed });
      expect(first.call(id)?.ended).toEqual(new Set(failed.keys()));
      first.close();

      const journal = testJournal(folder);
      expect(journal.call(id)?.ended).toEqual(new Set(failed.keys()));
      expect(journal.call(id)?.actions).toHaveLength(3);
      expect(journal.unsettled(9).map(({ detail }) => detail)).toEqual(['no product', 'overlaps']);
      await journal.decisions.decide({ kind: 'drop', id: 1, who: 'anna', confirmed: true });
      await journal.decisions.decide({ kind: 'retry', id: 2, who: 'anna', confirmed: true });
      if (end === 'finish') await journal.finish(id, { failed, detail: '1 of 3 sets are booked' });
      else await journal.transition(id, ['accepted'], { ...going, state: 'parked' });

      const states = journal.history.page({ limit: 9 }).entries.map(({ state }) => state);
      expect(states).toEqual(['dropped', 'waiting', end === 'finish' ? 'delivered' : 'parked']);
      expect(journal.openCalls()).toEqual([]);
    },
  );

  it('all actions of a call get its outcome together', async () => {
    const journal = testJournal(testFolder());
    const { id } = await sending(journal);
    await journal.transition(id, ['sending'], { state: 'retry', ...REFUSED });
    expect(journal.counts()).toMatchObject({ waiting: 0, deadLetters: 0 });
    await journal.transition(id, ['retry'], { state: 'parked', ...REFUSED });
    expect(journal.unsettled(9).map(({ state }) => state)).toEqual(['parked', 'parked', 'parked']);
  });

  it.each(['giveUp', 'settleNothing'] as const)('nobody can take back an action that is under way (%s)', async give => {
    const journal = testJournal(testFolder());
    const { id, actions } = await sending(journal);

    await journal[give](actions, 'too old');

    expect(journal.counts()).toMatchObject({ deadLetters: 0, waiting: 0 });
    expect(await journal.transition(id, ['sending'], { state: 'delivered', ...REFUSED, reason: null })).toBe(true);
    expect(journal.call(id)?.state).toBe('delivered');
    expect(journal.unsettled(9)).toEqual([]);
  });

  it('a call takes one outcome: a second one, or one for a former state, changes nothing', async () => {
    const journal = testJournal(testFolder());
    const { id } = await sending(journal);
    expect(await journal.transition(id, ['frozen', 'retry'], { state: 'delivered', ...REFUSED })).toBe(false);
    expect(await journal.transition(id, ['sending'], { state: 'delivered', ...REFUSED })).toBe(true);
    expect(await journal.transition(id, ['sending'], { state: 'parked', ...REFUSED })).toBe(false);
    expect(journal.counts()).toMatchObject({ parked: 0 });
  });
});

describe('journal: one call of a lane at a time', () => {
  it('the rest of a halved batch goes back before later actions', async () => {
    const journal = testJournal(testFolder());
    const sets = [1, 2, 3, 4].map(n => recordSet('L', n));
    await journal.commit({ states: [], actions: sets, taken: [], values: [], at: 1 });
    const call = journal.freeze(journal.waiting('production:L', 9), REQUEST, 0);
    await journal.markSending(call.id, 0, null, 5);
    await journal.commit({ states: [], actions: [recordSet('L', 5)], taken: [], values: [], at: 6 });

    await journal.split(call.id, call.actions.slice(0, 2), REQUEST, 'overlaps');

    const waiting = ['L@3:record', 'L@4:record', 'L@5:record'];
    expect(journal.waiting('production:L', 9).map(action => action.key)).toEqual(waiting);
    expect(journal.waitingHeads(9)).toEqual([]);
  });

  it('the half of a batch that goes on stays out of its lane, also when the call was read again after a failed commit', async () => {
    const journal = testJournal(testFolder());
    const sets = [1, 2, 3, 4].map(n => recordSet('L', n));
    await journal.commit({ states: [], actions: sets, taken: [], values: [], at: 1 });
    const call = journal.freeze(journal.waiting('production:L', 9), REQUEST, 0);
    await journal.markSending(call.id, 0, null, 5);
    // After such a commit the journal has new objects, but the caller still has the old ones.
    const half = structuredClone(call.actions.slice(0, 2));

    await journal.split(call.id, half, REQUEST, 'overlaps');

    expect(journal.waiting('production:L', 9).map(action => action.key)).toEqual(['L@3:record', 'L@4:record']);
  });

  it('no second call of a lane is sent, whatever the file holds', async () => {
    const folder = testFolder();
    const first = testJournal(folder);
    const { id } = await sending(first);
    await first.transition(id, ['sending'], { state: 'retry', ...REFUSED });
    await first.commit({ states: [], actions: [increment('A', 4)], taken: [], values: [], at: 8 });
    first.close();
    // No version writes this: two calls of one lane, both to be sent.
    const file = new DatabaseSync(join(folder, 'journal.db'));
    file.exec(`INSERT INTO call (id, kind, path, body, state, attempt, not_before, created_at, epoch)
      SELECT id + 1, kind, path, body, state, attempt, not_before, created_at, epoch FROM call;
      UPDATE action SET state = 'in_call', call = ${id + 1} WHERE state = 'waiting';`);
    file.close();

    const journal = testJournal(folder);
    const marked = [await journal.markSending(id, 1, null, 9), await journal.markSending(id + 1, 1, null, 9)];

    expect(marked.filter(call => call !== null)).toHaveLength(1);
  });
});
