import { describe, expect, it } from 'vitest';
import type { CounterDefinition, Value } from '../../../src/core/sample.ts';
import { isReading } from '../../../src/rules/common/counter-reading.ts';
import { CounterState } from '../../../src/rules/counting/counter-state.ts';
import type { Counted } from '../../../src/rules/counting/counter-track.ts';
import { type Counter, type CounterInput, createCounter } from '../../../src/rules/counting/counters.ts';
import { movement, type Reading } from '../../../src/rules/counting/movement.ts';
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
  ])('the counter takes $what as $kind', ({ wraps, from, to, after, kind, moved, quarantined }) => {
    const result = movement({ wrapsAt: wraps, maxRate: ONE_PER_SECOND }, reading(from, 0), reading(to, after));
    expect(result).toEqual({ kind, moved, quarantined });
  });

  it('the first reading has no movement', () => {
    const result = movement({ wrapsAt: null, maxRate: 1 }, null, reading(100, 0));
    expect(result).toEqual({ kind: 'first_sight', moved: 0, quarantined: 0 });
  });
});

describe('isReading', () => {
  it.each([0, 7, 2n ** 63n])('a reading accepts %s', value => expect(isReading({}, value)).toBe(true));
  it.each([-1, 1.5, Number.NaN, Infinity, 2 ** 60, -1n, true, '7', null])('a reading refuses %s', value =>
    expect(isReading({}, value)).toBe(false),
  );
});

/** A reading that is no more than one movement. */
function readOne(one: Counter, value: Value | null, input: CounterInput): Counted | null {
  const [counted = null, ...more] = one.read(value, input);
  expect(more).toEqual([]);
  return counted;
}

describe('counter', () => {
  const strokes = counter('strokes');
  const live = (seconds: number, over = {}) => ({
    at: seconds * 1000,
    time: 'source' as const,
    retained: false,
    undated: false,
    ...over,
  });

  it('a counter goes on from its state', () => {
    const before = createCounter(strokes, null, 'base');
    readOne(before, 100, live(0));
    const after = createCounter(strokes, JSON.parse(JSON.stringify(before.state())), 'base');
    expect(readOne(after, 105, live(60))).toMatchObject({ kind: 'step', moved: 5, from: 0 });
  });

  it('a counter keeps a base beyond 2^53 exactly', () => {
    const before = createCounter(strokes, null, 'base');
    readOne(before, 2n ** 60n + 1n, live(0));
    const after = createCounter(strokes, JSON.parse(JSON.stringify(before.state())), 'base');
    expect(readOne(after, 2n ** 60n + 4n, live(60))?.moved).toBe(3);
  });

  it('a counter counts on from an implausible reading and remembers the movement that it left out', () => {
    const one = createCounter(strokes, null, 'base');
    readOne(one, 100, live(0));
    expect(readOne(one, 5000, live(10))?.kind).toBe('quarantine');
    expect(readOne(one, 5003, live(20))?.moved).toBe(3);
    expect(one.quarantined).toBe(4900);
  });

  it.each(['base', 'count'] as const)(
    'a signal with another address is another counter, with first sight %s',
    firstSight => {
      const before = createCounter(strokes, null, firstSight);
      readOne(before, 100, live(0));
      const after = createCounter({ ...strokes, fingerprint: 'elsewhere' }, before.state(), firstSight);
      expect(readOne(after, 90_000, live(10))).toMatchObject({ kind: 'first_sight', moved: 0 });
      expect(readOne(after, 90_001, live(20))).toMatchObject({ kind: 'step', moved: 1 });
    },
  );

  it('a counter counts from 0 at its first sight with first_sight: count', () => {
    const one = createCounter(strokes, null, 'count');
    expect(readOne(one, 40, live(0))).toMatchObject({ kind: 'first_sight', moved: 40 });
  });

  it('a counter never counts a retained value, and loses no movement by that', () => {
    const based = createCounter(strokes, null, 'base');
    expect(readOne(based, 100, live(0, { retained: true }))?.moved).toBe(0);
    expect(readOne(based, 105, live(10, { retained: true }))).toBeNull();
    expect(readOne(based, 106, live(20))?.moved).toBe(6);
    const counted = createCounter(strokes, null, 'count');
    expect(readOne(counted, 5, live(0, { retained: true }))).toBeNull();
    expect(readOne(counted, 6, live(10))?.moved).toBe(6);
  });

  it('a counter is known again when a retained value repeats its reading', () => {
    const one = createCounter(strokes, null, 'base');
    readOne(one, 100, live(0));
    one.lose(10_000);
    readOne(one, 100, live(20, { retained: true }));
    expect(one.blindFrom).toBeNull();
  });

  it('a counter is unknown after a value that is no reading', () => {
    const one = createCounter(strokes, null, 'base');
    readOne(one, 100, live(0));
    expect(readOne(one, 100.5, live(10))).toBeNull();
    expect(one.blindFrom).toBe(10_000);
    expect(readOne(one, 103, live(20))).toMatchObject({ moved: 3, blindFrom: 10_000 });
  });

  it('a counter spreads queued readings without a time over the time in the queue', () => {
    const one = createCounter(strokes, null, 'base');
    const queued = { time: 'received' as const, undated: true };
    readOne(one, 0, live(0, queued));
    const moved = Array.from({ length: 60 }, (_, index) =>
      readOne(one, (index + 1) * 50, live(7200 + index / 1000, queued)),
    );
    expect(moved.reduce((sum, counted) => sum + (counted?.moved ?? 0), 0)).toBe(3000);
  });
});

