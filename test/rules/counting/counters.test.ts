import { describe, expect, it } from 'vitest';
import { createCounter, isReading, movement, type Reading } from '../../../src/rules/counting/counters.ts';
import { counter, ONE_PER_SECOND, UINT32 } from '../support/program.ts';

const UINT64 = 18446744073709551615n;
const reading = (value: number | bigint, seconds: number): Reading => ({ value, at: seconds * 1000 });

describe('movement', () => {
  it.each([
    // wrapsAt, from, to, seconds between, expected
    { what: 'a step', wraps: UINT32, from: 100, to: 112, after: 20, kind: 'step', moved: 12, quarantined: 0 },
    { what: 'standing still', wraps: UINT32, from: 100, to: 100, after: 1, kind: 'step', moved: 0, quarantined: 0 },
    { what: 'one part at once', wraps: UINT32, from: 100, to: 101, after: 0, kind: 'step', moved: 1, quarantined: 0 },
    {
      what: 'a 32-bit rollover',
      wraps: UINT32,
      from: 4294967290,
      to: 4,
      after: 60,
      kind: 'rollover',
      moved: 10,
      quarantined: 0,
    },
    {
      what: 'a rollover at 9999',
      wraps: 9999,
      from: 9998,
      to: 3,
      after: 60,
      kind: 'rollover',
      moved: 5,
      quarantined: 0,
    },
    { what: 'a rollover to 0', wraps: 9999, from: 9999, to: 0, after: 1, kind: 'rollover', moved: 1, quarantined: 0 },
    {
      what: 'a reset at shift start',
      wraps: 9999,
      from: 5000,
      to: 0,
      after: 10,
      kind: 'reset',
      moved: 0,
      quarantined: 0,
    },
    {
      what: 'parts after a reset',
      wraps: UINT32,
      from: 5000,
      to: 8,
      after: 10,
      kind: 'reset',
      moved: 8,
      quarantined: 0,
    },
    {
      what: 'lower without wrapping',
      wraps: null,
      from: 9998,
      to: 3,
      after: 60,
      kind: 'reset',
      moved: 3,
      quarantined: 0,
    },
    {
      what: 'an impossible jump up',
      wraps: UINT32,
      from: 100,
      to: 5000,
      after: 10,
      kind: 'quarantine',
      moved: 0,
      quarantined: 4900,
    },
    {
      what: 'an impossible jump down',
      wraps: UINT32,
      from: 5000,
      to: 3000,
      after: 10,
      kind: 'quarantine',
      moved: 0,
      quarantined: 3000,
    },
    {
      what: 'a long blind time',
      wraps: UINT32,
      from: 100,
      to: 3600,
      after: 3600,
      kind: 'step',
      moved: 3500,
      quarantined: 0,
    },
    {
      what: 'a clock that ran back',
      wraps: UINT32,
      from: 100,
      to: 101,
      after: -30,
      kind: 'step',
      moved: 1,
      quarantined: 0,
    },
    {
      what: 'a 64-bit step',
      wraps: UINT64,
      from: 2n ** 60n,
      to: 2n ** 60n + 7n,
      after: 60,
      kind: 'step',
      moved: 7,
      quarantined: 0,
    },
    {
      what: 'a 64-bit rollover',
      wraps: UINT64,
      from: UINT64 - 2n,
      to: 1,
      after: 60,
      kind: 'rollover',
      moved: 4,
      quarantined: 0,
    },
    {
      what: 'leaving the safe integers',
      wraps: UINT64,
      from: Number.MAX_SAFE_INTEGER,
      to: 2n ** 53n,
      after: 60,
      kind: 'step',
      moved: 1,
      quarantined: 0,
    },
  ])('takes $what as $kind', ({ wraps, from, to, after, kind, moved, quarantined }) => {
    const result = movement({ wrapsAt: wraps, maxRate: ONE_PER_SECOND }, reading(from, 0), reading(to, after));
    expect(result).toEqual({ kind, moved, quarantined });
  });

  it('has nothing to compare the first reading with', () => {
    const result = movement({ wrapsAt: null, maxRate: 1 }, null, reading(100, 0));
    expect(result).toEqual({ kind: 'first_sight', moved: 0, quarantined: 0 });
  });
});

