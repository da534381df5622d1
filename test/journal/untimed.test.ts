import { describe, expect, it } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import { TIME_AS_IT_WAS } from '../../src/journal/clock/time-shift.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { closeDispatch, openDispatch } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';
import { deliver, REQUEST, testJournal, write } from '../support/journal.ts';

type IfMissed = 'open_and_close' | 'add' | 'nothing';
type How = 'close' | 'complete' | 'note' | 'leave';

const DOUBTED = { from: 500_000, by: -5000 };

function opens(ifMissed: IfMissed, time: Action['time'] = 'received'): Action {
  const open = openDispatch('A', 1) as Extract<Action, { kind: 'open_dispatch' }>;
  return { ...open, time, params: { ...open.params, ifMissed } };
}

function closes(how: How, time: Action['time'] = 'received'): Action {
  const close = closeDispatch('A', 1) as Extract<Action, { kind: 'close_dispatch' }>;
  return { ...close, time, params: { ...close.params, how } };
}

/**
 * A process that trusts its clock makes the open. A process that does not trust its clock makes the close and ends. Then the next process
 * opens the journal.
 */
async function afterDoubt(
  open: Action,
  close: Action,
  meanwhile: (journal: Journal) => Promise<unknown> = async () => {},
) {
  const folder = testFolder();
  const believed = testJournal(folder);
  await write(believed, open);
  await meanwhile(believed);
  believed.close();
  const doubted = testJournal(folder, { time: { ...TIME_AS_IT_WAS, doubted: DOUBTED } });
  await write(doubted, close);
  doubted.close();
  return testJournal(folder);
}

function states(journal: Journal): readonly [string, string | null][] {
  const { entries } = journal.history.page({ limit: 9 });
  return entries.toSorted((a, b) => a.id - b.id).map(({ state, detail }) => [state, detail]);
}

const OVER = 'it was over before it could be sent';
const CLOSE_UNKNOWN = expect.stringContaining('its times are not known');
const END_UNKNOWN = expect.stringContaining('when it ended is not known');

describe('journal: an episode with an end of unknown time', () => {
  it.each(['close', 'complete', 'note', 'leave'] as const)(
    'an end of unknown time is dropped with its open when the rule sends no missed episodes: %s',
    async how => {
      const journal = await afterDoubt(opens('nothing'), closes(how));

      expect(states(journal)).toEqual([
        ['nothing', OVER],
        ['nothing', OVER],
      ]);
      expect(journal.waiting('dispatch:A', 9)).toEqual([]);
    },
  );

  it.each([
    ['open_and_close', 'close'],
    ['open_and_close', 'complete'],
    ['add', 'close'],
  ] as const)(
    'an episode with an end of unknown time is parked as a whole when open and close are to be sent: %s, %s',
    async (ifMissed, how) => {
      const journal = await afterDoubt(opens(ifMissed), closes(how));

      expect(states(journal)).toEqual([
        ['parked', END_UNKNOWN],
        ['parked', CLOSE_UNKNOWN],
      ]);
    },
  );

  it('an open in doubt stays although its end has an unknown time, and its chain says that the end is parked', async () => {
    const lose = async (journal: Journal) => {
      const [open] = journal.waiting('dispatch:A', 1);
      if (!open) throw new Error('the open waits');
      const { id } = journal.freeze([open], REQUEST, 0);
      await journal.markSending(id, 0, null, 1);
      const lost = { state: 'unknown', at: 2, notBefore: 2, reason: 'network', detail: null } as const;
      await journal.transition(id, ['sending'], lost);
    };
    const journal = await afterDoubt(opens('nothing'), closes('close'), lose);

    expect(states(journal)[1]).toEqual(['parked', CLOSE_UNKNOWN]);
    expect(journal.chain(openDispatch('A', 1).chain ?? '')).toMatchObject({ open: 'pending', isEndParked: true });
  });

  it('an episode with an end of unknown time is sent as one finished dispatch once a person retries it', async () => {
    const journal = await afterDoubt(opens('open_and_close'), closes('close'));
    const { id } = journal.history.page({ limit: 1 }).entries[0] ?? { id: 0 };

    await journal.decisions.decide({ kind: 'retry', id, who: 'anna', confirmed: true });

    const [open, close] = journal.waiting('dispatch:A', 9);
    expect(open).toMatchObject({ kind: 'open_dispatch', params: { ifMissed: 'add' } });
    // The dispatch was never sent to L2L, so there is no duplicate that L2L could refuse. A guarded one is opened first.
    expect(open?.guarded).not.toBe(true);
    expect(close).toMatchObject({ kind: 'close_dispatch' });
  });

  it('an episode whose dispatch people end is opened, and the note about its end of unknown time is parked', async () => {
    const journal = await afterDoubt(opens('open_and_close'), closes('note'));

    expect(states(journal)).toEqual([
      ['waiting', null],
      ['parked', CLOSE_UNKNOWN],
    ]);
  });

  it('an end without a call to L2L is kept', async () => {
    const journal = await afterDoubt(opens('open_and_close'), closes('leave'));

    expect(states(journal).map(([state]) => state)).toEqual(['waiting', 'waiting']);
  });

  it('an end with a time of its source is kept, and its open too', async () => {
    const journal = await afterDoubt(opens('nothing', 'source'), closes('close', 'source'));

    expect(states(journal).map(([state]) => state)).not.toContain('parked');
  });

  it('an open dispatch with an end of unknown time is left to a person', async () => {
    const journal = await afterDoubt(opens('nothing'), closes('close'), async believed => {
      await deliver(believed, 'dispatch:A', 960_000, { dispatchId: 7 });
    });

    expect(states(journal)).toEqual([
      ['delivered', null],
      ['parked', CLOSE_UNKNOWN],
    ]);
  });

  it.each(['built', 'not taken'])('an open whose call was %s is dropped too', async how => {
    const journal = await afterDoubt(opens('nothing'), closes('close'), async believed => {
      const call = believed.freeze(believed.waiting('dispatch:A', 1), REQUEST, 0);
      if (how === 'built') return;
      await believed.markSending(call.id, 0, null, 960_000);
      const end = { state: 'retry', at: 960_000, notBefore: 0, reason: 'network', detail: 'refused' } as const;
      await believed.transition(call.id, ['sending'], end);
    });

    expect(states(journal).map(([state]) => state)).toEqual(['nothing', 'nothing']);
    expect(journal.openCalls()).toEqual([]);
  });

  it.each(['on its way', 'guarded'])('an open that L2L may have is not changed: %s', async how => {
    const journal = await afterDoubt(opens('nothing'), closes('close'), async believed => {
      const call = believed.freeze(believed.waiting('dispatch:A', 1), REQUEST, 0);
      await believed.markSending(call.id, 0, null, 960_000);
      if (how === 'on its way') return;
      const end = { state: 'released', at: 960_000, notBefore: 0, reason: 'undecided', detail: 'd' } as const;
      await believed.transition(call.id, ['sending'], { ...end, guarded: true });
    });

    const [open, close] = states(journal).map(([state]) => state);
    expect(open).toBe(how === 'guarded' ? 'waiting' : 'in_call');
    expect(close).toBe('parked');
  });

  it('an episode with a beginning and an end of unknown time is dropped too', async () => {
    const folder = testFolder();
    const doubted = testJournal(folder, { time: { ...TIME_AS_IT_WAS, doubted: DOUBTED } });
    await write(doubted, opens('nothing'), closes('close'));
    doubted.close();

    expect(states(testJournal(folder)).map(([state]) => state)).toEqual(['nothing', 'nothing']);
  });
});
