import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import { readLastLife } from '../../src/journal/clock/last-life.ts';
import { type JournalTime, TIME_AS_IT_WAS } from '../../src/journal/clock/time-shift.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { JournalOptions } from '../../src/journal/journal-options.ts';
import { closeDispatch, increment, openDispatch, recordSet, setCycles, unnamedSet } from '../support/actions.ts';
import { testFolder } from '../support/folder.ts';
import { REQUEST, testJournal } from '../support/journal.ts';

const HOUR = 3_600_000;
/** The life with the wrong clock began here. */
const FROM = 1_000_000;
const BACK = { from: FROM, by: -HOUR };
const FORWARD = { from: FROM, by: HOUR };
const DOUBTED = { from: FROM, by: -5000 };

function open(folder: string, time: Partial<JournalTime> = {}, change: Partial<JournalOptions> = {}): Journal {
  return testJournal(folder, { now: () => FROM + 5000, time: { ...TIME_AS_IT_WAS, ...time }, ...change });
}

async function write(journal: Journal, at: number, ...actions: Action[]): Promise<void> {
  await journal.commit({ states: [{ rule: 'r', state: '{}' }], actions, taken: [], values: [], at });
}

function rows(folder: string, sql: string): unknown[] {
  const db = new DatabaseSync(join(folder, 'journal.db'), { readOnly: true });
  try {
    return db.prepare(sql).all();
  } finally {
    db.close();
  }
}

/** A call that was sent at `sentAt` by its clock. */
async function sentCall(journal: Journal, machine: string, sentAt: number) {
  const call = journal.freeze(journal.waiting(`cycles:${machine}`, 1), REQUEST, 0);
  await journal.markSending(call.id, 0, { cycleCount: 7, at: sentAt - 10 }, sentAt);
  return call;
}

