import { describe, expect, it, vi } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import { PATIENCE } from '../queue/harness.ts';
import { openPlant } from './episode.ts';

const MINUTE = 60_000;
/** Before it is looked up what came of a call: longer than anything the test does meanwhile. */
const SETTLE = 10 * MINUTE;
const HOUR = 3_600_000;
const START = Math.floor(Date.now() / HOUR) * HOUR - HOUR;
const settled = (isIdle: () => boolean) => vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

function scrap(category: string, count: number, minute: number): Action {
  const scrapped = START + minute * MINUTE;
  return {
    key: `line1@${scrapped}:scrap:${category}`,
    kind: 'add_scrap_detail',
    rule: 'line1',
    lane: 'scrap:LINE-1',
    chain: null,
    at: scrapped,
    time: 'source',
    params: { line: 'LINE-1', category, scrap: count, scrapped, product: 'P-100' },
    cause: { rule: 'line1', where: 'gateway.yaml:1', text: 'because', values: [] },
    mode: 'live',
  };
}

type Plant = Awaited<ReturnType<typeof openPlant>>;
const inL2l = ({ sandbox }: Plant) => sandbox.state().scraps.map(({ category, scrap: count }) => [category, count]);

describe('scrap by category, sent to the L2L sandbox through journal and queue', () => {
  it('each category is added with its time; L2L adds it up in its pitch', async () => {
    const plant = await openPlant();
    await plant.commit(scrap('CRACK', 3, 4), scrap('BURR', 1, 4), scrap('CRACK', 2, 9));
    await settled(plant.isIdle);
    expect(inL2l(plant)).toEqual([
      ['CRACK', 5],
      ['BURR', 1],
    ]);
    const { log } = plant.sandbox.state();
    expect(log.map(({ change }) => change.at)).toEqual([START + 4 * MINUTE, START + 4 * MINUTE, START + 9 * MINUTE]);
  });

  it.each(['before', 'after'] as const)(
    'an answer that is lost %s L2L applied the call doubles and loses nothing',
    async when => {
      const plant = await openPlant();
      await plant.commit(scrap('CRACK', 3, 4));
      await settled(plant.isIdle);
      plant.sandbox.setFaults([{ kind: 'reset', when, path: 'add_scrap_detail', count: 2 }]);
      await plant.commit(scrap('CRACK', 2, 9), scrap('BURR', 1, 9));
      await settled(plant.isIdle);
      expect(inL2l(plant)).toEqual([
        ['CRACK', 5],
        ['BURR', 1],
      ]);
    },
  );

  it('a call that is in doubt while somebody else adds scrap is parked, and its words say where to look', async () => {
    const plant = await openPlant({ settle: SETTLE });
    const { journal, sandbox, person, clock } = plant;
    sandbox.setFaults([{ kind: 'reset', when: 'after', path: 'add_scrap_detail', count: 1 }]);
    const action = scrap('CRACK', 3, 4);
    await plant.commit(action);
    await vi.waitFor(() => expect(journal.openCalls()[0]?.state).toBe('unknown'), PATIENCE);
    const fields = { site: '43', linecode: 'LINE-1', product_code: 'P-100', scrapcategory: 'BURR', scrap: '4' };
    await person('scrapdetail/add_scrap_detail/', { ...fields, scrap_datetime: plant.siteText(START) });
    clock.advance(SETTLE);
    await vi.waitFor(async () => expect(await plant.row(action)).toMatchObject({ state: 'parked' }), PATIENCE);
    expect(await plant.row(action)).toMatchObject({
      detail: expect.stringMatching(/somebody else .*: look in L2L whether LINE-1 has these 3 CRACK/),
    });
    expect(inL2l(plant)).toEqual([
      ['CRACK', 3],
      ['BURR', 4],
    ]);
  });
});
