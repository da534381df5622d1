import { describe, expect, it } from 'vitest';
import type { RecordDetailsParams } from '../../src/actions/action.ts';
import { NO_CHAIN, type StoredAction } from '../../src/core/delivery.ts';
import { shortMemory } from '../../src/core/site-memory.ts';
import type { DeliveryOptions } from '../../src/l2l/delivery.ts';
import { createSiteZone } from '../../src/l2l/site-time.ts';
import { answer, frozenCall, NEVER, scripted, stored } from './calls.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const UTC = createSiteZone('UTC');

type Zone = ReturnType<typeof createSiteZone>;
type Listed = Readonly<{
  by: Zone;
  of: StoredAction;
  created?: number;
  actual?: number;
  error?: string;
  line?: string;
}>;

/**
 * A site in `name`, and a batch of sets of five minutes whose answer was lost. `begins`: the begin of the first set, in site time. L2L
 * lists the sets in `told`, with the times of its own clock.
 */
function lostBatch(
  name: string,
  begins: string,
  minutes: readonly number[] = [0],
  options: Partial<DeliveryOptions> = {},
) {
  const zone = createSiteZone(name);
  const first = zone.parse(begins)[0] ?? 0;
  const sets = minutes.map(minute => setAt(first + minute * MINUTE));
  const sentAt = first + (Math.max(...minutes) + 6) * MINUTE;
  const l2l: Record<'details' | 'errors' | 'status', Listed[]> = { details: [], errors: [], status: [] };
  const memory = shortMemory();
  const words: (string | null)[] = [];

  const record = ({ by, of, created = sentAt, actual, error, line }: Listed) => {
    const params = of.params as RecordDetailsParams;
    // L2L stores the instant that the text in site time means.
    const stored = (at: number) => by.text(zone.parse(zone.monotonic(at))[0] ?? 0);
    return {
      ...(line && { linecode: line }),
      ...{ start: stored(params.start), end: stored(params.end), actual: actual ?? params.actual, scrap: params.scrap },
      created: UTC.text(created),
      ...(error && { error }),
    };
  };
  const { delivery, clock, sent } = scripted(
    ({ path }) => {
      if (path === 'lines/') return answer({ success: true, data: [{ id: 101, code: 'LINE-1' }] });
      if (path.includes('status'))
        return answer({ success: true, data: l2l.status.map(told => ({ ...record(told), status: 'finished' })) });
      const list = path.includes('errors') ? l2l.errors : l2l.details;
      return answer({ success: true, data: list.map(record) });
    },
    {
      zone,
      memory: () => ({
        ...memory,
        learn(facts, said) {
          words.push(said);
          memory.learn(facts, said);
        },
      }),
      ...options,
    },
  );
  clock.advanceTo(sentAt + 5 * MINUTE);
  const call = frozenCall(delivery, sets, NO_CHAIN, { createdAt: sentAt, sentAt });
  return {
    zone,
    sets,
    sentAt,
    l2l,
    clock,
    words,
    sent,
    facts: memory.facts,
    learn: memory.learn,
    look: () => delivery.look(call, NEVER),
    follow: (batchId?: string) =>
      delivery.follow({ ...call, state: 'accepted', result: batchId === undefined ? {} : { batchId } }, NEVER),
  };
}

function setAt(start: number, fields: Partial<RecordDetailsParams> = {}): StoredAction {
  const params = { line: 'LINE-1', start, end: start + 5 * MINUTE, actual: 10, scrap: 1, product: 'P-100', ...fields };
  return stored('record_details', params, { key: `count@${params.end}:record`, rule: 'count', chain: null });
}

const paramsOf = ({ params }: StoredAction) => params as RecordDetailsParams;

/** A journal that has these sets. */
const recorded = (sets: readonly StoredAction[]): Pick<DeliveryOptions, 'recordedSets'> => ({
  recordedSets: (rule, from, to) =>
    sets.filter(set => set.rule === rule && paramsOf(set).end >= from && paramsOf(set).end < to).map(paramsOf),
});