describe('journal: a clock that was set', () => {
  it.each([
    ['a life that did not believe its clock', DOUBTED, true],
    ['any other', null, false],
  ])('the rules learn whether their sent times move too: after %s', async (_, doubted, expected) => {
    const folder = testFolder();
    const journal = open(folder, { doubted });
    await write(journal, FROM + 200);
    journal.close();
    const asked: boolean[] = [];
    const shiftState = (state: string, _shift: unknown, sentMoves: boolean) => {
      asked.push(sentMoves);
      return state;
    };
    open(folder, { shift: FORWARD, marked: 'correct' }, { shiftState });
    expect(asked).toEqual([expected]);
  });

  it.each([
    ['ended before its clock was set', DOUBTED, { marked: 'park' }, [FROM]],
    ['corrected by a known offset', DOUBTED, { marked: 'correct', shift: FORWARD }, []],
    ['is followed in its own time base', DOUBTED, { marked: 'keep' }, []],
    ['believed its clock', null, { marked: 'park' }, []],
  ] as const)('the rules forget the times of a life that %s', async (_, doubted, time, expected) => {
    const folder = testFolder();
    const journal = open(folder, { doubted });
    await write(journal, FROM + 200);
    journal.close();
    const asked: number[] = [];
    const forgetTimes = (_state: string, from: number) => {
      asked.push(from);
      return '"anew"';
    };
    const next = open(folder, time, { forgetTimes });
    expect(asked).toEqual(expected);
    expect(next.ruleStates().get('r')).toBe(expected.length > 0 ? '"anew"' : '{}');
  });

  it.each([BACK, FORWARD])(
    'a change of the clock moves waiting times by $by ms, and no times of an earlier life',
    async shift => {
      const folder = testFolder();
      const journal = open(folder);
      await journal.commit({
        states: [{ rule: 'r', state: '"before"' }],
        actions: [increment('A', 1), increment('B', 1), { ...openDispatch('C', 1), expiresAt: FROM + 9000 }],
        taken: [],
        values: [{ signal: 's', value: 1, quality: 'good', at: FROM + 100 }],
        away: [
          { source: 'broker', since: FROM + 50, queued: 3 },
          { source: 'new', since: null, queued: 0 },
        ],
        at: FROM + 200,
      });
      const sent = await sentCall(journal, 'A', FROM + 300);
      const waits = await sentCall(journal, 'B', FROM - HOUR - 300);
      const unknown = { state: 'unknown', at: FROM + 400, reason: 'timeout', detail: 'd' } as const;
      await journal.transition(sent.id, ['sending'], { ...unknown, notBefore: FROM + 60_400 });
      await journal.transition(waits.id, ['sending'], { ...unknown, notBefore: FROM + 60_400 });
      journal.close();

      const again = open(folder, { shift }, { shiftState: (state, { by }) => JSON.stringify([JSON.parse(state), by]) });

      const { by } = shift;
      expect(again.call(sent.id)).toMatchObject({
        sentAt: FROM + 300 + by,
        notBefore: FROM + 60_400 + by,
        base: { cycleCount: 7, at: FROM + 290 + by },
      });
      expect(again.call(waits.id)).toMatchObject({ sentAt: FROM - HOUR - 300, notBefore: FROM + 60_400 + by });
      expect(again.lastAlive).toBe(FROM + 200 + by);
      expect(again.keptValues()).toMatchObject([{ at: FROM + 100 + by }]);
      expect(again.away()).toEqual([
        { source: 'broker', since: FROM + 50 + by, queued: 3 },
        { source: 'new', since: null, queued: 0 },
      ]);
      expect(again.ruleStates()).toEqual(new Map([['r', JSON.stringify(['before', by])]]));
      // The action keeps its times. Only its wait depends on the clock.
      const [opens] = again.waiting('dispatch:C', 1);
      expect(opens).toMatchObject({ at: 1000, params: { reported: 1000 }, expiresAt: FROM + 9000 + by });
    },
  );

  it('a change of the clock moves the look-up of a call under way to the right clock', async () => {
    const folder = testFolder();
    const journal = open(folder);
    await write(journal, FROM + 100, increment('A', 1));
    const { id } = await sentCall(journal, 'A', FROM + 300);
    journal.close();

    expect(open(folder, { shift: BACK }).call(id)).toMatchObject({
      state: 'unknown',
      notBefore: FROM + 300 - HOUR + 60_000,
    });
  });

  it('a change of the clock is recorded as an event', () => {
    const folder = testFolder();
    open(folder, { shift: BACK, event: { kind: 'clock_step', detail: 'back by 1h' } }).close();

    expect(rows(folder, 'SELECT at, kind, detail FROM event')).toEqual([
      { at: FROM + 5000, kind: 'clock_step', detail: 'back by 1h' },
    ]);
  });

  it('a shift that fails leaves the whole journal as it was', async () => {
    const folder = testFolder();
    const journal = open(folder);
    await write(journal, FROM + 200, increment('A', 1));
    journal.close();
    const fails = () => {
      throw new Error('no');
    };

    expect(() => open(folder, { shift: BACK }, { shiftState: fails })).toThrow('no');

    expect(readLastLife(folder).alive).toBe(FROM + 200);
    expect(open(folder).epoch).toBe(2);
  });
});

