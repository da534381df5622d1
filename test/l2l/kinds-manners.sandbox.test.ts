import { describe, expect, it, vi } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import { MANNER_NAMES, valuesOf } from '../../src/simulation/sandbox/manners.ts';
import { PATIENCE } from '../queue/harness.ts';
import { episode, openPlant } from './episode.ts';

const MINUTE = 60_000;
const one = episode(1, 10 * MINUTE, MINUTE, { open: { ifFoundOpen: 'open' } });
const closeAll = {
  ...one.close,
  key: `${one.chain}:close_all`,
  kind: 'close_machine',
  params: { machine: 'PRESS-01', type: 'DOWN', completed: one.completed },
} as Action;
const scrap = {
  ...one.close,
  key: 'line1@1:scrap:CRACK',
  kind: 'add_scrap_detail',
  lane: 'scrap:LINE-1',
  chain: null,
  params: { line: 'LINE-1', category: 'CRACK', scrap: 3, scrapped: one.completed, product: 'P-100' },
} as Action;

const each = MANNER_NAMES.flatMap(name => valuesOf(name).map(value => [name, value] as const));

describe('a close of every dispatch, and scrap by category, against an L2L with manners', () => {
  it.each(each)(
    '%s=%s: both dispatches are closed with the true time, and the scrap is there once',
    async (name, value) => {
      const plant = await openPlant({ timeout: 2000, isChecked: true });
      const { sandbox, commit, isIdle, personOpens, clock } = plant;
      await commit(one.open);
      await vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);
      const kims = await personOpens();
      const dispatch = sandbox.state().dispatches.find(({ id }) => id === kims);
      if (dispatch) Object.assign(dispatch, { reported: one.reported });
      sandbox.setManners({ [name]: value });

      await commit(closeAll, one.close, scrap);
      let advanceAt = performance.now() + 2000;
      await vi.waitFor(() => {
        // What waits for a right or for a record is tried again later.
        if (performance.now() > advanceAt) {
          clock.advance(MINUTE);
          advanceAt = performance.now() + 1000;
        }
        expect(isIdle()).toBe(true);
      }, PATIENCE);

      const closed = { completed: one.completed, closed: expect.any(Number) };
      expect(sandbox.state().dispatches).toMatchObject([closed, closed]);
      expect(sandbox.state().scraps).toMatchObject([{ category: 'CRACK', scrap: 3 }]);
      expect(plant.journal.counts()).toMatchObject({ deadLetters: 0, parked: 0 });
    },
  );
});
