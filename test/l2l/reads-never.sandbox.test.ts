import { describe, expect, it, vi } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import type { FaultInput } from '../../src/simulation/sandbox/faults.ts';
import type { Manners } from '../../src/simulation/sandbox/manners.ts';
import { PATIENCE } from '../queue/harness.ts';
import { increment } from '../support/actions.ts';
import { cyclesOf, partsOf } from '../support/sandbox.ts';
import { type EpisodeOptions, episode, openPlant } from './episode.ts';

const MINUTE = 60_000;
const NOW = Math.floor(Date.now() / MINUTE) * MINUTE;

/** A plant whose key may write and not read, and a gateway that knows it. */
async function writeOnly(manners: Partial<Manners> = {}) {
  const plant = await openPlant({ manners: { rights: 'write_only', ...manners }, reads: 'never', timeout: 2000 });
  const gets = vi.spyOn(plant.client, 'get');
  const idle = () => vi.waitFor(() => expect(plant.isIdle()).toBe(true), PATIENCE);
  return {
    ...plant,
    lose: (path: string, when: 'before' | 'after' = 'after') =>
      plant.sandbox.setFaults([{ kind: 'reset', when, method: 'POST', path, count: 1 } satisfies FaultInput]),
    async send(...actions: readonly Action[]) {
      await plant.commit(...actions);
      await idle();
      expect(gets).not.toHaveBeenCalled();
    },
  };
}

const one = (number: number, options: EpisodeOptions = {}) => episode(number, 20 * MINUTE, 10 * MINUTE, options);

function set(minutesAgo: number, fields: object = {}): Action {
  const end = NOW - (minutesAgo - 1) * MINUTE;
  return {
    key: `count@${end}:record`,
    kind: 'record_details',
    rule: 'count',
    lane: 'production:LINE-1',
    chain: null,
    at: end,
    time: 'source',
    params: { line: 'LINE-1', start: NOW - minutesAgo * MINUTE, end, actual: 5, scrap: 1, product: 'P-100', ...fields },
    cause: { rule: 'count', where: 'gateway.yaml:1', text: 'because', values: [] },
    mode: 'live',
  };
}

describe('a gateway that may not read L2L', () => {
  it('dispatches are opened and closed, cycles added and sets recorded, and nothing is read', async () => {
    const { send, sandbox, story, journal } = await writeOnly();
    const { open, close } = one(1);
    await send(open, increment('PRESS-02', 1), set(9), set(8));
    await send(close, increment('PRESS-02', 2));

    expect(story().filter(words => /^(open|close)/.test(words))).toHaveLength(2);
    expect(sandbox.state().dispatches).toMatchObject([{ closed: expect.any(Number) }]);
    expect(cyclesOf(sandbox.state(), 'PRESS-02')).toBe(2);
    expect(partsOf(sandbox.state(), 'LINE-1')).toEqual({ good: 10, scrap: 2 });
    expect(journal.counts()).toMatchObject({ deadLetters: 0, parked: 0 });
  });

  it('an open that L2L did not get is sent again with a guard', async () => {
    const { send, lose, dispatches, journal } = await writeOnly();
    const { open, close } = one(1);
    lose('dispatches/open', 'before');
    await send(open, close);
    expect(dispatches()).toMatchObject([{ closed: expect.any(Number) }]);
    expect(journal.counts()).toMatchObject({ deadLetters: 0, parked: 0 });
  });

  it.each(['refuse', 'nothing'] as const)(
    'an open whose answer was lost is parked with words, not opened twice (duplicate: %s)',
    async duplicate => {
      const { send, lose, dispatches, row } = await writeOnly({ duplicate });
      const { open } = one(1);
      lose('dispatches/open');
      await send(open);
      expect(dispatches()).toHaveLength(1);
      expect(await row(open)).toMatchObject({
        state: 'parked',
        detail: expect.stringMatching(/l2l\.reads: never.*look in L2L/),
      });
    },
  );

  it('an open whose answer was lost is known again when L2L answers with it, and is closed', async () => {
    const { send, lose, dispatches, journal } = await writeOnly({ duplicate: 'existing' });
    const { open, close } = one(1);
    lose('dispatches/open');
    await send(open, close);
    expect(dispatches()).toMatchObject([{ closed: expect.any(Number) }]);
    expect(journal.counts()).toMatchObject({ deadLetters: 0, parked: 0 });
  });

  it.each(['refuse', 'existing'] as const)(
    "a person's open dispatch is used as the rule says, and never closed (duplicate: %s)",
    async duplicate => {
      const { send, personOpens, dispatches, row, journal } = await writeOnly({ duplicate });
      await personOpens();
      const { open, close } = one(1);
      await send(open, close);
      expect(dispatches()).toMatchObject([{ closed: null }]);
      expect(await row(open)).toMatchObject({ state: expect.stringMatching(/delivered|nothing/) });
      expect(journal.counts()).toMatchObject({ deadLetters: 0, parked: 0 });
    },
  );

  it("a rule that opens beside a person's dispatch does so", async () => {
    const { send, personOpens, dispatches } = await writeOnly();
    await personOpens();
    const { open, close } = one(1, { open: { ifFoundOpen: 'open' } });
    await send(open, close);
    expect(dispatches().map(({ closed }) => closed !== null)).toEqual([false, true]);
  });

  it('an open that L2L refuses for another cause is a dead letter in L2L words', async () => {
    const { send, row } = await writeOnly();
    const { open } = one(1, { open: { reason: 'NOPE' } });
    await send(open);
    expect(await row(open)).toMatchObject({ state: 'dead', detail: expect.stringContaining('NOPE') });
  });

  it.each<[string, () => Action, string]>([
    ['added cycles', () => increment('PRESS-02', 1), 'increment'],
    ['a record set', () => set(9), 'record_details'],
  ])('after a lost answer, a person decides about %s', async (_, make, path) => {
    const { send, lose, row, sandbox } = await writeOnly();
    const action = make();
    lose(path);
    await send(action);
    expect(await row(action)).toMatchObject({ state: 'parked', detail: expect.stringContaining('l2l.reads: never') });
    expect(cyclesOf(sandbox.state(), 'PRESS-02') + partsOf(sandbox.state(), 'LINE-1').good).toBe(
      path === 'increment' ? 1 : 5,
    );
  });

  it('a record set that L2L refuses is a dead letter alone', async () => {
    const { send, row, sandbox } = await writeOnly();
    const [good, wrong] = [set(9), set(8, { product: 'P-NEW' })];
    await send(good, wrong);
    expect(await row(good)).toMatchObject({ state: 'delivered' });
    expect(await row(wrong)).toMatchObject({ state: 'dead', detail: expect.stringContaining('P-NEW') });
    expect(partsOf(sandbox.state(), 'LINE-1').good).toBe(5);
  });

  it('a close whose answer was lost is sent again', async () => {
    const { send, lose, dispatches, journal } = await writeOnly();
    const { open, close } = one(1);
    await send(open);
    lose('dispatches/close');
    await send(close);
    expect(dispatches()).toMatchObject([{ closed: expect.any(Number) }]);
    expect(journal.counts()).toMatchObject({ deadLetters: 0, parked: 0 });
  });
});
