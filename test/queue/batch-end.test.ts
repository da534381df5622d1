import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { increment, recordSet } from '../support/actions.ts';
import { openBench, PATIENCE } from './harness.ts';
import { DELIVERED, LOST, scriptedDelivery } from './scripted-delivery.ts';

describe('a batch that ended in parts', () => {
  it('a refused set is a dead letter at once, and a person can retry it before the others are final', async () => {
    const { delivery, journal, queue, log, commit, isIdle } = await openBench();
    const [refused, slow] = [recordSet('L1', 1), recordSet('L2', 1)];
    let isFinal = false;
    const failed = new Map([[refused.key, 'overlaps detail 5']]);
    delivery.on.send = () => (delivery.sent.length === 1 ? { kind: 'accepted', result: {}, answer: '{}' } : DELIVERED);
    delivery.on.follow = () => {
      const detail = `${isFinal ? 2 : 1} of 2 sets are final`;
      return isFinal ? { kind: 'final', failed, detail } : { kind: 'pending', failed, detail };
    };
    await commit(refused, slow);
    await vi.waitFor(() => expect(delivery.followed.length).toBeGreaterThan(2), PATIENCE);

    expect(journal.openCalls()).toMatchObject([{ state: 'accepted' }]);
    expect(journal.unsettled(9)).toMatchObject([{ state: 'dead', lane: 'production:L1', detail: 'overlaps detail 5' }]);
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);

    const [{ id } = { id: 0 }] = journal.unsettled(1);
    await journal.decisions.decide({ kind: 'retry', id, who: 'anna', confirmed: true });
    queue.reconsider();
    await vi.waitFor(() => expect(journal.history.entry(id)?.state).toBe('delivered'), PATIENCE);
    isFinal = true;
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(journal.history.page({ limit: 9 }).entries.map(({ state }) => state)).toEqual(['delivered', 'delivered']);
    expect(delivery.sent.map(({ keys }) => keys)).toEqual([[refused.key, slow.key], [refused.key]]);
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  it('a batch is delivered, refused and parked set by set, and the log names what a person has to decide', async () => {
    const { delivery, journal, log, commit, isIdle } = await openBench();
    const sets = [recordSet('L1', 1), recordSet('L2', 1), recordSet('L3', 1)];
    const [, refused, doubtful] = sets.map(({ key }) => key);
    delivery.on.send = () => ({ kind: 'accepted', result: {}, answer: '{}' });
    delivery.on.follow = () => ({
      kind: 'final',
      failed: new Map([[refused ?? '', 'overlaps detail 5']]),
      parked: new Map([[doubtful ?? '', 'never came']]),
      detail: '1 of 3 sets are booked',
    });
    await commit(...sets);
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(journal.unsettled(10)).toMatchObject([
      { state: 'parked', lane: 'production:L3', detail: 'never came' },
      { state: 'dead', lane: 'production:L2', detail: 'overlaps detail 5' },
    ]);
    const logged = log.lines.filter(({ level }) => level === 'error').map(({ fields }) => fields);
    expect(logged).toMatchObject([
      { lanes: ['production:L2'], detail: 'overlaps detail 5' },
      { lanes: ['production:L3'], detail: 'never came' },
    ]);
  });

  it('batches whose follow-ups take long leave room for sends and look-ups', async () => {
    const delivery = scriptedDelivery({ record_details: { maxActions: 1, acrossLanes: false } });
    const { commit, journal } = await openBench({ delivery, l2l: { concurrency: 4 } });
    const ended = Promise.withResolvers<void>();
    onTestFinished(() => ended.resolve());
    delivery.on.send = () => ({ kind: 'accepted', result: {}, answer: '{}' });
    delivery.on.follow = async () => {
      await ended.promise;
      return { kind: 'pending', detail: '0 of 1 sets are final' };
    };
    await commit(...Array.from({ length: 8 }, (_, n) => recordSet(`L${n}`, 1)));
    await vi.waitFor(() => expect(delivery.followed.length).toBeGreaterThanOrEqual(2), PATIENCE);
    await vi.waitFor(() => expect(delivery.sent.length).toBe(8), PATIENCE);

    delivery.on.send = () => LOST;
    delivery.on.look = () => ({ kind: 'applied', result: {}, detail: 'found' });
    await commit(increment('M1', 1));
    await vi.waitFor(() => expect(delivery.looked).toHaveLength(1), PATIENCE);
    expect(delivery.followed.length).toBe(2);
    expect(journal.openCalls().every(({ state }) => state !== 'sending')).toBe(true);
  });
});
