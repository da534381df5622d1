import { describe, expect, it, vi } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import { PATIENCE } from '../queue/harness.ts';
import { increment } from '../support/actions.ts';
import { type EpisodeOptions, episode, openPlant } from './episode.ts';

const MINUTE = 60_000;
/** The wait before a look-up: longer than everything that the test does meanwhile. */
const SETTLE = 10 * MINUTE;
const ADOPT = { ifFoundOpen: 'adopt' } as const;
const wholeMinute = (at: number) => Math.floor(at / MINUTE) * MINUTE;
const settled = (isIdle: () => boolean) => vi.waitFor(() => expect(isIdle()).toBe(true), PATIENCE);

describe('episodes sent to the L2L sandbox through journal and queue', () => {
  describe('a dispatch that a person had opened', () => {
    it.each([
      ['is left open', {}, {}, 'dispatch 8001 was open before and is left open'],
      ['is adopted and left open', ADOPT, {}, 'a person opened dispatch 8001 and closes it'],
      ['is adopted and closed where the rule says so', ADOPT, { closeAdopted: true }, null],
    ] as const)('a dispatch of a person %s', async (_what, open, close, why) => {
      const { commit, isIdle, personOpens, dispatches, journal, row } = await openPlant();
      const id = await personOpens();
      const one = episode(1, 10 * MINUTE, -MINUTE, { open, close });

      await commit(one.open);
      await settled(isIdle);
      expect(journal.chain(one.chain)).toMatchObject({ open: 'delivered', result: { dispatchId: id } });
      await commit(one.close);
      await settled(isIdle);

      expect(dispatches()).toHaveLength(1);
      expect(dispatches()[0]?.completed).toBe(why === null ? one.completed : null);
      expect(await row(one.close)).toMatchObject({ state: why === null ? 'delivered' : 'nothing', detail: why });
    });

    it("a person's dispatch gets a comment when the rule adopts it and leaves the close to people", async () => {
      const { commit, isIdle, personOpens, dispatches } = await openPlant();
      await personOpens();
      const one = episode(1, 10 * MINUTE, -MINUTE, { open: ADOPT, close: { how: 'note' } });
      await commit(one.open, one.close);
      await settled(isIdle);
      expect(dispatches()[0]).toMatchObject({
        closed: null,
        description: expect.stringMatching(/over at .*\[gw note/),
      });
    });
  });

  describe('two rules of one machine and type', () => {
    it.each(['first', 'second'] as const)(
      'two rules share a dispatch, and when the %s to come clears last, it closes it',
      async last => {
        const { commit, isIdle, dispatches, row } = await openPlant();
        const first = episode(1, 10 * MINUTE, MINUTE, { rule: 'stop' });
        const second = episode(1, 9 * MINUTE, 2 * MINUTE, { rule: 'oil' });
        const [early, late] = last === 'first' ? [second, first] : [first, second];
        await commit(first.open, second.open);
        await settled(isIdle);

        await commit(early.close);
        await settled(isIdle);
        expect(dispatches()).toMatchObject([{ closed: null }]);
        expect(await row(early.close)).toMatchObject({
          detail: expect.stringMatching(/the last one to clear ends dispatch 8001/),
        });
        await commit(late.close);
        await settled(isIdle);

        expect(dispatches()).toMatchObject([{ completed: late.completed, closed: expect.any(Number) }]);
      },
    );

    it('two rules close their dispatch when the last of them clears, also when both closes waited for L2L', async () => {
      const { commit, isIdle, dispatches } = await openPlant();
      const first = episode(1, 10 * MINUTE, 2 * MINUTE, { rule: 'stop' });
      const last = episode(1, 9 * MINUTE, MINUTE, { rule: 'oil' });
      await commit(first.open, last.open);
      await settled(isIdle);

      await commit(first.close, last.close);
      await settled(isIdle);

      expect(dispatches()).toMatchObject([{ completed: last.completed, closed: expect.any(Number) }]);
    });

    it('two rules close their dispatch although a person rewrote its text, because the journal has its id', async () => {
      const { commit, isIdle, dispatches, person } = await openPlant();
      const first = episode(1, 10 * MINUTE, MINUTE, { rule: 'stop' });
      const second = episode(1, 9 * MINUTE, 2 * MINUTE, { rule: 'oil' });
      await commit(first.open);
      await settled(isIdle);
      const [dispatch] = dispatches();
      if (dispatch) dispatch.description = 'oil leak, see photo';
      await person(`dispatches/set_reason/${dispatch?.id}`, { reason: 'OTHER' });
      await commit(second.open, first.close);
      await settled(isIdle);
      await commit(second.close);
      await settled(isIdle);
      expect(dispatches()).toMatchObject([{ completed: second.completed, closed: expect.any(Number) }]);
    });

    it('two rules do not close a dispatch that one of them adopted without the right to close it', async () => {
      const { commit, isIdle, dispatches, personOpens } = await openPlant();
      await personOpens();
      const adopting = episode(1, 10 * MINUTE, -MINUTE, { rule: 'stop', open: ADOPT });
      const leaving = episode(1, 9 * MINUTE, -MINUTE, { rule: 'oil' });
      await commit(adopting.open, leaving.open, adopting.close);
      await settled(isIdle);
      await commit(leaving.close);
      await settled(isIdle);
      expect(dispatches()).toMatchObject([{ closed: null }]);
    });
  });

  it.each(['open_and_close', 'add'] as const)(
    'an episode takes over and ends the dispatch that the gateway opened before its journal was rebuilt (if_missed: %s)',
    async ifMissed => {
      const { commit, isIdle, dispatches, person, story } = await openPlant();
      const fields = { site: '43', machinecode: 'PRESS-01', dispatchtypecode: 'DOWN', trade: 'MAINT', user: 'gateway' };
      await person('dispatches/open/', { ...fields, description: 'PRESS-01 stopped [gw 0a1b2c3d4e]' });
      const one = episode(1, 10 * MINUTE, -MINUTE, { open: { ifMissed } });
      await commit(one.open, one.close);
      await settled(isIdle);
      expect(dispatches()).toMatchObject([{ completed: one.completed, closed: expect.any(Number) }]);
      expect(story()).toEqual(['open 57001', 'close 57001']);
    },
  );

  it('a missed episode leaves a dispatch to the rule that holds it', async () => {
    const { commit, isIdle, story, row } = await openPlant();
    const going = episode(1, 10 * MINUTE, MINUTE, { rule: 'oil' });
    const missed = episode(1, 8 * MINUTE, 5 * MINUTE, { rule: 'stop', open: { ifMissed: 'add' } });
    await commit(going.open, missed.open, missed.close);
    await settled(isIdle);
    expect(await row(missed.close)).toMatchObject({ detail: expect.stringContaining('held by oil too') });
    await commit(going.close);
    await settled(isIdle);
    expect(story()).toEqual(['open 57001', 'close 57001']);
  });

  describe('what a person does to the dispatch meanwhile', () => {
    it.each<[string, (id: number) => [string, Record<string, string>], object, object]>([
      [
        'closes it early: the time of the person stands',
        id => [`dispatches/close/${id}`, {}],
        { closed: expect.any(Number) },
        { state: 'delivered', detail: 'Dispatch already closed' },
      ],
      [
        'changes its reason: it is closed by its id',
        id => [`dispatches/set_reason/${id}`, { reason: 'ELEC' }],
        { closed: expect.any(Number) },
        { state: 'delivered', detail: null },
      ],
      [
        'changes its type: it is closed by its id',
        id => [`dispatches/changetype/${id}`, { dispatchtype_code: 'QUALITY' }],
        { closed: expect.any(Number) },
        { state: 'delivered', detail: null },
      ],
      [
        'deletes it: there is nothing to close',
        id => [`dispatches/${id}`, { _action: 'delete' }],
        { deleted: true, closed: null },
        { state: 'delivered', detail: 'somebody deleted the dispatch' },
      ],
    ])('a person %s', async (_what, does, dispatch, action) => {
      const { commit, isIdle, dispatches, person, row } = await openPlant();
      const one = episode(1, 10 * MINUTE, MINUTE);
      await commit(one.open);
      await settled(isIdle);
      await person(...does(dispatches()[0]?.id ?? 0));
      await commit(one.close);
      await settled(isIdle);
      expect(dispatches()).toMatchObject([dispatch]);
      expect(await row(one.close)).toMatchObject(action);
    });
  });

  describe('a type of which a machine has one open at a time', () => {
    it('an open waits for the dispatch of a person, and names it', async () => {
      const { commit, isIdle, personOpens, person, dispatches, journal, log } = await openPlant();
      const id = await personOpens('SINGLE');
      const one = episode(1, 10 * MINUTE, MINUTE, { type: 'SINGLE2' });
      await commit(one.open, one.close);
      await vi.waitFor(() => expect(journal.waiting(one.open.lane, 9)[0]?.notBefore).toBeGreaterThan(0), PATIENCE);
      expect(dispatches()).toHaveLength(1);
      await person(`dispatches/close/${id}`);
      await settled(isIdle);

      expect(dispatches()[1]).toMatchObject({
        reported: one.reported,
        completed: one.completed,
        closed: expect.anything(),
      });
      const warnings = log.lines.filter(line => line.level === 'warn' && /another one is open/.test(line.message));
      expect(warnings).toHaveLength(1);
      expect(JSON.stringify(warnings)).toContain('8001 (SINGLE)');
      expect(journal.counts()).toMatchObject({ deadLetters: 0, parked: 0 });
    });

    it('an open that L2L blocks lets the close of the blocking dispatch pass, although the close is behind it in the lane', async () => {
      const { commit, isIdle, story } = await openPlant();
      const blocking = episode(1, 10 * MINUTE, MINUTE, { rule: 'stop', type: 'SINGLE' });
      const blocked = episode(1, 9 * MINUTE, 2 * MINUTE, { rule: 'oil', type: 'SINGLE2' });
      await commit(blocking.open, blocked.open, blocking.close, blocked.close);
      await settled(isIdle);
      expect(story()).toEqual(['open 57001', 'close 57001', 'open 57002', 'close 57002']);
    });

    it('a blocked open becomes a dead letter at its max_age; its close is held, and the lane goes on', async () => {
      const { commit, personOpens, dispatches, journal, queue, row, log } = await openPlant();
      await personOpens('SINGLE');
      const fields = { expiresAt: Date.now() + 300 };
      const late = episode(1, 10 * MINUTE, 9 * MINUTE, { type: 'SINGLE2', fields });
      const next = episode(2, 5 * MINUTE, MINUTE);
      await commit(late.open, late.close, next.open, next.close);
      await vi.waitFor(async () => expect(await row(late.open)).toMatchObject({ state: 'dead' }), PATIENCE);
      await vi.waitFor(async () => expect(await row(next.close)).toMatchObject({ state: 'delivered' }), PATIENCE);

      expect(dispatches()).toHaveLength(2);
      expect(await row(late.open)).toMatchObject({ detail: expect.stringMatching(/too old/) });
      expect(await row(late.close)).toMatchObject({ state: 'waiting' });
      expect(journal.counts()).toMatchObject({ deadLetters: 1, waiting: 1 });
      await vi.waitFor(() => {
        expect(queue.status().held).toBe(1);
        const whys = log.lines.map(({ fields }) => ('why' in fields ? fields.why : undefined));
        expect(whys).toContain('waits for the dead letter of its episode');
      }, PATIENCE);
    });
  });

  describe('an episode that ended before its open could be sent', () => {
    it('a missed episode is opened and closed with its true times', async () => {
      const { commit, isIdle, dispatches, story } = await openPlant();
      const one = episode(1, 10 * MINUTE, MINUTE, { open: { ifMissed: 'open_and_close' } });
      await commit(one.open, one.close);
      await settled(isIdle);
      expect(story()).toEqual(['open 57001', 'close 57001']);
      expect(dispatches()).toMatchObject([{ reported: one.reported, completed: one.completed }]);
    });

    it('a missed episode is added as a finished dispatch: one call, whole minutes', async () => {
      const { commit, isIdle, dispatches, story, row, journal } = await openPlant();
      const one = episode(1, 10 * MINUTE, MINUTE, { open: { ifMissed: 'add' } });
      await commit(one.open, one.close);
      await settled(isIdle);
      expect(story()).toEqual(['add 57001']);
      const times = { reported: wholeMinute(one.reported), completed: wholeMinute(one.completed) };
      expect(dispatches()).toMatchObject([{ ...times, externalid: expect.stringMatching(/^gw-[0-9a-f]{16}$/) }]);
      expect([await row(one.open), await row(one.close)]).toMatchObject([
        { state: 'delivered' },
        { state: 'delivered' },
      ]);
      expect(journal.chain(one.chain)).toMatchObject({ open: 'delivered', result: { dispatchId: 57001 } });
    });

    it.each(['before', 'after'] as const)(
      'a missed episode is added once when the answer was lost %s it was added',
      async when => {
        const { commit, isIdle, dispatches, sandbox, story } = await openPlant();
        sandbox.setFaults([{ kind: 'reset', when, path: 'dispatches/add', count: 1 }]);
        const one = episode(1, 10 * MINUTE, MINUTE, { open: { ifMissed: 'add' } });
        await commit(one.open, one.close);
        await settled(isIdle);
        expect(dispatches()).toMatchObject([{ closed: expect.any(Number) }]);
        // After an unknown outcome only an open can ask L2L to prevent duplicates.
        expect(story()).toEqual(when === 'after' ? ['add 57001'] : ['open 57001', 'close 57001']);
      },
    );

    it('a missed episode is not sent at all', async () => {
      const { commit, isIdle, story, row } = await openPlant();
      const first = episode(1, 20 * MINUTE, 11 * MINUTE);
      const one = episode(2, 10 * MINUTE, MINUTE, { open: { ifMissed: 'nothing' } });
      await commit(first.open, first.close, one.open, one.close);
      await settled(isIdle);
      expect(story()).toEqual(['open 57001', 'close 57001']);
      expect([await row(one.open), await row(one.close)]).toMatchObject([{ state: 'nothing' }, { state: 'nothing' }]);
    });

    it.each([
      ['nothing', []],
      ['add', ['add 57001']],
      ['open_and_close', ['open 57001', 'close 57001']],
    ] as const)(
      'an episode that ended while its open was built and could not leave is sent as %s',
      async (ifMissed, sent) => {
        const { commit, isIdle, sandbox, story, journal } = await openPlant();
        sandbox.setFaults([{ kind: 'status', status: 429, path: 'dispatches/' }]);
        const one = episode(1, 10 * MINUTE, MINUTE, { open: { ifMissed } });
        await commit(one.open);
        await vi.waitFor(() => expect(journal.openCalls()[0]?.state).toBe('retry'), PATIENCE);
        await commit(one.close);
        sandbox.setFaults([]);
        await settled(isIdle);
        expect(story()).toEqual(sent);
      },
    );

    it('an episode whose open may have arrived is closed as well', async () => {
      const { commit, isIdle, sandbox, story, journal, clock } = await openPlant({ settle: SETTLE });
      sandbox.setFaults([{ kind: 'reset', when: 'after', path: 'dispatches/open', count: 1 }]);
      const one = episode(1, 10 * MINUTE, MINUTE, { open: { ifMissed: 'nothing' } });
      await commit(one.open);
      await vi.waitFor(() => expect(journal.openCalls()[0]?.state).toBe('unknown'), PATIENCE);
      await commit(one.close);
      clock.advance(SETTLE);
      await settled(isIdle);
      expect(story()).toEqual(['open 57001', 'close 57001']);
    });
  });

  describe('an open whose answer was lost', () => {
    it.each([
      ['refuse', 'leave'],
      ['existing', 'leave'],
      ['nothing', 'open'],
      ['existing', 'open'],
      ['refuse', 'open'],
    ] as const)(
      'a lost open that arrives after two look-ups and before its repeat gives one dispatch (%s, if_found_open: %s)',
      async (duplicate, ifFoundOpen) => {
        const { commit, isIdle, sandbox, dispatches, row } = await openPlant({ timeout: 150 });
        sandbox.setManners({ duplicate });
        sandbox.setFaults([
          { kind: 'hang', ms: 500, path: 'dispatches/open', count: 1 },
          // The repeat is held back until the first call has arrived.
          { kind: 'status', status: 429, path: 'dispatches/open', count: 12 },
        ]);
        const one = episode(1, 10 * MINUTE, MINUTE, { open: { ifFoundOpen } });
        await commit(one.open, one.close);
        await settled(isIdle);
        expect(dispatches()).toMatchObject([{ completed: one.completed, closed: expect.any(Number) }]);
        expect(await row(one.close)).toMatchObject({ state: 'delivered' });
      },
    );

    it.each(['refuse', 'existing', 'nothing'] as const)(
      'a lost open is opened beside the dispatch of a person when the rule says so, although L2L reports that one (%s)',
      async duplicate => {
        const { commit, isIdle, sandbox, dispatches, personOpens } = await openPlant();
        sandbox.setManners({ duplicate });
        await personOpens();
        sandbox.setFaults([{ kind: 'reset', when: 'before', path: 'dispatches/open', count: 1 }]);
        const one = episode(1, 10 * MINUTE, MINUTE, { open: { ifFoundOpen: 'open' } });
        await commit(one.open, one.close);
        await settled(isIdle);
        expect(dispatches()).toMatchObject([
          { closed: null },
          { completed: one.completed, closed: expect.any(Number) },
        ]);
      },
    );

    it('a lost open is sent although L2L takes a later closed dispatch for a duplicate', async () => {
      const { commit, isIdle, sandbox, dispatches, personOpens, person } = await openPlant();
      await person(`dispatches/close/${await personOpens()}`);
      sandbox.setFaults([{ kind: 'reset', when: 'before', path: 'dispatches/open', count: 1 }]);
      const one = episode(1, 10 * MINUTE, MINUTE);
      await commit(one.open, one.close);
      await settled(isIdle);
      expect(dispatches()).toHaveLength(2);
      expect(dispatches()[1]).toMatchObject({ reported: one.reported, completed: one.completed });
    });
  });

  describe('an episode that a person retries after the next one opened its dispatch', () => {
    async function retried(options: EpisodeOptions, duplicate: 'refuse' | 'existing' | 'nothing' = 'refuse') {
      const plant = await openPlant({ settle: MINUTE });
      const { commit, sandbox, journal, queue, row } = plant;
      sandbox.setManners({ duplicate });
      sandbox.setFaults([{ kind: 'reset', when: 'before', path: 'dispatches/open', count: 1 }]);
      const first = episode(1, 10 * MINUTE, 5 * MINUTE, options);
      const second = episode(2, 4 * MINUTE, MINUTE, options);
      await commit(first.open);
      await vi.waitFor(() => expect(journal.openCalls()[0]?.state).toBe('unknown'), PATIENCE);
      const doubt = { at: Date.now(), notBefore: 0, reason: 'reset', detail: 'one without a mark may be it' } as const;
      await journal.transition(journal.openCalls()[0]?.id ?? 0, ['unknown'], { ...doubt, state: 'parked' });
      await commit(first.close, second.open);
      await vi.waitFor(async () => expect(await row(second.open)).toMatchObject({ state: 'delivered' }), PATIENCE);

      const entry = journal.history.page({ limit: 9 }).entries.find(({ key }) => key === first.open.key);
      await journal.decisions.decide({ kind: 'retry', id: entry?.id ?? 0, who: 'anna', confirmed: true });
      queue.reconsider();
      return { ...plant, first, second };
    }

    it.each(['refuse', 'existing', 'nothing'] as const)(
      'a retried episode is sent as a finished dispatch of its own (a second one: %s)',
      async duplicate => {
        const { commit, isIdle, first, second, dispatches, story } = await retried({}, duplicate);
        await settled(isIdle);
        await commit(second.close);
        await settled(isIdle);

        expect(story()).toEqual(['open 57001', 'add 57002', 'close 57001']);
        expect(dispatches()).toMatchObject([
          { reported: second.reported, completed: second.completed },
          { reported: wholeMinute(first.reported), completed: wholeMinute(first.completed) },
        ]);
      },
    );

    it.each<[string, EpisodeOptions, object]>([
      ['opened and left to people', { close: { how: 'leave' } }, { closed: null }],
      ['opened and closed', { open: ADOPT, close: { closeAdopted: true } }, { closed: expect.any(Number) }],
    ])('a retried episode is %s when its rule sends no finished dispatches', async (_what, options, end) => {
      const { isIdle, first, second, dispatches, journal } = await retried(options);
      await settled(isIdle);

      expect(dispatches()).toMatchObject([{ reported: second.reported }, { reported: first.reported, ...end }]);
      expect(journal.chain(first.chain)).toMatchObject({ result: { dispatchId: 57002 } });
    });
  });

  it.each(['before', 'after'] as const)(
    'a retried episode gets one note about its end when the answer was lost %s it was noted',
    async when => {
      const { commit, isIdle, sandbox, dispatches } = await openPlant();
      sandbox.setFaults([{ kind: 'reset', when, path: 'dispatches/add_comment', count: 1 }]);
      const one = episode(1, 10 * MINUTE, MINUTE, { close: { how: 'note' } });
      await commit(one.open, one.close);
      await settled(isIdle);
      expect(dispatches()[0]?.description.match(/over at/g)).toHaveLength(1);
      expect(dispatches()[0]?.closed).toBeNull();
    },
  );

  describe("an increment whose outcome can't be found out", () => {
    async function undecided(onUnknown: Action['onUnknown'], told: 'before' | 'after') {
      const plant = await openPlant({ settle: SETTLE });
      const { commit, sandbox, journal, person, clock } = plant;
      sandbox.setFaults([{ kind: 'reset', when: told, path: 'increment_cycle_count', count: 1 }]);
      await commit({ ...increment('PRESS-01', 1, 5), ...(onUnknown && { onUnknown }) });
      await vi.waitFor(() => expect(journal.openCalls()[0]?.state).toBe('unknown'), PATIENCE);
      // Another program wrote the count: base 1000, with or without the gateway's 5, plus 3.
      await person('machines/increment_cycle_count/', { site: '43', code: 'PRESS-01', cyclecount: '3' });
      await commit(increment('PRESS-01', 2, 10));
      clock.advance(SETTLE);
      return { ...plant, count: () => sandbox.state().machines.find(({ code }) => code === 'PRESS-01')?.cyclecount };
    }

    it('an undecidable increment is parked with both counts, and the lane goes on from the count in L2L', async () => {
      const { isIdle, journal, count, log } = await undecided(undefined, 'after');
      await settled(isIdle);
      expect(count()).toBe(1000 + 5 + 3 + 10);
      expect(journal.counts()).toMatchObject({ parked: 1, deadLetters: 0 });
      expect(journal.unsettled(1)[0]?.detail).toMatch(
        /stood at 1000, stands at 1008; with 5 added it would stand at 1005/,
      );
      expect(log.lines.filter(({ message }) => /somebody else writes it too/.test(message))).toEqual([]);
    });

    it.each([
      ['repeat', 1000 + 3 + 5 + 10],
      ['drop', 1000 + 3 + 10],
    ] as const)('an undecidable increment is handled as its rule says: %s', async (onUnknown, expected) => {
      const { isIdle, journal, count } = await undecided(onUnknown, 'before');
      await settled(isIdle);
      expect(count()).toBe(expected);
      expect(journal.counts()).toMatchObject({ parked: 0, deadLetters: 0 });
    });
  });
});
