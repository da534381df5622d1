import { describe, expect, it, vi } from 'vitest';
import { PATIENCE } from '../queue/harness.ts';
import { testJournal } from '../support/journal.ts';
import { episode, openPlant } from './episode.ts';

const MINUTE = 60_000;

type Plant = Awaited<ReturnType<typeof openPlant>>;
const settled = ({ isIdle }: Plant) => vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

/** Sends an open dispatch of each machine, one after the other. */
async function open(plant: Plant, ...machines: string[]) {
  for (const [index, machine] of machines.entries()) {
    const options = { machine, rule: `down_${machine}`, open: { trade: 'PROC' } };
    await plant.commit(episode(index + 1, 10 * MINUTE, 0, options).open);
    await settled(plant);
  }
}

const opensSent = ({ sandbox }: Plant) =>
  sandbox.state().calls.filter(({ path }) => path.endsWith('dispatches/open/')).length;
const tradeOf = ({ sandbox }: Plant) => sandbox.state().trades.find(({ code }) => code === 'PROC')?.id;
const learnt = (plant: Plant) => plant.log.lines.filter(({ message }) => message.startsWith('L2L takes the trade'));

describe('the form of a trade', () => {
  it.each([
    ['any', 'tradecode', 1],
    ['tradecode', 'tradecode', 1],
    ['trade_code', 'trade_code', 2],
    ['trade_id', 'trade_id', 3],
  ] as const)(
    'an L2L that takes the trade as %s gets it so, and the next open needs one request',
    async (trade, form, first) => {
      const plant = await openPlant({ manners: { trade } });
      await open(plant, 'PRESS-01');
      expect(opensSent(plant)).toBe(first);
      await open(plant, 'PRESS-02');
      expect(opensSent(plant)).toBe(first + 1);
      expect(plant.dispatches().map(dispatch => dispatch.trade)).toEqual([tradeOf(plant), tradeOf(plant)]);
      expect(plant.journal.site.facts().tradeForm).toBe(form);
      expect(plant.journal.counts()).toMatchObject({ deadLetters: 0, parked: 0 });
      expect(learnt(plant)).toHaveLength(1);
      const events = plant.journal.events(10).filter(({ kind }) => kind === 'site_learnt');
      expect(events).toHaveLength(form === 'tradecode' ? 0 : 1);
    },
  );

  it('a restart keeps the form that worked, and another site begins without it', async () => {
    const plant = await openPlant({ manners: { trade: 'trade_id' } });
    await open(plant, 'PRESS-01');
    await plant.queue.stop(0);
    plant.journal.close();
    const journal = testJournal(plant.folder);
    expect(journal.site.facts()).toEqual({ tradeForm: 'trade_id', tradeIds: { PROC: String(tradeOf(plant)) } });
    journal.close();
    expect(testJournal(plant.folder, { destination: 'https://acme site 44' }).site.facts()).toEqual({});
  });

  it('a refusal without a reason leads to the next form, as long as no open succeeded', async () => {
    const plant = await openPlant();
    plant.sandbox.setFaults([
      { kind: 'refuse', path: 'dispatches/open', count: 1, error: 'Request could not be processed' },
    ]);
    await open(plant, 'PRESS-01');
    expect(plant.dispatches()).toHaveLength(1);
    expect(plant.journal.site.facts().tradeForm).toBe('trade_code');
  });

  it('a refusal without a reason is a dead letter after an open succeeded', async () => {
    const plant = await openPlant();
    await open(plant, 'PRESS-01');
    plant.sandbox.setFaults([{ kind: 'refuse', path: 'dispatches/open', error: 'Request could not be processed' }]);
    const { open: second } = episode(2, 10 * MINUTE, 0, {
      machine: 'PRESS-02',
      rule: 'other',
      open: { trade: 'PROC' },
    });
    await plant.commit(second);
    await vi.waitFor(() => expect(opensSent(plant)).toBe(2), PATIENCE);
    plant.sandbox.setFaults([]);
    await open(plant, 'WELD-01');
    await vi.waitFor(async () => expect(await plant.row(second)).toMatchObject({ state: 'dead' }), PATIENCE);
    expect(plant.journal.site.facts().tradeForm).toBe('tradecode');
  });

  it.each(['any', 'tradecode', 'trade_code', 'trade_id'] as const)(
    'a trade that L2L does not have is one dead letter that names it, when L2L takes the trade as %s',
    async trade => {
      const plant = await openPlant({ manners: { trade } });
      const { open: wrong } = episode(1, 10 * MINUTE, 0, { open: { trade: 'PRCO' } });
      await plant.commit(wrong);
      await vi.waitFor(async () => expect(await plant.row(wrong)).toMatchObject({ state: 'dead' }), PATIENCE);
      expect(await plant.row(wrong)).toMatchObject({ detail: expect.stringContaining('PRCO') });
      expect(plant.dispatches()).toEqual([]);
      expect(opensSent(plant)).toBe(3);
    },
  );

  it('an id that is out of date is read again', async () => {
    const plant = await openPlant({ manners: { trade: 'trade_id' } });
    plant.journal.site.learn({ tradeForm: 'trade_id', tradeIds: { PROC: '999999' } }, null);
    await open(plant, 'PRESS-01');
    expect(plant.dispatches().map(dispatch => dispatch.trade)).toEqual([tradeOf(plant)]);
  });
});
