import { describe, expect, it, vi } from 'vitest';
import type { Action, ActionParams } from '../../src/actions/action.ts';
import { PATIENCE } from '../queue/harness.ts';
import { episode, openPlant } from './episode.ts';

const MINUTE = 60_000;
/** The wait before a look-up: longer than everything that the test does meanwhile. */
const SETTLE = 10 * MINUTE;
const settled = (isIdle: () => boolean) => vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);
const one = episode(1, 10 * MINUTE, MINUTE);

/** The close of all that belongs to the end of the episode. */
function closeAll(of: typeof one, params: Partial<ActionParams['close_machine']> = {}): Action {
  const { machine, type, completed } = of.close.params as ActionParams['close_dispatch'];
  return {
    ...of.close,
    key: `${of.chain}:close_all`,
    kind: 'close_machine',
    params: { machine, type, completed, ...params },
  } as Action;
}

/** L2L with a dispatch that a person opened before the episode ended. */
async function plantWithPerson(options: Parameters<typeof openPlant>[0] = {}) {
  const plant = await openPlant(options);
  const { sandbox, personOpens, dispatches } = plant;
  /** How long ago the person opened it (ms). */
  async function opened(ago: number) {
    const id = await personOpens();
    const dispatch = sandbox.state().dispatches.find(other => other.id === id);
    if (dispatch) Object.assign(dispatch, { reported: one.completed + MINUTE - ago });
    return id;
  }
  return { ...plant, opened, byId: (id: number) => dispatches().find(other => other.id === id) };
}

