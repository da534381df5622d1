import { describe, expect, it, vi } from 'vitest';
import { PATIENCE } from '../queue/harness.ts';
import { type EpisodeOptions, episode, openPlant } from './episode.ts';

const MINUTE = 60_000;
const settled = (isIdle: () => boolean) => vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

describe('dispatches that are still open in the L2L sandbox when an episode is sent', () => {
  describe('opened by a gateway whose journal is lost', () => {
    async function leftByFormer() {
      const plant = await openPlant();
      const fields = { site: '43', machinecode: 'PRESS-01', dispatchtypecode: 'DOWN', trade: 'MAINT', user: 'gateway' };
      await plant.person('dispatches/open/', { ...fields, description: 'PRESS-01 stopped [gw 0a1b2c3d4e]' });
      return plant;
    }

    it.each<[string, EpisodeOptions]>([
      ['if_missed: open_and_close', {}],
      ['if_missed: add', { open: { ifMissed: 'add' } }],
      ['if_missed: nothing', { open: { ifMissed: 'nothing' } }],
      ['if_found_open: open', { open: { ifFoundOpen: 'open' } }],
      ['if_found_open: open, if_missed: add', { open: { ifFoundOpen: 'open', ifMissed: 'add' } }],
      ['if_found_open: open, if_missed: nothing', { open: { ifFoundOpen: 'open', ifMissed: 'nothing' } }],
    ])(
      'the first episode takes over and closes a dispatch of a lost journal, although the episode is over (%s)',
      async (_what, options) => {
        const { commit, isIdle, dispatches, story } = await leftByFormer();
        const one = episode(1, 10 * MINUTE, -MINUTE, options);
        await commit(one.open, one.close);
        await settled(isIdle);
        expect(dispatches()).toMatchObject([{ completed: one.completed, closed: expect.any(Number) }]);
        expect(story()).toEqual(['open 57001', 'close 57001']);
      },
    );

    it('a dispatch of a lost journal is looked for once: a later missed episode reads nothing', async () => {
      const { commit, isIdle, sandbox, row, story } = await openPlant();
      const missed = [1, 2, 3].map(n => episode(n, (10 - n) * MINUTE, (10 - n) * MINUTE - 1000, NOTHING));
      await commit(...missed.flatMap(({ open, close }) => [open, close]));
      await settled(isIdle);
      expect(story()).toEqual([]);
      expect(sandbox.state().calls.filter(({ path }) => path.includes('dispatches'))).toHaveLength(1);
      const rows = await Promise.all(missed.map(({ close }) => row(close)));
      expect(rows).toMatchObject([{ state: 'delivered' }, { state: 'nothing' }, { state: 'nothing' }]);
      for (const one of rows) expect(one).toMatchObject({ detail: expect.stringContaining('it was over before') });
    });

    it('an episode that is too old to be sent looks for no dispatch, and is no dead letter', async () => {
      const { commit, isIdle, journal, row } = await openPlant();
      const fields = { expiresAt: Date.now() - 1 };
      const late = episode(1, 10 * MINUTE, 9 * MINUTE, { ...NOTHING, fields });
      await commit(late.open, late.close);
      await settled(isIdle);
      expect(await row(late.open)).toMatchObject({ state: 'nothing' });
      expect(journal.counts().deadLetters).toBe(0);
    });

    it('a rule opens its own dispatch beside that of another rule of this journal', async () => {
      const { commit, isIdle, story } = await openPlant();
      const beside = { open: { ifFoundOpen: 'open' } } as const;
      const first = episode(1, 10 * MINUTE, MINUTE, { ...beside, rule: 'stop' });
      const second = episode(1, 9 * MINUTE, 2 * MINUTE, { ...beside, rule: 'oil' });
      const unsent = episode(1, 8 * MINUTE, 7 * MINUTE, { ...NOTHING, rule: 'air' });
      await commit(first.open, second.open, unsent.open, unsent.close);
      await settled(isIdle);
      await commit(second.close, first.close);
      await settled(isIdle);
      expect(story()).toEqual(['open 57001', 'open 57002', 'close 57002', 'close 57001']);
    });
  });

  describe('of an earlier episode that is over and waits for a person', () => {
    type Plant = Awaited<ReturnType<typeof openPlant>>;
    const first = (options: EpisodeOptions) => episode(1, 10 * MINUTE, 5 * MINUTE, options);
    const second = (options: EpisodeOptions) => episode(2, 4 * MINUTE, MINUTE, options);

    /** L2L has its open, but nobody knows that, as after five crashes. */
    async function parkedOpen({ commit, sandbox, journal }: Plant, options: EpisodeOptions) {
      const one = first(options);
      sandbox.setFaults([{ kind: 'reset', when: 'after', path: 'dispatches/open', count: 1 }]);
      await commit(one.open);
      await vi.waitFor(() => expect(journal.openCalls()[0]?.state).toBe('unknown'), PATIENCE);
      const doubt = { at: Date.now(), notBefore: 0, reason: 'crashed', detail: 'it ended five times' } as const;
      await journal.transition(journal.openCalls()[0]?.id ?? 0, ['unknown'], { ...doubt, state: 'parked' });
      await commit(one.close);
      return one.open;
    }

    async function deadClose({ commit, isIdle, sandbox, row }: Plant, options: EpisodeOptions) {
      const one = first(options);
      await commit(one.open);
      await settled(isIdle);
      sandbox.setFaults([{ kind: 'refuse', error: 'Reason required', path: 'dispatches/close', count: 1 }]);
      await commit(one.close);
      await vi.waitFor(async () => expect(await row(one.close)).toMatchObject({ state: 'dead' }), PATIENCE);
      return one.close;
    }

    it.each<[string, typeof parkedOpen, EpisodeOptions, string]>([
      ['open is parked', parkedOpen, {}, 'open'],
      ['open is parked', parkedOpen, { open: { ifMissed: 'add' } }, 'add'],
      ['close is a dead letter', deadClose, {}, 'open'],
      ['close is a dead letter', deadClose, { open: { ifMissed: 'add' } }, 'add'],
    ])(
      'a dispatch of an episode that waits for a person matches no later episode: its %s',
      async (_what, stick, options, how) => {
        const plant = await openPlant({ settle: MINUTE });
        const { commit, isIdle, journal, queue, row, dispatches, story } = plant;
        const stuck = await stick(plant, options);
        const next = second(options);
        await commit(next.open, next.close);
        await vi.waitFor(async () => expect(await row(next.close)).toMatchObject({ state: 'delivered' }), PATIENCE);
        const sent = how === 'open' ? ['open 57002', 'close 57002'] : ['add 57002'];
        expect(story()).toEqual(['open 57001', ...sent]);

        const entry = journal.history.page({ limit: 9 }).entries.find(({ key }) => key === stuck.key);
        await journal.decisions.decide({ kind: 'retry', id: entry?.id ?? 0, who: 'anna', confirmed: true });
        queue.reconsider();
        await settled(isIdle);

        expect(story()).toEqual(['open 57001', ...sent, 'close 57001']);
        const { reported, completed } = first(options);
        expect(dispatches()[0]).toMatchObject({ reported, completed });
      },
    );

    it('a dispatch of an episode that waits for a person matches the next episode when L2L opens no second dispatch', async () => {
      const single = { type: 'SINGLE' };
      const plant = await openPlant();
      await deadClose(plant, single);
      const next = second(single);
      await plant.commit(next.open, next.close);
      await vi.waitFor(async () => expect(await plant.row(next.close)).toMatchObject({ state: 'delivered' }), PATIENCE);
      expect(plant.story()).toEqual(['open 57001', 'close 57001']);
    });

    it('a dispatch with a comment matches the next episode when people close it', async () => {
      const note = { close: { how: 'note' } } as const;
      const plant = await openPlant({ settle: MINUTE });
      await parkedOpen(plant, note);
      const next = second(note);
      await plant.commit(next.open, next.close);
      await vi.waitFor(async () => expect(await plant.row(next.close)).toMatchObject({ state: 'delivered' }), PATIENCE);
      expect(plant.dispatches()).toHaveLength(1);
    });
  });
});

const NOTHING = { open: { ifMissed: 'nothing' } } as const;
