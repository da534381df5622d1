import { describe, expect, it, vi } from 'vitest';
import type { Done } from '../../src/core/done.ts';
import { closeDispatch, increment, openDispatch, recordSet } from '../support/actions.ts';
import { openBench, PATIENCE } from './harness.ts';
import { DELIVERED, LOST, REFUSED } from './scripted-delivery.ts';

/** A queue and its reports: kind, keys of the actions, and whether the journal had them by then. */
async function bench() {
  const seen: { readonly kind: Done['kind']; readonly keys: readonly string[]; readonly detail: string | null }[] = [];
  const unwritten: string[] = [];
  const opened = await openBench({
    onDone({ kind, actions, detail }) {
      seen.push({ kind, keys: actions.map(({ key }) => key), detail });
      for (const { id, key } of actions) {
        const state = opened.journal.history.entry(id)?.state;
        if (state !== (kind === 'accepted' ? 'in_call' : kind)) unwritten.push(`${key} ${state}`);
      }
    },
  });
  return { ...opened, seen, unwritten };
}

describe('onDone of the queue', () => {
  it('the queue reports each call once, whether L2L answered it or a look-up found it', async () => {
    const { delivery, commit, seen, unwritten } = await bench();
    delivery.on.send = ({ actions }) => (actions[0]?.key === 'M1#1:open' ? LOST : DELIVERED);
    delivery.on.look = () => ({ kind: 'applied', result: { dispatchId: 9 }, detail: 'found' });

    await commit(openDispatch('M1', 1), closeDispatch('M1', 1), increment('M2', 1));
    await vi.waitFor(() => expect(seen).toHaveLength(3), PATIENCE);

    expect(seen.flatMap(({ kind, keys }) => keys.map(key => `${kind} ${key}`)).toSorted()).toEqual([
      'delivered M1#1:close',
      'delivered M1#1:open',
      'delivered M2@1:increment',
    ]);
    expect(unwritten).toEqual([]);
  });

  it('the queue reports actions that needed no call, with the reason', async () => {
    const { delivery, commit, seen, unwritten } = await bench();
    delivery.on.freeze = () => ({ kind: 'nothing', why: 'it was over' });

    await commit(openDispatch('M1', 1));
    await vi.waitFor(() => expect(seen).toHaveLength(1), PATIENCE);

    expect(seen).toEqual([{ kind: 'nothing', keys: ['M1#1:open'], detail: 'it was over' }]);
    expect(unwritten).toEqual([]);
  });

  it('the queue reports an accepted batch, and then the sets that L2L booked', async () => {
    const { delivery, commit, seen } = await bench();
    const [booked, refused, lost, early] = ['L1', 'L2', 'L3', 'L4'].map(line => recordSet(line, 1).key);
    delivery.on.send = () => ({ kind: 'accepted', result: { batchId: '7' }, answer: '{}' });
    let looks = 0;
    delivery.on.follow = () => {
      looks += 1;
      if (looks < 3) return { kind: 'pending', detail: '1 of 4', failed: new Map([[early ?? '', 'overlaps']]) };
      const failed = new Map([[refused ?? '', 'no product']]);
      return { kind: 'final', failed, parked: new Map([[lost ?? '', 'never came']]), detail: '1 of 4' };
    };

    await commit(recordSet('L1', 1), recordSet('L2', 1), recordSet('L3', 1), recordSet('L4', 1));
    await vi.waitFor(() => expect(seen).toHaveLength(2), PATIENCE);

    expect(seen.map(({ kind, keys }) => [kind, keys])).toEqual([
      ['accepted', [booked, refused, lost, early]],
      ['delivered', [booked]],
    ]);
  });

  it('the queue reports nothing that L2L refused', async () => {
    const { delivery, commit, journal, seen } = await bench();
    delivery.on.send = ({ actions }) => (actions[0]?.key === 'M1#1:open' ? REFUSED : DELIVERED);

    await commit(openDispatch('M1', 1), increment('M2', 1));
    await vi.waitFor(() => {
      expect(journal.counts()).toMatchObject({ deadLetters: 1, waiting: 0 });
      expect(seen).toHaveLength(1);
    }, PATIENCE);

    expect(seen.map(({ keys }) => keys)).toEqual([['M2@1:increment']]);
  });
});