describe('a close of every dispatch of a machine, sent to the L2L sandbox through journal and queue', () => {
  it("a close of all closes the rule's own dispatch and a person's by one call, with the true time and the note", async () => {
    const { commit, isIdle, opened, dispatches, story, row } = await plantWithPerson();
    await commit({ ...one.open, params: { ...one.open.params, ifFoundOpen: 'open' } } as Action);
    await settled(isIdle);
    const kims = await opened(5 * MINUTE);
    const all = closeAll(one, { note: 'running again' });
    await commit(all, one.close);
    await settled(isIdle);
    expect(dispatches()).toMatchObject([
      { completed: one.completed, closed: expect.any(Number), notes: ['running again'] },
      { id: kims, completed: one.completed, closed: expect.any(Number), notes: ['running again'] },
    ]);
    expect(story().filter(step => step.startsWith('close'))).toEqual([
      expect.stringMatching(/^closemachine/),
      `closemachine ${kims}`,
    ]);
    expect(await row(one.close)).toMatchObject({
      state: 'nothing',
      detail: expect.stringMatching(/was closed with the others of its type/),
    });
  });

  it("a close of all ends the rule's own dispatch by its id when a technician changed its type", async () => {
    const { commit, isIdle, dispatches, sandbox } = await plantWithPerson();
    await commit(one.open);
    await settled(isIdle);
    const other = sandbox.state().dispatchtypes.find(({ code }) => code !== 'DOWN');
    const [own] = dispatches();
    if (!own || !other) throw new Error('the sandbox has no dispatch, or one type only');
    Object.assign(own, { dispatchtype: other.id });
    await commit(closeAll(one), one.close);
    await settled(isIdle);
    expect(dispatches()).toMatchObject([{ completed: one.completed, closed: expect.any(Number) }]);
  });

  it.each(['before', 'after'] as const)(
    'a close of all whose answer was lost %s L2L applied it closes each dispatch once, and later ones stay open',
    async when => {
      const { commit, isIdle, opened, byId, sandbox, story, journal, clock } = await plantWithPerson({
        settle: SETTLE,
      });
      const early = await opened(5 * MINUTE);
      sandbox.setFaults([{ kind: 'reset', when, path: 'dispatches/closemachine', count: 1 }]);
      await commit(closeAll(one));
      await vi.waitFor(() => expect(journal.openCalls()[0]?.state).toBe('unknown'), PATIENCE);
      const later = await opened(0);
      clock.advance(SETTLE);
      await settled(isIdle);
      expect(byId(early)).toMatchObject({ completed: one.completed, closed: expect.any(Number) });
      expect(byId(later)).toMatchObject({ completed: null, closed: null });
      expect(story().filter(step => step.startsWith('close'))).toEqual([
        when === 'after' ? `closemachine ${early}` : `close ${early}`,
      ]);
    },
  );

  it('a close of all whose answer was lost is sent again when nothing began later', async () => {
    const { commit, isIdle, opened, byId, sandbox, story } = await plantWithPerson();
    const early = await opened(5 * MINUTE);
    sandbox.setFaults([{ kind: 'reset', when: 'before', path: 'dispatches/closemachine', count: 1 }]);
    await commit(closeAll(one));
    await settled(isIdle);
    expect(byId(early)).toMatchObject({ completed: one.completed, closed: expect.any(Number) });
    expect(story().filter(step => step.startsWith('close'))).toEqual([`closemachine ${early}`]);
  });

  it('a late close of all closes the older dispatches by their ids, each once, although answers are lost', async () => {
    const { commit, isIdle, opened, byId, sandbox } = await plantWithPerson();
    const [first, second, later] = [await opened(5 * MINUTE), await opened(4 * MINUTE), await opened(0)];
    sandbox.setFaults([{ kind: 'reset', when: 'after', path: 'dispatches/close', count: 1 }]);
    await commit(closeAll(one));
    await settled(isIdle);
    for (const id of [first, second])
      expect(byId(id)).toMatchObject({ completed: one.completed, closed: expect.any(Number) });
    expect(byId(later)).toMatchObject({ completed: null, closed: null });
  });

  it('a close of all keeps the true time when the close of one dispatch loses it', async () => {
    const { commit, isIdle, opened, byId, journal } = await plantWithPerson({ manners: { completed: 'now' } });
    const id = await opened(5 * MINUTE);
    journal.site.learn({ closeLosesCompleted: true }, null);
    await commit(closeAll(one));
    await settled(isIdle);
    expect(byId(id)).toMatchObject({ completed: one.completed, closed: expect.any(Number) });
  });

  it("a close of all is sent although the rule's own open is a dead letter, whose close waits for a person", async () => {
    const { commit, isIdle, opened, byId, sandbox, row } = await plantWithPerson();
    const kims = await opened(5 * MINUTE);
    const wrong = { ...one.open, params: { ...one.open.params, ifFoundOpen: 'open', reason: 'NO_SUCH' } } as Action;
    await commit(wrong);
    await settled(isIdle);
    expect(await row(wrong)).toMatchObject({ state: 'dead' });
    const all = closeAll(one);
    await commit(all, one.close);
    await vi.waitFor(async () => expect(await row(all)).toMatchObject({ state: 'delivered' }), PATIENCE);
    expect(byId(kims)).toMatchObject({ completed: one.completed });
    expect(await row(one.close)).toMatchObject({ state: 'waiting' });
    expect(sandbox.state().dispatches).toHaveLength(1);
  });

  it.each(['retry', 'drop'] as const)(
    'a close of all waits for the parked open of another rule until a person decides: %s',
    async kind => {
      const { commit, isIdle, opened, byId, row, sandbox, journal, queue, dispatches } = await plantWithPerson({
        settle: MINUTE,
      });
      const beside = { rule: 'oil', open: { ifFoundOpen: 'open' } } as const;
      const other = episode(2, 9 * MINUTE, -MINUTE, beside);
      sandbox.setFaults([{ kind: 'reset', when: 'after', path: 'dispatches/open', count: 1 }]);
      await commit(other.open);
      await vi.waitFor(() => expect(journal.openCalls()[0]?.state).toBe('unknown'), PATIENCE);
      const doubt = { at: Date.now(), notBefore: 0, reason: 'crashed', detail: 'it ended five times' } as const;
      await journal.transition(journal.openCalls()[0]?.id ?? 0, ['unknown'], { ...doubt, state: 'parked' });
      const kims = await opened(5 * MINUTE);
      const all = closeAll(one);
      await commit(all);
      await vi.waitFor(() => expect(queue.status().held).toBe(1), PATIENCE);
      expect(byId(kims)).toMatchObject({ closed: null });

      const entry = journal.history.page({ limit: 9 }).entries.find(({ key }) => key === other.open.key);
      await journal.decisions.decide({ kind, id: entry?.id ?? 0, who: 'anna', confirmed: true });
      queue.reconsider();
      await vi.waitFor(async () => expect(await row(all)).toMatchObject({ state: 'delivered' }), PATIENCE);
      await settled(isIdle);
      expect(dispatches()).toHaveLength(2);
      for (const dispatch of dispatches()) expect(dispatch).toMatchObject({ completed: one.completed });
    },
  );
});
