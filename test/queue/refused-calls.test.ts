import { describe, expect, it, vi } from 'vitest';
import type { Call, Follow, Outcome } from '../../src/core/delivery.ts';
import { BREAKER_DEFAULTS } from '../../src/queue/breaker.ts';
import { increment, openDispatch, recordSet } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';

import { openBench, PATIENCE, QUICK } from './harness.ts';
import { DELIVERED, REFUSED, scriptedDelivery } from './scripted-delivery.ts';

const HOUR = 3_600_000;
const l2l = {
  timings: { ...QUICK.timings, refusalHold: 20, firstMend: 10, longestMend: 20, giveUpAfter: HOUR },
  breaker: BREAKER_DEFAULTS,
};
const OWN = { ...REFUSED, isOwn: true };
const ACCEPTED: Outcome = { kind: 'accepted', result: {}, answer: '{}' };
const NO_PRODUCT = 'there is no product P-9';

function refuseAll({ actions }: Call): Follow {
  return {
    kind: 'final',
    failed: new Map(actions.map(({ key }) => [key, NO_PRODUCT])),
    detail: 'all sets are refused',
  };
}

/** L2L did not apply a refused call, so its repetition doubles nothing. */
describe('a refused call', () => {
  it.each([
    ['which names a code', OWN, 'code'],
    ['with opaque words', REFUSED, 'refused'],
  ])(
    'a refused call, %s, is sent again until a person corrected the cause, and only its lane waits',
    async (_, refusal, reason) => {
      const { delivery, commit, journal, queue, log, isIdle } = await openBench({ l2l });
      let isCorrected = false;
      delivery.on.send = call => (call.lanes[0] === 'dispatch:BAD' && !isCorrected ? refusal : DELIVERED);
      await commit(openDispatch('BAD', 1), increment('BAD', 1));
      await vi.waitFor(() => expect(delivery.sent.length).toBeGreaterThan(8), PATIENCE);
      await commit(openDispatch('GOOD', 1));
      await vi.waitFor(() => expect(queue.status().counts.delivered).toBe(2), PATIENCE);

      await vi.waitFor(
        () =>
          expect(queue.status().heldUp).toMatchObject([{ reason, lanes: ['dispatch:BAD'], rules: [{ rule: 'r' }] }]),
        PATIENCE,
      );
      expect(queue.status().heldUp[0]?.detail).toMatch(/sent again for 1h.*then it is a dead letter/);
      expect(queue.status().paused).toEqual([]);
      expect(log.lines.filter(({ level }) => level === 'warn' || level === 'error')).toHaveLength(1);
      isCorrected = true;
      await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);
      expect(journal.counts()).toMatchObject({ deadLetters: 0, parked: 0 });
      await vi.waitFor(() => expect(queue.status().heldUp).toEqual([]), PATIENCE);
    },
  );

  it('a refused call is a dead letter with the words of L2L when nobody corrected the cause in time', async () => {
    const { delivery, commit, journal } = await openBench({
      l2l: { ...l2l, timings: { ...l2l.timings, giveUpAfter: 60 } },
    });
    delivery.on.send = () => OWN;
    await commit(openDispatch('BAD', 1));
    await vi.waitFor(() => expect(journal.counts().deadLetters).toBe(1), PATIENCE);
    expect(delivery.sent.length).toBeGreaterThan(1);
    expect(journal.unsettled(9)).toMatchObject([{ state: 'dead', detail: 'no rights' }]);
  });

  it('refused calls are no sign that L2L refuses all calls when each refusal names a code of its call', async () => {
    const { delivery, commit, queue, journal } = await openBench({ l2l });
    delivery.on.send = () => OWN;
    await commit(...Array.from({ length: 9 }, (_, n) => openDispatch(`M${n}`, 1)));
    await vi.waitFor(() => expect(delivery.sent.length).toBeGreaterThan(40), PATIENCE);
    expect(queue.status().paused).toEqual([]);
    expect(journal.counts().deadLetters).toBe(0);
  });

  it('a refused call becomes a dead letter in time, also when each refusal leads to a call with another body', async () => {
    const { delivery, commit, journal } = await openBench({
      l2l: { ...l2l, timings: { ...l2l.timings, giveUpAfter: 100 } },
    });
    delivery.on.send = () =>
      delivery.sent.length % 2 === 0
        ? OWN
        : { kind: 'again', reason: 'refused', detail: 'another form', after: 0, guarded: false };
    await commit(openDispatch('BAD', 1));
    await vi.waitFor(() => expect(journal.counts().deadLetters).toBe(1), PATIENCE);
  });

  it('a refused part of a batch is sent again, while the other parts are delivered and status names it', async () => {
    const { delivery, commit, journal, queue, log, isIdle } = await openBench({ l2l });
    const [bad, good] = [recordSet('L1', 1), recordSet('L2', 1)];
    let isCorrected = false;
    delivery.on.send = () => ACCEPTED;
    delivery.on.follow = call => ({
      kind: 'final',
      failed: new Map(
        isCorrected ? [] : call.actions.flatMap(({ key }) => (key === bad.key ? [[key, NO_PRODUCT]] : [])),
      ),
      detail: 'final',
    });
    await commit(bad, good);
    await vi.waitFor(() => expect(delivery.sent.length).toBeGreaterThan(5), PATIENCE);

    expect(delivery.sent.filter(({ keys }) => keys.includes(good.key))).toHaveLength(1);
    expect(queue.status().heldUp).toMatchObject([{ reason: 'refused', lanes: ['production:L1'] }]);
    expect(queue.status().heldUp[0]?.detail).toMatch(/P-9.*sent again for 1h.*then it is a dead letter/);
    expect(log.lines.filter(({ level }) => level === 'warn' || level === 'error')).toHaveLength(1);
    isCorrected = true;
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);
    expect(journal.counts()).toMatchObject({ deadLetters: 0, parked: 0 });
    expect(journal.history.page({ limit: 9 }).entries.map(({ state }) => state)).toEqual(['delivered', 'delivered']);
  });

  it('a refused part of a batch is a dead letter with the words of L2L when nobody corrected the cause in time', async () => {
    const timings = { ...l2l.timings, giveUpAfter: 60 };
    const { delivery, commit, journal, isIdle } = await openBench({ l2l: { ...l2l, timings } });
    delivery.on.send = () => ACCEPTED;
    delivery.on.follow = refuseAll;
    await commit(recordSet('L1', 1));
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);
    expect(delivery.sent.length).toBeGreaterThan(1);
    expect(journal.unsettled(9)).toMatchObject([{ state: 'dead', detail: NO_PRODUCT }]);
  });

  it('a person can drop a refused call, or send it at once, while the gateway still repeats it', async () => {
    const timings = { ...l2l.timings, firstMend: HOUR, longestMend: HOUR };
    const { delivery, commit, journal, queue } = await openBench({ l2l: { ...l2l, timings } });
    let isCorrected = false;
    delivery.on.send = () => (isCorrected ? DELIVERED : OWN);
    await commit(openDispatch('BAD', 1), openDispatch('LATER', 1));
    await vi.waitFor(() => expect(queue.status().heldUp).toMatchObject([{ lanes: { length: 2 } }]), PATIENCE);
    isCorrected = true;

    const [dropped, sent] = journal.history.page({ limit: 9 }).entries.toSorted((a, b) => a.id - b.id);
    if (!dropped || !sent) throw new Error('the journal has two actions');
    for (const [kind, entry] of [
      ['drop', dropped],
      ['retry', sent],
    ] as const) {
      await queue.endRepeats(entry);
      expect(journal.history.entry(entry.id)).toMatchObject({ state: 'dead', detail: 'no rights' });
      expect(await journal.decisions.decide({ kind, id: entry.id, who: 'anna', confirmed: true })).toMatchObject({
        kind: 'done',
      });
      queue.reconsider();
    }
    await vi.waitFor(() => expect(journal.history.entry(sent.id)?.state).toBe('delivered'), PATIENCE);
    expect(journal.history.entry(dropped.id)?.state).toBe('dropped');
  });

  it('a person can drop a refused part of a batch while the gateway still repeats it', async () => {
    const timings = { ...l2l.timings, firstMend: HOUR, longestMend: HOUR };
    const { delivery, commit, journal, queue } = await openBench({ l2l: { ...l2l, timings } });
    delivery.on.send = () => ACCEPTED;
    delivery.on.follow = refuseAll;
    await commit(recordSet('L1', 1));
    await vi.waitFor(() => expect(queue.status().heldUp).toHaveLength(1), PATIENCE);
    await vi.waitFor(() => expect(journal.openCalls()).toEqual([]), PATIENCE);

    const [entry] = journal.history.page({ limit: 9 }).entries;
    if (!entry) throw new Error('the journal has an action');
    await queue.endRepeats(entry);
    expect(journal.history.entry(entry.id)).toMatchObject({ state: 'dead', detail: NO_PRODUCT });
  });

  it('a restart does not give a refused call or a refused part of a batch another hour', async () => {
    const folder = testFolder();
    const delivery = scriptedDelivery();
    delivery.on.send = call => (call.kind === 'record_details' ? ACCEPTED : OWN);
    delivery.on.follow = refuseAll;
    const first = await openBench({ folder, delivery, l2l });
    const began = Date.now();
    await first.commit(openDispatch('BAD', 1), recordSet('L1', 1));
    const isLong = () => Date.now() - began > 500 && first.queue.status().heldUp.length === 2;
    await vi.waitFor(() => expect(isLong()).toBe(true), PATIENCE);
    await first.queue.stop(1000);
    first.journal.close();

    delivery.sent.length = 0;
    const timings = { ...l2l.timings, giveUpAfter: 400 };
    const { journal } = await openBench({ folder, delivery, l2l: { ...l2l, timings } });
    await vi.waitFor(() => expect(journal.counts().deadLetters).toBe(2), PATIENCE);
    expect(delivery.sent).toHaveLength(2);
  });
});
