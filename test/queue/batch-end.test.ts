import { describe, expect, it, vi } from 'vitest';
import { recordSet } from '../support/actions.ts';
import { openBench, PATIENCE } from './harness.ts';

describe('a batch that ended in parts', () => {
  it('delivers, refuses and parks set by set, and tells what a person has to see to', async () => {
    const { delivery, journal, log, tell, isIdle } = await openBench();
    const sets = [recordSet('L1', 1), recordSet('L2', 1), recordSet('L3', 1)];
    const [, refused, doubtful] = sets.map(({ key }) => key);
    delivery.on.send = () => ({ kind: 'accepted', result: {}, answer: '{}' });
    delivery.on.follow = () => ({
      kind: 'final',
      failed: new Map([[refused ?? '', 'overlaps detail 5']]),
      parked: new Map([[doubtful ?? '', 'never came']]),
      detail: '1 of 3 sets are booked',
    });
    await tell(...sets);
    await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

    expect(journal.unsettled(10)).toMatchObject([
      { state: 'parked', lane: 'production:L3', detail: 'never came' },
      { state: 'dead', lane: 'production:L2', detail: 'overlaps detail 5' },
    ]);
    const told = log.lines.filter(({ level }) => level === 'error').map(({ fields }) => fields);
    expect(told).toMatchObject([
      { lanes: ['production:L2'], detail: 'overlaps detail 5' },
      { lanes: ['production:L3'], detail: 'never came' },
    ]);
  });
});
