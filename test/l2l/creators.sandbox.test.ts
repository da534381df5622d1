import { expect, it, vi } from 'vitest';
import { PATIENCE } from '../queue/harness.ts';
import { episode, openPlant } from './episode.ts';

const MINUTE = 60_000;

it('where L2L names the user of the key as the creator, an open whose answer was lost is found although a person rewrote its text', async () => {
  // Only its creator and its time show whose dispatch it is.
  const plant = await openPlant({ manners: { created_by: 'key' } });
  const { sandbox, commit, dispatches, isIdle } = plant;
  const settled = () => vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);
  await commit(episode(1, 30 * MINUTE, 0, { machine: 'PRESS-02', rule: 'other' }).open);
  await settled();
  expect(plant.journal.events(10)).toMatchObject([{ detail: expect.stringContaining('L2L names api as the creator') }]);

  sandbox.setFaults([{ kind: 'reset', when: 'after', path: 'dispatches/open', count: 1 }]);
  const one = episode(1, 20 * MINUTE, 10 * MINUTE);
  await commit(one.open);
  await vi.waitFor(() => expect(dispatches()).toHaveLength(2), PATIENCE);
  const lost = dispatches()[1];
  if (lost) lost.description = 'oil leak, see photo';
  await settled();
  await commit(one.close);
  await settled();

  expect(dispatches()).toHaveLength(2);
  expect(lost).toMatchObject({ completed: one.completed, closed: expect.any(Number) });
});