/** An INT of a PLC. */
const INT16 = { wrapsAt: 32_767, wrapsTo: -32_768, maxRate: 100 / 1000 };
const INT64 = { wrapsAt: 2n ** 63n - 1n, wrapsTo: -(2n ** 63n), maxRate: 100 / 1000 };

describe('a counter with a sign', () => {
  const live = (seconds: number) => ({ at: seconds * 1000, time: 'source' as const, retained: false, undated: false });

  /** The movement that is counted from readings every two seconds, with a restart before each. */
  function countedOf(definition: CounterDefinition, values: readonly (number | bigint)[]): number {
    let state: CounterState | null = null;
    let moved = 0;
    values.forEach((value, index) => {
      const one = createCounter(counter('strokes', definition), state, 'base');
      for (const counted of one.read(value, live(index * 2))) moved += counted.moved;
      state = CounterState.parse(JSON.parse(JSON.stringify(one.state())));
    });
    return moved;
  }

  it.each([
    { what: 'over the highest value', of: INT16, values: [32_766, 32_767, -32_768, -32_767], counted: 3 },
    { what: 'up to 0 and on', of: INT16, values: [-2, -1, 0, 1, 2], counted: 4 },
    { what: 'from a first reading below 0', of: INT16, values: [-32_768, -32_700], counted: 68 },
    { what: 'with more than one between two readings', of: INT16, values: [32_760, -32_760, -32_700], counted: 76 },
    { what: 'where the device leaves the negative half out', of: INT16, values: [32_766, 1, 2], counted: 4 },
    { what: 'after a reset in the negative half', of: INT16, values: [-9000, 4, 6], counted: 6 },
    {
      what: 'in 64 bits',
      of: INT64,
      values: [2n ** 63n - 2n, -(2n ** 63n) + 3n, -(2n ** 63n) + 5n],
      counted: 7,
    },
  ])('a counter with a sign counts on $what', ({ of, values, counted }) => expect(countedOf(of, values)).toBe(counted));

  it('a counter with a sign counts nothing when its value goes down', () => {
    expect(countedOf(INT16, [9000, 8000, 7000, 6000])).toBe(0);
  });

  it('a counter with a sign that counts from 0 and is first read below 0 has passed its positive half', () => {
    const one = createCounter(counter('strokes', INT16), null, 'count');
    expect(one.read(-32_768, live(0))).toMatchObject([{ moved: 32_768 }]);
  });
});

describe('a reading that the next one contradicts', () => {
  const strokes = counter('strokes', { wrapsAt: UINT32, maxRate: 10 / 1000 });
  const live = (seconds: number) => ({
    at: seconds * 1000,
    time: 'received' as const,
    retained: false,
    undated: false,
  });

  function read(...values: readonly number[]): readonly Counted[] {
    const one = createCounter(strokes, null, 'base');
    return values.flatMap((value, index) => one.read(value, live(index * 2))).slice(1);
  }
  const moved = (all: readonly Counted[]) => all.reduce((sum, counted) => sum + counted.moved, 0);

  it.each([
    { what: '0 for one poll', values: [30, 0, 31], counted: 1 },
    { what: '0 for several polls', values: [30, 0, 0, 0, 0, 33], counted: 3 },
    { what: '0 while nothing is made', values: [30, 0, 30, 31], counted: 1 },
    { what: '0 at a high total', values: [4_000_000, 0, 4_000_002], counted: 2 },
    { what: 'its highest number', values: [30, UINT32, 31], counted: 1 },
    { what: 'its highest number for several polls', values: [30, UINT32, UINT32, 31], counted: 1 },
    { what: 'any number', values: [5000, 17, 5001], counted: 1 },
    { what: '0, any number, and 0', values: [5000, 0, 123_456, 0, 5004], counted: 4 },
    { what: '0 just before it passes its highest value', values: [UINT32 - 3, 0, UINT32 - 2], counted: 1 },
  ])('a reading that the next one contradicts is taken as wrong: $what', ({ values, counted }) => {
    const all = read(...values);
    expect(moved(all)).toBe(counted);
    expect(all.find(({ kind }) => kind === 'wrong_reading')?.words).toContain('taken for a wrong reading');
  });

  it.each([
    { what: 'to 0', values: [5000, 0, 1, 2], counted: 2 },
    { what: 'to 0, where it stands for long', values: [5000, 0, 0, 0, 3], counted: 3 },
    { what: 'to a few', values: [5000, 4, 6], counted: 6 },
    { what: 'to a few, where it stands', values: [5000, 4, 4], counted: 4 },
  ])('the counter does not go on from a reading before a reset $what', ({ values, counted }) => {
    const all = read(...values);
    expect(moved(all)).toBe(counted);
    expect(all.map(({ kind }) => kind)).toContain('reset');
  });

  it('a contradicted reading is also judged after a restart', () => {
    const before = createCounter(strokes, null, 'base');
    before.read(30, live(0));
    before.read(0, live(2));
    const after = createCounter(strokes, JSON.parse(JSON.stringify(before.state())), 'base');
    after.lose(3000);
    expect(after.read(31, live(600))).toMatchObject([{ kind: 'wrong_reading', moved: 1, blindFrom: 3000 }]);
  });

  it('a contradicted reading is no longer an implausible count', () => {
    const one = createCounter(strokes, null, 'base');
    for (const [index, value] of [30, UINT32].entries()) one.read(value, live(index * 2));
    expect(one.quarantined).toBe(UINT32 - 30);
    one.read(31, live(4));
    expect(one.quarantined).toBe(0);
  });
});