describe('isReading', () => {
  it.each([0, 7, 2n ** 63n])('takes %s', value => expect(isReading(value)).toBe(true));
  it.each([-1, 1.5, Number.NaN, Infinity, 2 ** 60, -1n, true, '7', null])('refuses %s', value =>
    expect(isReading(value)).toBe(false),
  );
});

describe('counter', () => {
  const strokes = counter('strokes');
  const live = (seconds: number, over = {}) => ({
    at: seconds * 1000,
    time: 'source' as const,
    retained: false,
    undated: false,
    ...over,
  });

  it('goes on from its state', () => {
    const before = createCounter(strokes, null, 'base');
    before.read(100, live(0));
    const after = createCounter(strokes, JSON.parse(JSON.stringify(before.state())), 'base');
    expect(after.read(105, live(60))).toMatchObject({ kind: 'step', moved: 5, from: 0 });
  });

  it('keeps a base beyond 2^53 exactly', () => {
    const before = createCounter(strokes, null, 'base');
    before.read(2n ** 60n + 1n, live(0));
    const after = createCounter(strokes, JSON.parse(JSON.stringify(before.state())), 'base');
    expect(after.read(2n ** 60n + 4n, live(60))?.moved).toBe(3);
  });

  it('counts on from an implausible reading and remembers how much it left out', () => {
    const one = createCounter(strokes, null, 'base');
    one.read(100, live(0));
    expect(one.read(5000, live(10))?.kind).toBe('quarantine');
    expect(one.read(5003, live(20))?.moved).toBe(3);
    expect(one.quarantined).toBe(4900);
  });

  it.each(['base', 'count'] as const)(
    'takes a re-addressed signal as another counter with first sight %s',
    firstSight => {
      const before = createCounter(strokes, null, firstSight);
      before.read(100, live(0));
      const after = createCounter({ ...strokes, fingerprint: 'elsewhere' }, before.state(), firstSight);
      expect(after.read(90_000, live(10))).toMatchObject({ kind: 'first_sight', moved: 0 });
      expect(after.read(90_001, live(20))).toMatchObject({ kind: 'step', moved: 1 });
    },
  );

  it('counts from 0 at first sight where told', () => {
    expect(createCounter(strokes, null, 'count').read(40, live(0))).toMatchObject({ kind: 'first_sight', moved: 40 });
  });

  it('never counts a retained value, and loses nothing by it', () => {
    const based = createCounter(strokes, null, 'base');
    expect(based.read(100, live(0, { retained: true }))?.moved).toBe(0);
    expect(based.read(105, live(10, { retained: true }))).toBeNull();
    expect(based.read(106, live(20))?.moved).toBe(6);
    const counted = createCounter(strokes, null, 'count');
    expect(counted.read(5, live(0, { retained: true }))).toBeNull();
    expect(counted.read(6, live(10))?.moved).toBe(6);
  });

  it('is known again when a retained value repeats its reading', () => {
    const one = createCounter(strokes, null, 'base');
    one.read(100, live(0));
    one.lose(10_000);
    one.read(100, live(20, { retained: true }));
    expect(one.blindFrom).toBeNull();
  });

  it('is unknown from a value that is no reading', () => {
    const one = createCounter(strokes, null, 'base');
    one.read(100, live(0));
    expect(one.read(100.5, live(10))).toBeNull();
    expect(one.blindFrom).toBe(10_000);
    expect(one.read(103, live(20))).toMatchObject({ moved: 3, blindFrom: 10_000 });
  });

  it('takes queued readings without a time as spread over the time they were queued', () => {
    const one = createCounter(strokes, null, 'base');
    const queued = { time: 'received' as const, undated: true };
    one.read(0, live(0, queued));
    const moved = Array.from({ length: 60 }, (_, index) =>
      one.read((index + 1) * 50, live(7200 + index / 1000, queued)),
    );
    expect(moved.reduce((sum, counted) => sum + (counted?.moved ?? 0), 0)).toBe(3000);
  });
});