describe.each(['America/Denver', 'Europe/Berlin', 'Australia/Adelaide'])('the clock of record sets in %s', name => {
  const BEGINS = '2026-03-04 06:00:00';
  const offset = (zone: Zone) => (UTC.parse(BEGINS)[0] ?? 0) - (zone.parse(BEGINS)[0] ?? 0);

  it.each(['site', 'utc'] as const)(
    'a lost batch is found by its times in %s time, and that clock is kept',
    async clock => {
      const { l2l, look, sets, zone, facts } = lostBatch(name, BEGINS);
      l2l.details = [{ by: clock === 'utc' ? UTC : zone, of: sets[0] as StoredAction }];
      expect((await look()).kind).toBe('applied');
      expect(facts().detailClock).toBe(clock);
    },
  );

  it.each(['site', 'utc'] as const)('a lost batch of %s times that L2L does not have is absent', async clock => {
    const { look, learn } = lostBatch(name, BEGINS);
    expect((await look()).kind).toBe('absent');
    learn({ detailClock: clock }, null);
    expect((await look()).kind).toBe('absent');
  });

  it.each(['site', 'utc'] as const)(
    'while the clock is unknown, a record that another set of the journal explains too is neither this set nor another one (%s)',
    async clock => {
      const zone = createSiteZone(name);
      const by = clock === 'utc' ? UTC : zone;
      const start = zone.parse(BEGINS)[0] ?? 0;
      // By the other clock, the record of this earlier or later set has the times of the set that was lost.
      const away = clock === 'utc' ? offset(zone) : -offset(zone);
      const other = setAt(start + away);
      const { l2l, look, facts, learn, clock: time, sentAt } = lostBatch(name, BEGINS, [0], recorded([other]));
      l2l.details = [{ by, of: other }];
      expect(await look()).toMatchObject({ kind: 'pending', detail: expect.stringContaining('site time or in UTC') });
      expect(facts().detailClock).toBeUndefined();
      time.advanceTo(sentAt + HOUR);
      expect((await look()).kind).toBe('undecided');
      learn({ detailClock: clock }, null);
      expect((await look()).kind).toBe('absent');
    },
  );

  it('while the clock is unknown, an old record of another set of the journal says nothing about this one', async () => {
    const zone = createSiteZone(name);
    const other = setAt((zone.parse(BEGINS)[0] ?? 0) - offset(zone));
    const { l2l, look, sentAt } = lostBatch(name, BEGINS, [0], recorded([other]));
    l2l.details = [{ by: zone, of: other, created: sentAt - HOUR }];
    expect((await look()).kind).toBe('absent');
  });

  it('while the clock is unknown, a record with other quantities leaves the set in doubt', async () => {
    const { l2l, look, sets } = lostBatch(name, BEGINS);
    l2l.details = [{ by: UTC, of: sets[0] as StoredAction, actual: 11 }];
    expect((await look()).kind).toBe('pending');
  });

  it.each(['site', 'utc'] as const)(
    'the first sets that L2L confirms show that it gives times by the clock %s',
    async clock => {
      const { l2l, follow, sets, zone, facts, words, sent } = lostBatch(name, BEGINS, [0, 5, 10]);
      const by = clock === 'utc' ? UTC : zone;
      l2l.status = sets.map(of => ({ by: zone, of, line: 'LINE-1' }));
      l2l.details = sets.map(of => ({ by, of }));
      expect(await follow('301')).toMatchObject({ kind: 'final', failed: new Map() });
      expect(facts().detailClock).toBe(clock);
      expect(words).toEqual(
        clock === 'utc' ? [null, 'L2L gives the times of production details in UTC'] : [null, null],
      );
      sent.splice(0);
      await follow('301');
      expect(sent.filter(({ path }) => path === 'pitchdetails/')).toEqual([]);
    },
  );

  it('the sets of a batch that failed are named, when L2L gives their times in UTC', async () => {
    const { l2l, follow, sets, facts } = lostBatch(name, BEGINS, [0, 60, 120]);
    l2l.status = sets.map(of => ({ by: UTC, of, line: 'LINE-1' }));
    l2l.errors = [{ by: UTC, of: sets[1] as StoredAction, line: 'LINE-1', error: 'no product' }];
    expect(await follow('301')).toMatchObject({ kind: 'final', failed: new Map([[sets[1]?.key, 'no product']]) });
    expect(facts().batchClock).toBe('utc');
  });

  it('after a lost answer, a set whose error L2L lists in UTC is refused, and not sent again', async () => {
    const { l2l, look, follow, sets } = lostBatch(name, BEGINS);
    l2l.errors = [{ by: UTC, of: sets[0] as StoredAction, line: 'LINE-1', error: 'no product' }];
    expect((await look()).kind).toBe('accepted');
    expect(await follow()).toMatchObject({ kind: 'final', failed: new Map([[sets[0]?.key, 'no product']]) });
  });
});

