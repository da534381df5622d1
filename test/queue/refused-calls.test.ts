import { describe, expect, it, vi } from 'vitest';
import { BREAKER_DEFAULTS } from '../../src/queue/breaker.ts';
import { increment, openDispatch } from '../support/actions.ts';
import { openBench, PATIENCE, QUICK } from './harness.ts';
import { DELIVERED, REFUSED } from './scripted-delivery.ts';

const HOUR = 3_600_000;
const l2l = {
  timings: { ...QUICK.timings, refusalHold: 20, firstMend: 10, longestMend: 20, giveUpAfter: HOUR },
  breaker: BREAKER_DEFAULTS,
};
const OWN = { ...REFUSED, isOwn: true };

/** A refusal was not applied, so repeating it doubles nothing. */
describe('a refused call', () => {
  it.each([
    ['which names a code', OWN, 'code'],
    ['with opaque words', REFUSED, 'refused'],
  ])('%s, is sent again until a person corrected the cause, and only its lane waits', async (_, refusal, reason) => {
    const { delivery, commit, journal, queue, log, isIdle } = await openBench({ l2l });
    let isCorrected = false;
    delivery.on.send = call => (call.lanes[0] === 'dispatch:BAD' && !isCorrected ? refusal : DELIVERED);
    await commit(openDispatch('BAD', 1), increment('BAD', 1));
    await vi.waitFor(() => expect(delivery.sent.length).toBeGreaterThan(8), PATIENCE);
    await commit(openDispatch('GOOD', 1));
    await vi.waitFor(() => expect(queue.status().counts.delivered).toBe(2), PATIENCE);

    await vi.waitFor(
      () => expect(queue.status().heldUp).toMatchObject([{ reason, lanes: ['dispatch:BAD'], rules: [{ rule: 'r' }] }]),
      PATIENCE,
    );
    expect(queue.status().heldUp[0]?.detail).toMatch(/sent again for 1h.*then it is a dead letter/);
    expect(queue.status().paused).toEqual([]);
    expect(log.lines.filter(({ level }) => level === 'warn' || level === 'error')).toHaveLength(1);
    isCorrected = true;
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);
    expect(journal.counts()).toMatchObject({ deadLetters: 0, parked: 0 });
    await vi.waitFor(() => expect(queue.status().heldUp).toEqual([]), PATIENCE);
  });

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

  it('a refused call is never a sign that L2L refuses all calls, when each names a code of its own', async () => {
    const { delivery, commit, queue, journal } = await openBench({ l2l });
    delivery.on.send = () => OWN;
    await commit(...Array.from({ length: 9 }, (_, n) => openDispatch(`M${n}`, 1)));
    await vi.waitFor(() => expect(delivery.sent.length).toBeGreaterThan(40), PATIENCE);
    expect(queue.status().paused).toEqual([]);
    expect(journal.counts().deadLetters).toBe(0);
  });

  it('a refused call is a dead letter in time also when each refusal leads to a call with another body', async () => {
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
});
