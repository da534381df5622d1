import { describe, expect, it, vi } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import { PATIENCE } from '../queue/harness.ts';
import { openPlant } from './episode.ts';

const MINUTE = 60_000;
const NOW = Math.floor(Date.now() / MINUTE) * MINUTE;

/** Each set has the same quantities, so only its times distinguish it. */
function set(minutesAgo: number): Action {
  const end = NOW - (minutesAgo - 1) * MINUTE;
  return {
    key: `count@${end}:record`,
    kind: 'record_details',
    rule: 'count',
    lane: 'production:LINE-1',
    chain: null,
    at: end,
    time: 'source',
    params: { line: 'LINE-1', start: NOW - minutesAgo * MINUTE, end, actual: 5, scrap: 1, product: 'P-100' },
    cause: { rule: 'count', where: 'gateway.yaml:1', text: 'because', values: [] },
    mode: 'live',
  };
}

describe.each(['site', 'utc'] as const)('record sets when L2L gives their times by the clock: %s', pitch_times => {
  it('each set is recorded once, although the answers to all batches are lost', async () => {
    // L2L accepts two equal sets, so a set that is sent twice is visible.
    const plant = await openPlant({ manners: { pitch_times, overlap: 'accept', batchDelay: 0 }, timeout: 2000 });
    const lost = { kind: 'reset', method: 'POST', path: 'record_details', count: 1 } as const;
    plant.sandbox.setFaults([{ ...lost, when: 'after' }]);
    for (const minutesAgo of [30, 20, 10]) {
      await plant.commit(set(minutesAgo));
      await vi.waitFor(() => expect(plant.isIdle()).toBe(true), PATIENCE);
      plant.sandbox.setFaults([{ ...lost, when: minutesAgo === 30 ? 'before' : 'after' }]);
    }
    const starts = plant.sandbox.state().details.map(({ start }) => (NOW - start) / MINUTE);
    expect(starts.toSorted((a, b) => b - a)).toEqual([30, 20, 10]);
    expect(plant.journal.site.facts().detailClock).toBe(pitch_times);
    const events = plant.journal.events(10).filter(({ kind }) => kind === 'site_learnt');
    expect(events.map(({ detail }) => detail)).toEqual(
      pitch_times === 'utc' ? ['L2L gives the times of production details in UTC'] : [],
    );
  });
});