describe('journal: a clock that can not be trusted', () => {
  const made = [
    openDispatch('A', 2000),
    closeDispatch('A', 2000),
    increment('A', 2000),
    setCycles('B', 2000, 5),
    recordSet('L', 100),
    { ...openDispatch('B', 2000), time: 'source' as const },
    unnamedSet('M', 100),
  ];

  async function doubtful(): Promise<string> {
    const folder = testFolder();
    const journal = open(folder, { doubted: DOUBTED });
    await write(journal, FROM + 200, ...made);
    journal.close();
    return folder;
  }
  const paramsOf = (journal: Journal) =>
    ['dispatch:A', 'cycles:A', 'cycles:B', 'production:L', 'dispatch:B'].flatMap(lane =>
      journal.waiting(lane, 9).map(({ kind, params }) => [kind, params] as const),
    );

  it('every time of actions from a doubtful clock is corrected when the offset is known', async () => {
    const folder = await doubtful();

    const journal = open(folder, { shift: FORWARD, marked: 'correct' });

    const at = 2_000_000 + HOUR;
    expect(paramsOf(journal)).toMatchObject([
      ['open_dispatch', { reported: at }],
      ['close_dispatch', { completed: at + 500 }],
      ['increment_cycles', { from: at, to: at + 999 }],
      ['set_cycles', { at }],
      ['record_details', { start: 100 * 60_000 + HOUR, end: 101 * 60_000 + HOUR }],
      // A source's own time was always right.
      ['open_dispatch', { reported: 2_000_000 }],
    ]);
    expect(journal.waiting('dispatch:A', 9).map(({ at }) => at)).toEqual([at, at + 500]);
    const [unnamed] = journal.history.page({ states: ['parked'], limit: 9 }).entries;
    expect(unnamed?.params).toMatchObject({ start: 100 * 60_000 + HOUR });
    expect(rows(folder, 'SELECT count(*) AS n FROM action WHERE untimed IS NOT NULL')).toEqual([{ n: 0 }]);
    expect(readLastLife(folder).doubted).toBeNull();
  });

  it('record sets are never moved back onto sets that were sent', async () => {
    const journal = open(await doubtful(), { shift: BACK, marked: 'correct' });

    const sets = paramsOf(journal).filter(([kind]) => kind === 'record_details');
    expect(sets).toMatchObject([['record_details', { start: 100 * 60_000, end: 101 * 60_000 }]]);
  });

  it('the untimed marks stay while the time base goes on', async () => {
    const folder = await doubtful();
    open(folder, { marked: 'keep', doubted: DOUBTED }).close();

    expect(rows(folder, 'SELECT count(*) AS n FROM action WHERE untimed = 1')).toEqual([{ n: made.length }]);
    expect(paramsOf(open(folder, { shift: FORWARD, marked: 'correct' }))[0]).toMatchObject([
      'open_dispatch',
      { reported: 2_000_000 + HOUR },
    ]);
  });

  it('actions of an ended process with a doubtful clock are parked', async () => {
    const journal = open(await doubtful());

    expect(journal.counts().parked).toBe(4);
    for (const { detail } of journal.unsettled(9)) expect(detail).toContain('its times are not known');
    const { id } = journal.history.page({ states: ['parked'], machine: 'M', limit: 1 }).entries[0] ?? {};
    const named = { kind: 'retry', id: id ?? 0, product: 'P7', who: 'anna', confirmed: false } as const;
    expect(await journal.decisions.decide(named)).toMatchObject({
      kind: 'ask',
      words: expect.stringContaining('its times are not known'),
    });
  });

  it('counts and actions with a time of their source are sent although the clock was doubtful', async () => {
    const folder = await doubtful();

    expect(paramsOf(open(folder))).toMatchObject([
      ['increment_cycles', {}],
      ['set_cycles', {}],
      ['open_dispatch', { reported: 2_000_000 }],
    ]);
    expect(rows(folder, "SELECT count(*) AS n FROM action WHERE untimed = 1 AND state = 'waiting'")).toEqual([
      { n: 0 },
    ]);
  });

  it('an action that a person retried is not parked again', async () => {
    const folder = await doubtful();
    const journal = open(folder);
    const { id } = journal.history.page({ states: ['parked'], kind: 'record_details', limit: 1 }).entries[0] ?? {};
    await journal.decisions.decide({ kind: 'retry', id: id ?? 0, who: 'anna', confirmed: true });
    journal.close();

    expect(open(folder).waiting('production:L', 9)).toHaveLength(1);
  });

  it('the next process can read the offset of the doubtful clock', async () => {
    expect(readLastLife(await doubtful())).toEqual({ alive: FROM + 200, doubted: DOUBTED });
    expect(readLastLife(testFolder())).toEqual({ alive: null, doubted: null });
  });
});
