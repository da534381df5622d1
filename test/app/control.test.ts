import { expect, it, vi } from 'vitest';
import { controlRoutes } from '../../src/app/control.ts';
import { BREAKER_DEFAULTS } from '../../src/queue/breaker.ts';
import { openBench, PATIENCE, QUICK } from '../queue/harness.ts';
import { REFUSED } from '../queue/scripted-delivery.ts';
import { openDispatch } from '../support/actions.ts';

const HOUR = 3_600_000;

it('a refused call is still repeated after a decision that could not be carried out, and ends when a person drops it', async () => {
  const timings = { ...QUICK.timings, refusalHold: 20, firstMend: HOUR, longestMend: HOUR, giveUpAfter: HOUR };
  const bench = await openBench({ l2l: { timings, breaker: BREAKER_DEFAULTS } });
  const { journal, queue, delivery, log } = bench;
  delivery.on.send = () => ({ ...REFUSED, isOwn: true });
  await bench.commit(openDispatch('BAD', 1));
  await vi.waitFor(() => expect(queue.status().heldUp).toHaveLength(1), PATIENCE);
  const routes = controlRoutes({
    journal,
    recode: () => ({ why: 'its rule is gone' }),
    endRepeats: queue.endRepeats,
    changed: () => queue.reconsider(),
    about: () => ({ name: 'g', timezone: 'UTC', holdUps: [] }),
    log,
  });
  const [{ id } = { id: 0 }] = journal.history.page({ limit: 1 }).entries;

  const mistaken = { kind: 'retry', id, who: 'anna', product: 'P-1', confirmed: true };
  expect(await routes.decide?.(mistaken)).toMatchObject({ kind: 'refused' });
  await vi.waitFor(() => expect(delivery.sent).toHaveLength(2), PATIENCE);
  await vi.waitFor(() => expect(queue.status().heldUp).toHaveLength(1), PATIENCE);
  expect(journal.history.entry(id)?.state).toBe('in_call');

  expect(await routes.decide?.({ kind: 'drop', id, who: 'anna', confirmed: true })).toMatchObject({ kind: 'done' });
  expect(journal.history.entry(id)?.state).toBe('dropped');
});