describe('a site that lists record sets by a clock of its own', () => {
  const TOKYO = createSiteZone('Asia/Tokyo');

  it('after L2L did not list sets that are done, a set that is not listed is not absent, until L2L lists some', async () => {
    const { l2l, look, follow, sets, zone, facts, words } = lostBatch('Europe/Berlin', '2026-03-04 06:00:00');
    l2l.status = sets.map(of => ({ by: zone, of, line: 'LINE-1' }));
    l2l.details = sets.map(of => ({ by: TOKYO, of }));
    expect(await follow('301')).toMatchObject({ kind: 'final' });
    expect(facts()).toMatchObject({ setsAreHidden: true });
    expect(facts().detailClock).toBeUndefined();
    expect(words).toContainEqual(expect.stringContaining('did not list record sets'));
    l2l.details = [];
    expect(await look()).toMatchObject({ kind: 'pending', detail: expect.stringContaining('may be in L2L') });

    l2l.details = sets.map(of => ({ by: zone, of }));
    await follow('301');
    expect(facts()).toMatchObject({ setsAreHidden: false, detailClock: 'site' });
    l2l.details = [];
    expect((await look()).kind).toBe('absent');
  });
});

describe('the clock of record sets and the change of the hour', () => {
  it.each([
    ['Europe/Berlin', '2026-10-25 01:30:00'],
    ['Europe/London', '2026-10-25 00:30:00'],
    ['America/Denver', '2026-11-01 00:30:00'],
    ['Europe/Berlin', '2026-03-29 01:30:00'],
    ['America/Denver', '2026-03-08 01:30:00'],
  ])('the sets of two hours around the change are each found in UTC and in site time (%s %s)', async (name, begins) => {
    const minutes = Array.from({ length: 30 }, (_, index) => index * 5);
    for (const clock of ['site', 'utc'] as const) {
      const { l2l, look, sets, zone, learn } = lostBatch(name, begins, minutes);
      learn({ detailClock: clock }, null);
      l2l.details = sets.map(of => ({ by: clock === 'utc' ? UTC : zone, of }));
      expect((await look()).kind).toBe('applied');
      l2l.details = l2l.details.slice(1);
      expect(await look()).toMatchObject({ kind: 'accepted', detail: expect.stringContaining('29 of 30') });
    }
  });

  it('a site whose clock is UTC needs no read that shows the clock', async () => {
    const { l2l, follow, sets, zone, sent } = lostBatch('Europe/London', '2026-01-10 06:00:00');
    l2l.status = sets.map(of => ({ by: zone, of, line: 'LINE-1' }));
    expect((await follow('301')).kind).toBe('final');
    expect(sent.filter(({ path }) => path === 'pitchdetails/')).toEqual([]);
  });

  it('sets that are done and listed with an older time of their making are not hidden, because the clock of the host may be wrong', async () => {
    const { l2l, follow, sets, zone, facts } = lostBatch('Europe/Berlin', '2026-03-04 06:00:00');
    l2l.status = sets.map(of => ({ by: zone, of, line: 'LINE-1' }));
    l2l.details = sets.map(of => ({ by: zone, of, created: Date.UTC(2026, 2, 1) }));
    expect(await follow('301')).toMatchObject({ kind: 'final' });
    expect(facts().setsAreHidden).not.toBe(true);
  });
});
