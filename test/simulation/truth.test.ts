import { describe, expect, it } from 'vitest';
import type { MachineTruth, Stroke } from '../../src/simulation/machine.ts';
import type { LogEntry } from '../../src/simulation/sandbox/records.ts';
import { type Comparison, compareTruth, isClean } from '../../src/simulation/truth.ts';
import { truthTable } from '../../src/simulation/truth-table.ts';

const T = Date.UTC(2026, 2, 2, 13);
const stamp = { created: T, lastupdated: T };
const [P110, P120] = [1, 2];

/** `count` strokes from `start` on, one every 200 ms. The first `scrap` of them are scrap. */
function strokes(start: number, count: number, recipe: number, scrap = 0): Stroke[] {
  return Array.from({ length: count }, (_, index) => ({ at: start + 200 * index, recipe, scrap: index < scrap }));
}

/** Two runs: 50 parts of recipe 11, a stop, 40 parts of recipe 12, a stop. */
const PRESS: MachineTruth = {
  name: 'press1',
  machine: 'PRESS-01',
  line: 'LINE-1',
  strokes: [...strokes(T, 50, 11, 4), ...strokes(T + 21_000, 40, 12)],
  stops: [
    { start: T + 10_400, end: T + 20_700 },
    { start: T + 30_200, end: T + 40_100 },
  ],
  loads: [
    { at: 0, recipe: 11 },
    { at: T + 15_000, recipe: 12 },
  ],
  settled: true,
};

function dispatch(id: number, reported: number, completed: number | null) {
  return {
    id,
    dispatchnumber: id,
    site: 43,
    machine: 1,
    dispatchtype: 31,
    trade: null,
    reason: null,
    description: '',
    reported,
    completed,
    closed: completed,
    deleted: false,
    externalid: null,
    createdby: 'gateway',
    lastupdatedby: 'gateway',
    notes: [],
    ...stamp,
  };
}

function detail(id: number, start: number, actual: number, scrap: number, product = P110) {
  return {
    id,
    site: 43,
    line: 101,
    product,
    start,
    end: start + 10_000,
    actual,
    scrap,
    operator_count: 0,
    batch: null,
    ...stamp,
  };
}

function machine(cyclecount: number) {
  return { id: 1, site: 43, line: 101, code: 'PRESS-01', active: true, cyclecount, ...stamp };
}

const told = (what: string, target: string, change: LogEntry['change'], at = T) => ({ what, target, change, at });
const counted = (at: number, from: number, to: number) =>
  told('machines/increment_cycle_count', 'PRESS-01', { from, to, by: to - from }, at);

/** The log in the form of the sandbox. */
function logOf(entries: readonly ReturnType<typeof told>[]): LogEntry[] {
  return entries.map((entry, index) => ({ seq: index + 1, by: 'gateway', ...entry }));
}

/** The record set of the second run. */
const SECOND = detail(2, T + 20_000, 40, 0, P120);

/** A run without a fault. Each test changes one thing in it. */
function clean(): Comparison {
  const log = [
    told('dispatches/open', 'PRESS-01', { reported: T + 10_000 }),
    told('pitchdetails/record_details_batch', 'LINE-1', { start: T, product: P110 }),
    told('dispatches/close', 'PRESS-01', { completed: T + 20_000 }),
    counted(T + 10_000, 1000, 1050),
    told('dispatches/open', 'PRESS-01', { reported: T + 30_000 }),
    told('pitchdetails/record_details_batch', 'LINE-1', { start: T + 20_000, product: P120 }),
    told('dispatches/close', 'PRESS-01', { completed: T + 40_000 }),
    counted(T + 30_000, 1050, 1090),
  ];
  return {
    truths: [PRESS],
    after: {
      machines: [machine(1090)],
      lines: [
        {
          id: 101,
          site: 43,
          code: 'LINE-1',
          externalid: null,
          defaultproduct: null,
          enable_pitchdetails_api: true,
          ...stamp,
        },
      ],
      products: [
        { id: P110, site: 43, code: 'P-110', ...stamp },
        { id: P120, site: 43, code: 'P-120', ...stamp },
      ],
      dispatchtypes: [
        {
          id: 31,
          site: 43,
          code: 'DOWN',
          active: true,
          impact: 0,
          allowmultiple: true,
          reasonrequiredonopen: false,
          requiretoolingonopen: false,
          ...stamp,
        },
      ],
      dispatches: [dispatch(1, T + 10_000, T + 20_000), dispatch(2, T + 30_000, T + 40_000)],
      details: [detail(1, T, 46, 4), SECOND],
      log: logOf(log),
    },
    type: 'DOWN',
    tolerance: { early: 1000, late: 500 },
    products: new Map([
      [11, 'P-110'],
      [12, 'P-120'],
    ]),
    blind: () => [],
    delay: 1000,
    deadLetters: 0,
  };
}

