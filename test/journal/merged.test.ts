import { describe, expect, it, onTestFinished } from 'vitest';
import type { Action } from '../../src/core/action.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { type Journal, openJournal } from '../../src/journal/journal.ts';
import { increment } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';

const REQUEST = { method: 'POST', path: '/api/1.0/machines/increment_cycle_count/', body: 'cyclecount=6' } as const;
const REFUSED = { at: 7, notBefore: 7, reason: 'refused', detail: 'no such machine' } as const;

function open(folder: string): Journal {
  const now = () => 1_000_000;
  const journal = openJournal({ folder, destination: 'site 43', now, settle: () => 60_000, log: silentLogger });
  onTestFinished(() => journal.close());
  return journal;
}

function because(n: number): Action {
  const values = [{ signal: 'strokes', value: 100 + n, quality: 'good', at: n }];
  return { ...increment('A', n, n), cause: { rule: 'r', where: 'gateway.yaml:7', text: `${n} counted`, values } };
}

/** Three increments in one call that is on its way. */
async function sending(journal: Journal) {
  await journal.commit({ states: [], actions: [1, 2, 3].map(because), taken: [], values: [], at: 1 });
  const call = journal.freeze(journal.waiting('cycles:A', 9), REQUEST, 0);
  await journal.markSending(call.id, 0, { cycleCount: 4, at: 5 }, 5);
  return call;
}

describe('journal: several actions in one call', () => {
  it('keeps why each was made, and the one body that was refused, over a restart', async () => {
    const folder = testFolder();
    const first = open(folder);
    const { id } = await sending(first);
    await first.transition(id, ['sending'], { state: 'rejected', ...REFUSED });
    first.close();

    const call = open(folder).call(id);

    expect(call).toMatchObject({ state: 'rejected', attempt: 1, request: REQUEST, detail: 'no such machine' });
    expect(call?.actions.map(({ key, params, cause }) => ({ key, params, cause }))).toEqual(
      [1, 2, 3].map(because).map(({ key, params, cause }) => ({ key, params, cause })),
    );
  });

  it('settles all of them together, never one without the others', async () => {
    const journal = open(testFolder());
    const { id } = await sending(journal);
    await journal.transition(id, ['sending'], { state: 'retry', ...REFUSED });
    expect(journal.counts()).toMatchObject({ waiting: 0, deadLetters: 0 });
    await journal.transition(id, ['retry'], { state: 'parked', ...REFUSED });
    expect(journal.unsettled(9).map(({ state }) => state)).toEqual(['parked', 'parked', 'parked']);
  });

  it.each(['giveUp', 'settleNothing'] as const)(
    'lets nobody take an action back that is on its way (%s)',
    async give => {
      const journal = open(testFolder());
      const { id, actions } = await sending(journal);

      await journal[give](actions, 'too old');

      expect(journal.counts()).toMatchObject({ deadLetters: 0, waiting: 0 });
      expect(await journal.transition(id, ['sending'], { state: 'delivered', ...REFUSED, reason: null })).toBe(true);
      expect(journal.call(id)?.state).toBe('delivered');
      expect(journal.unsettled(9)).toEqual([]);
    },
  );

  it('takes an outcome once: a second one, or one for a state it has left, changes nothing', async () => {
    const journal = open(testFolder());
    const { id } = await sending(journal);
    expect(await journal.transition(id, ['frozen', 'retry'], { state: 'delivered', ...REFUSED })).toBe(false);
    expect(await journal.transition(id, ['sending'], { state: 'delivered', ...REFUSED })).toBe(true);
    expect(await journal.transition(id, ['sending'], { state: 'parked', ...REFUSED })).toBe(false);
    expect(journal.counts()).toMatchObject({ parked: 0 });
  });
});
