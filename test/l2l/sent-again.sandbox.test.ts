import { describe, expect, it, vi } from 'vitest';
import { createSiteZone } from '../../src/l2l/site-time.ts';
import { PATIENCE } from '../queue/harness.ts';
import { recordSet } from '../support/actions.ts';
import { SITE_ZONE } from '../support/sandbox.ts';
import { openPlant } from './episode.ts';

const MINUTE = 60_000;
const NOW = Math.floor(Date.now() / MINUTE);

describe('record sets that L2L refused and that a person retries', () => {
  /** L2L refuses the sets because records exist for a part of their time, until somebody corrects that. */
  async function refused(...lines: string[]) {
    const plant = await openPlant({ settle: 300 });
    const { commit, person, sandbox, row } = plant;
    sandbox.setManners({ unknown_product: 'create' });
    const site = createSiteZone(SITE_ZONE);
    const [start, end] = [NOW - 20, NOW - 20 + 0.5].map(minute => site.text(minute * MINUTE));
    for (const linecode of lines) {
      const fields = { site: '43', linecode, productcode: 'P1', actual: '3', start: `${start}`, end: `${end}` };
      await person('pitchdetails/record_details/', fields);
    }
    const sets = lines.map(line => recordSet(line, NOW - 20));
    const states = async () => (await Promise.all(sets.map(row))).map(one => one?.state);
    await commit(...sets);
    await vi.waitFor(async () => expect(await states()).toEqual(sets.map(() => 'dead')), PATIENCE);
    sandbox.setManners({ overlap: 'accept' });
    return { ...plant, states };
  }

  async function retried({ journal, queue }: Awaited<ReturnType<typeof refused>>) {
    // All of them before the queue looks, so that they share a call.
    const decided = journal.history
      .page({ limit: 9 })
      .entries.map(({ id }) => journal.decisions.decide({ kind: 'retry', id, who: 'anna', confirmed: true }));
    queue.reconsider();
    await Promise.all(decided);
  }

  const loses = (when: 'before' | 'after') =>
    ({ kind: 'reset', when, path: 'record_details_batch', method: 'POST', count: 1 }) as const;

  it('retried sets are sent again when the call was lost: earlier errors do not count', async () => {
    const plant = await refused('LINE-1');
    plant.sandbox.setFaults([loses('before')]);
    await retried(plant);
    await vi.waitFor(async () => expect(await plant.states()).toEqual(['delivered']), PATIENCE);
    expect(plant.sandbox.state().details).toHaveLength(2);
  });

  it('retried sets are delivered when the answer was lost and one is booked after the first look-up', async () => {
    const plant = await refused('LINE-2', 'LINE-1');
    // The first is booked at once, and shows that L2L took the batch.
    plant.sandbox.setManners({ batchDelay: 0, batchPace: 1500 });
    plant.sandbox.setFaults([loses('after')]);
    await retried(plant);
    await vi.waitFor(async () => expect(await plant.states()).toEqual(['delivered', 'delivered']), PATIENCE);
    expect(plant.sandbox.state().details).toHaveLength(4);
  });

  it('retried sets become dead letters again when L2L refuses them again', async () => {
    const plant = await refused('LINE-1');
    plant.sandbox.setManners({ overlap: 'refuse' });
    plant.sandbox.setFaults([loses('after')]);
    await retried(plant);
    expect(await plant.states()).not.toEqual(['dead']);
    await vi.waitFor(async () => expect(await plant.states()).toEqual(['dead']), PATIENCE);
    expect(plant.journal.counts()).toMatchObject({ deadLetters: 1, waiting: 0 });
    expect(plant.sandbox.state().details).toHaveLength(1);
  });
});