type After = Comparison['after'];
const spoilt = (after: (it: After) => Partial<After>): Comparison => {
  const comparison = clean();
  return { ...comparison, after: { ...comparison.after, ...after(comparison.after) } };
};

/** The same run with other cycle counts. */
const countedAs = (...counts: readonly ReturnType<typeof told>[]): Comparison =>
  spoilt(it => ({ log: logOf([...it.log.filter(({ what }) => !what.startsWith('machines')), ...counts]) }));
const details = (...sets: readonly ReturnType<typeof detail>[]): Comparison => spoilt(() => ({ details: [...sets] }));

const ONE_OF_EACH = {
  machines: 1,
  expected: 184,
  delivered: 184,
  lost: 0,
  doubled: 0,
  out_of_order: 0,
  dead_letters: 0,
};

describe('truth against L2L', () => {
  it('the comparison is clean when both sides agree', () => {
    const { verdict } = compareTruth(clean());
    expect(verdict).toEqual(ONE_OF_EACH);
    expect(isClean(verdict)).toBe(true);
  });

  it.each<[string, Comparison, object]>([
    ['a dispatch never opened', spoilt(it => ({ dispatches: it.dispatches.slice(1) })), { lost: 2 }],
    [
      'a dispatch never closed',
      spoilt(() => ({ dispatches: [dispatch(1, T + 10_000, T + 20_000), dispatch(2, T + 30_000, null)] })),
      { lost: 1 },
    ],
    [
      'a dispatch opened twice',
      spoilt(it => ({ dispatches: [...it.dispatches, dispatch(3, T + 10_000, T + 20_000)] })),
      { doubled: 1 },
    ],
    [
      'a dispatch for no stop',
      spoilt(it => ({ dispatches: [...it.dispatches, dispatch(3, T + 25_000, T + 26_000)] })),
      { doubled: 1 },
    ],
    [
      'a dispatch with a wrong start',
      spoilt(() => ({ dispatches: [dispatch(1, T + 12_000, T + 20_000), dispatch(2, T + 30_000, T + 40_000)] })),
      { lost: 2, doubled: 1 },
    ],
    [
      'a dispatch with a wrong end',
      spoilt(() => ({ dispatches: [dispatch(1, T + 10_000, T + 25_000), dispatch(2, T + 30_000, T + 40_000)] })),
      { lost: 1 },
    ],
    [
      'a dispatch of another type',
      spoilt(() => ({
        dispatches: [{ ...dispatch(1, T + 10_000, T + 20_000), dispatchtype: 32 }, dispatch(2, T + 30_000, T + 40_000)],
      })),
      { lost: 2 },
    ],
    [
      'a dispatch that was deleted',
      spoilt(() => ({
        dispatches: [{ ...dispatch(1, T + 10_000, T + 20_000), deleted: true }, dispatch(2, T + 30_000, T + 40_000)],
      })),
      { lost: 2 },
    ],
    ['lost cycles', countedAs(counted(T + 30_000, 1000, 1083)), { lost: 7 }],
    ['doubled cycles', countedAs(counted(T + 30_000, 1000, 1097)), { doubled: 7 }],
    [
      'cycles told twice and as many lost later',
      countedAs(counted(T + 10_000, 1000, 1050), counted(T + 10_100, 1050, 1057), counted(T + 30_000, 1057, 1090)),
      { lost: 7, doubled: 7 },
    ],
    ['cycles told before they were made', countedAs(counted(T + 10_000, 1000, 1090)), { lost: 40, doubled: 40 }],
    ['a lost record set', details(SECOND), { lost: 50 }],
    ['a record set booked twice', details(detail(1, T, 46, 4), detail(3, T, 46, 4), SECOND), { doubled: 50 }],
    [
      'a record set booked twice under another time',
      details(detail(1, T, 46, 4), detail(3, T + 10_000, 46, 4), SECOND),
      { doubled: 50 },
    ],
    ['a record set under a wrong time', details(detail(1, T + 11_000, 46, 4), SECOND), { lost: 50, doubled: 50 }],
    [
      'a record set under a wrong product',
      details(detail(1, T, 46, 4), { ...SECOND, product: P110 }),
      { lost: 40, doubled: 40 },
    ],
    [
      'a record set of a product nobody makes',
      details(detail(1, T, 46, 4), { ...SECOND, product: 3 }),
      { lost: 40, doubled: 40 },
    ],
    [
      'a record set of a line nobody works on',
      details(detail(1, T, 46, 4), SECOND, { ...detail(3, T, 1, 0), line: 102 }),
      { doubled: 1 },
    ],
    ['scrap booked as good', details(detail(1, T, 50, 0), SECOND), { lost: 4 }],
    ['good booked as scrap', details(detail(1, T, 45, 5), SECOND), { doubled: 1 }],
    ['a line that got nothing', details(), { lost: 90 }],
    [
      'a dispatch call that was overtaken',
      spoilt(it => ({
        log: it.log.map((entry, index, all) =>
          index === 0
            ? { ...entry, change: all[4]?.change ?? {} }
            : index === 4
              ? { ...entry, change: all[0]?.change ?? {} }
              : entry,
        ),
      })),
      { out_of_order: 2 },
    ],
    [
      'a record set that was overtaken',
      spoilt(it => {
        const isSet = ({ target }: LogEntry) => target === 'LINE-1';
        return { log: [...it.log.filter(entry => !isSet(entry)), ...it.log.filter(isSet).toReversed()] };
      }),
      { out_of_order: 1 },
    ],
    [
      'a total that went backwards',
      spoilt(it => ({
        log: logOf([...it.log, told('machines/set_cycle_count', 'PRESS-01', { from: 1090, to: 1080 }, T + 31_000)]),
      })),
      { out_of_order: 1 },
    ],
    ['dead letters', { ...clean(), deadLetters: 3 }, { dead_letters: 3 }],
    [
      'a stop that goes on',
      { ...clean(), truths: [{ ...PRESS, stops: [...PRESS.stops, { start: T + 50_000, end: null }] }] },
      { expected: 186, lost: 2 },
    ],
  ])('the comparison sees %s', (_what, comparison, wrong) => {
    const { verdict } = compareTruth(comparison);
    const expected = { ...ONE_OF_EACH, ...wrong };
    expect(verdict).toEqual({ ...expected, delivered: expected.expected - expected.lost });
    expect(isClean(verdict)).toBe(false);
  });

  it.each([
    ['a second early', -1000, 0, true],
    ['more than a second early', -1001, 0, false],
    ['half a second late', 500, 0, true],
    ['more than half a second late', 501, 0, false],
    ['late, but seen as soon as somebody looked again', 2000, 1600, true],
    ['later than somebody looked again', 2200, 1600, false],
    ['late after a blind span that had ended before', 900, -600, false],
  ])('the comparison judges a time that is %s correctly', (_what, error, blindUntil, accepted) => {
    const stop = { start: T + 10_000, end: T + 20_000 };
    const blind = blindUntil === 0 ? [] : [{ from: stop.start - 5000, to: stop.start + blindUntil }];
    const comparison: Comparison = { ...clean(), truths: [{ ...PRESS, stops: [stop] }], blind: () => blind };
    const after = { ...comparison.after, dispatches: [dispatch(1, stop.start + error, stop.end)] };
    const { verdict } = compareTruth({ ...comparison, after });
    expect(verdict.lost === 0 && verdict.doubled === 0).toBe(accepted);
  });

  it('the comparison finds one part lost and one doubled, although the sums agree', () => {
    const slow = [0, 2000, 4000, 6000, 8000, 10_000].map(after => ({ at: T + after, recipe: 11, scrap: false }));
    const truths = [{ ...PRESS, strokes: slow }];
    const set = (id: number, start: number, parts: number) => ({ ...detail(id, start, parts, 0), end: start + 4000 });
    const of = (...parts: readonly number[]) => {
      const comparison = details(...parts.map((count, index) => set(index + 1, T - 1000 + 4000 * index, count)));
      return compareTruth({ ...comparison, truths }).lines[0];
    };
    expect(of(2, 2, 2)).toMatchObject({ good: 6, goodInL2l: 6, lost: 0, doubled: 0 });
    expect(of(1, 2, 3)).toMatchObject({ good: 6, goodInL2l: 6, lost: 1, doubled: 1 });
    expect(of(3, 2, 1)).toMatchObject({ good: 6, goodInL2l: 6, lost: 1, doubled: 1 });
  });

  it.each([
    ['all but its first second', T + 11_400, T + 40_000, 1],
    ['all but its last second', T + 5000, T + 19_700, 1],
    ['its middle', T + 14_000, T + 16_000, 0],
    ['none of it', T + 21_000, T + 25_000, 0],
  ])('the comparison asks for no dispatch of a stop when nobody saw %s', (_what, from, to, unseen) => {
    const { machines } = compareTruth({
      ...spoilt(() => ({ dispatches: [] })),
      truths: [{ ...PRESS, stops: [{ start: T + 10_400, end: T + 20_700 }] }],
      blind: () => [{ from, to }],
    });
    expect(machines[0]).toMatchObject({ unseen, lost: unseen === 1 ? 0 : 2 });
  });

  describe('when the recipe changed while the gateway was dead', () => {
    /**
     * The gateway is dead from the middle of the first stop to `to`. The recipe changed at T + 15 s, and the second run began at T + 21 s.
     */
    const dead = (to: number, ...sets: readonly ReturnType<typeof detail>[]): Comparison => ({
      ...details(detail(1, T, 46, 4), ...sets),
      blind: () => [{ from: T + 14_000, to }],
    });
    /** The parts of P-120 that were made until then: 5. */
    const TO = T + 21_900;
    const rest = (actual: number) => detail(3, T + 21_900, actual, 0, P120);

    it('the comparison accepts the parts of that time under the former product, and reports that', () => {
      const compared = compareTruth(dead(TO, detail(2, T + 14_000, 5, 0, P110), rest(35)));
      expect(isClean(compared.verdict)).toBe(true);
      expect(compared.verdict).toMatchObject({ lost: 0, doubled: 0, product_uncertain: 5 });
      expect(compared.lines.map(({ product, underBefore }) => [product, underBefore])).toEqual([
        ['P-110', 0],
        ['P-120', 5],
      ]);
      expect(truthTable(compared)).toContain('5 parts are under the product that ran before');
    });

    it('the comparison counts a product when all of its parts are under the former one', () => {
      const { lines, verdict } = compareTruth(
        dead(T + 30_000, { ...detail(2, T + 14_000, 40, 0, P110), end: T + 30_000 }),
      );
      expect(lines.map(({ product, good, goodInL2l }) => [product, good, goodInL2l])).toEqual([
        ['P-110', 46, 86],
        ['P-120', 40, 0],
      ]);
      expect(verdict).toMatchObject({ expected: 184, lost: 0, doubled: 0, product_uncertain: 40 });
    });

    it('the comparison also accepts them under the right product', () => {
      const { verdict } = compareTruth(dead(TO, detail(2, T + 20_000, 40, 0, P120)));
      expect(verdict).not.toHaveProperty('product_uncertain');
      expect(isClean(verdict)).toBe(true);
    });

    /** The recipe changed so shortly before that the gateway may have read it, or not. Then it changes back. */
    const lastChange = (at: number, set: ReturnType<typeof detail>) =>
      compareTruth({
        ...details(detail(1, T, 46, 4), set),
        truths: [
          {
            ...PRESS,
            strokes: [...strokes(T, 50, 11, 4), ...strokes(T + 16_000, 10, 12), ...strokes(T + 19_000, 30, 11)],
            loads: [
              { at: 0, recipe: 11 },
              { at, recipe: 12 },
              { at: T + 18_500, recipe: 11 },
            ],
          },
        ],
        blind: () => [{ from: T + 14_000, to: T + 25_000 }],
      }).verdict;

    it.each([
      ['just before, and read', T + 13_700, detail(2, T + 14_000, 40, 0, P120), 30],
      ['just before, and not read', T + 13_700, detail(2, T + 14_000, 40, 0, P110), 10],
      ['long before', T + 12_000, detail(2, T + 14_000, 40, 0, P120), 30],
    ])(
      'the comparison accepts them under the product that the gateway read last: the recipe changed %s',
      (_what, at, set, uncertain) => {
        expect(lastChange(at, set)).toMatchObject({
          lost: 0,
          doubled: 0,
          product_uncertain: uncertain,
        });
      },
    );

    it('the comparison does not accept a product that was replaced long before', () => {
      const verdict = lastChange(T + 12_000, detail(2, T + 14_000, 40, 0, P110));
      expect(verdict).toMatchObject({ lost: 10, doubled: 10 });
    });

    const made = (from: number, count: number, recipe: number) =>
      Array.from({ length: count }, (_, index) => ({ at: T + from + 800 * index, recipe, scrap: false }));
    const set = (id: number, from: number, to: number, actual: number, product: number) => ({
      ...detail(id, T + from, actual, 0, product),
      end: T + to,
    });

    it('the comparison decides three of these times together where parts fit to sets of more than one', () => {
      const { lines } = compareTruth({
        ...details(
          set(1, 400, 1400, 2, P110),
          set(2, 1400, 18_400, 11, P110),
          set(3, 18_400, 19_400, 1, P120),
          set(4, 19_400, 35_400, 11, P120),
          set(5, 35_400, 38_400, 4, P110),
          set(6, 38_400, 45_400, 2, P110),
          set(7, 45_400, 50_400, 1, P120),
        ),
        tolerance: { early: 1000, late: 1000 },
        truths: [
          {
            ...PRESS,
            strokes: [...made(800, 12, 11), ...made(18_660, 9, 12), ...made(32_340, 9, 11), ...made(45_340, 2, 12)],
            loads: [
              { at: 0, recipe: 11 },
              { at: T + 14_000, recipe: 12 },
              { at: T + 28_500, recipe: 11 },
              { at: T + 41_900, recipe: 12 },
            ],
          },
        ],
        blind: () => [
          { from: T + 2100, to: T + 18_950 },
          { from: T + 19_900, to: T + 36_300 },
          { from: T + 39_000, to: T + 46_200 },
        ],
      });
      expect(lines.map(({ lost, doubled }) => [lost, doubled])).toEqual([
        [0, 0],
        [0, 0],
      ]);
    });

    it('the comparison decides two of these times together where one part fits to sets of both', () => {
      const { lines } = compareTruth({
        ...details(
          set(1, 23_500, 38_500, 10, P120),
          set(2, 38_500, 41_500, 3, P110),
          set(3, 41_500, 43_500, 1, P110),
          set(4, 43_500, 57_500, 10, P110),
          set(5, 57_500, 62_500, 2, P120),
        ),
        tolerance: { early: 1000, late: 1000 },
        truths: [
          {
            ...PRESS,
            strokes: [...made(24_200, 2, 12), ...made(32_940, 12, 11), ...made(50_270, 12, 12)],
            loads: [
              { at: 0, recipe: 12 },
              { at: T + 28_800, recipe: 11 },
              { at: T + 45_900, recipe: 12 },
            ],
          },
        ],
        blind: () => [
          { from: T + 24_000, to: T + 39_200 },
          { from: T + 41_900, to: T + 44_000 },
          { from: T + 44_500, to: T + 58_000 },
        ],
      });
      expect(lines.map(({ product, lost, doubled, underBefore }) => [product, lost, doubled, underBefore])).toEqual([
        ['P-110', 0, 0, 8],
        ['P-120', 0, 0, 10],
      ]);
    });

    it.each([
      ['one part more than was made then', dead(TO, detail(2, T + 14_000, 6, 0, P110), rest(35)), 0, 1],
      ['one part of later', dead(TO, detail(2, T + 14_000, 6, 0, P110), rest(34)), 1, 1],
      ['one part less', dead(TO, detail(2, T + 14_000, 4, 0, P110), rest(35)), 1, 0],
      ['parts recorded twice', dead(TO, detail(2, T + 14_000, 5, 0, P110), rest(40)), 0, 5],
      [
        'the recipe was changed long before',
        {
          ...dead(TO, detail(2, T + 14_000, 5, 0, P110), rest(35)),
          truths: [{ ...PRESS, loads: [{ at: 0, recipe: 12 }] }],
        },
        5,
        5,
      ],
    ])('the comparison accepts nothing else: %s', (_what, comparison, lost, doubled) => {
      expect(compareTruth(comparison).verdict).toMatchObject({ lost, doubled });
    });
  });

  it.each([
    ['takes two stops for one when nobody saw the run between them', T + 20_000, T + 30_500, 0, 1],
    ['asks for both when a part of the run was seen', T + 22_000, T + 30_500, 3, 0],
  ])('the comparison %s', (_what, from, to, lost, unseen) => {
    const { machines } = compareTruth({
      ...spoilt(() => ({ dispatches: [dispatch(1, T + 10_000, T + 40_000)] })),
      blind: () => [{ from, to }],
    });
    expect(machines[0]).toMatchObject({ lost, unseen, doubled: 0 });
  });

  describe('when some of several stops look like one', () => {
    /** Nobody saw the first run begin and end. The same is true of the second run. */
    const stops = [
      { start: T + 10_000, end: T + 16_000 },
      { start: T + 24_000, end: T + 29_000 },
      { start: T + 38_000, end: T + 44_000 },
    ];
    const blind = [
      { from: T + 14_000, to: T + 23_800 },
      { from: T + 25_500, to: T + 39_500 },
    ];
    const compared = (...dispatches: readonly ReturnType<typeof dispatch>[]) =>
      compareTruth({
        ...spoilt(() => ({ dispatches: [...dispatches] })),
        truths: [{ ...PRESS, stops }],
        blind: () => blind,
      }).machines[0];

    it.each<[string, readonly ReturnType<typeof dispatch>[], object]>([
      [
        'the first alone, the second with the third',
        [dispatch(1, T + 10_000, T + 23_000), dispatch(2, T + 24_000, T + 44_000)],
        { unseen: 1, closed: 2, lost: 0, doubled: 0 },
      ],
      [
        'the first with the second, the third alone',
        [dispatch(1, T + 10_000, T + 39_000), dispatch(2, T + 39_500, T + 44_000)],
        { unseen: 1, closed: 2, lost: 0, doubled: 0 },
      ],
      ['all three', [dispatch(1, T + 10_000, T + 44_000)], { unseen: 2, closed: 1, lost: 0, doubled: 0 }],
      [
        'each alone',
        [dispatch(1, T + 10_000, T + 23_000), dispatch(2, T + 24_000, T + 39_000), dispatch(3, T + 39_500, T + 44_000)],
        { unseen: 0, closed: 3, lost: 0, doubled: 0 },
      ],
    ])('the comparison accepts %s', (_what, dispatches, expected) => {
      expect(compared(...dispatches)).toMatchObject(expected);
    });

    it.each<[string, readonly ReturnType<typeof dispatch>[], object]>([
      [
        'a dispatch that was never closed',
        [dispatch(1, T + 10_000, T + 23_000), dispatch(2, T + 24_000, null)],
        { unseen: 1, closed: 1, lost: 1, doubled: 0 },
      ],
      [
        'one closed at no end',
        [dispatch(1, T + 10_000, T + 23_000), dispatch(2, T + 24_000, T + 42_000)],
        { unseen: 1, closed: 1, lost: 1, doubled: 0 },
      ],
      [
        'one closed at no end before another one',
        [dispatch(1, T + 10_000, T + 26_000), dispatch(2, T + 24_000, T + 44_000)],
        { unseen: 1, closed: 1, lost: 1, doubled: 0 },
      ],
      [
        'a dispatch twice',
        [dispatch(1, T + 10_000, T + 23_000), dispatch(2, T + 24_000, T + 44_000), dispatch(3, T + 24_000, T + 44_000)],
        { doubled: 1 },
      ],
      [
        'a stop that was seen and is in no dispatch',
        [dispatch(1, T + 10_000, T + 23_000), dispatch(2, T + 24_000, T + 39_000)],
        { unseen: 0, closed: 2, lost: 2, doubled: 0 },
      ],
    ])('the comparison still sees %s', (_what, dispatches, expected) => {
      expect(compared(...dispatches)).toMatchObject(expected);
    });
  });

  it('the comparison assigns a dispatch to the stop at whose end it was closed', () => {
    const { machines } = compareTruth({
      ...spoilt(() => ({ dispatches: [dispatch(1, T + 40_000, T + 47_500)] })),
      truths: [
        {
          ...PRESS,
          stops: [
            { start: T + 22_000, end: T + 30_000 },
            { start: T + 40_200, end: T + 47_500 },
          ],
        },
      ],
      blind: () => [{ from: T + 20_000, to: T + 39_600 }],
    });
    expect(machines[0]).toMatchObject({ unseen: 1, closed: 1, lost: 0, doubled: 0 });
  });

  it('the comparison counts every machine and line for itself', () => {
    const other = { ...PRESS, machine: 'PRESS-02', stops: [] };
    const { machines, lines, verdict } = compareTruth({ ...clean(), truths: [PRESS, other] });
    expect(verdict).toMatchObject({ machines: 2, lost: 180 });
    expect(machines.map(({ machine, lost }) => [machine, lost])).toEqual([
      ['PRESS-01', 0],
      ['PRESS-02', 90],
    ]);
    expect(lines.map(({ line, product, lost }) => [line, product, lost])).toEqual([
      ['LINE-1', 'P-110', 50],
      ['LINE-1', 'P-120', 40],
    ]);
  });

  it('the comparison shows both sides as a table', () => {
    expect(truthTable(compareTruth(countedAs(counted(T + 30_000, 1000, 1083))))).toBe(
      [
        'MACHINE   stops  opened  closed  worst time  strokes  cycles',
        'PRESS-01      2       2       2       700ms       90      83  7 lost',
        '',
        'LINE    product  good  in L2L  scrap  in L2L',
        'LINE-1    P-110    46      46      4       4  ok',
        'LINE-1    P-120    40      40      0       0  ok',
        '',
        '184 expected, 177 delivered, 7 lost, 0 doubled, 0 out of order, 0 dead letters',
      ].join('\n'),
    );
  });
});
