import { describe, expect, it } from 'vitest';
import type { MachineTruth } from '../../src/simulation/machine.ts';
import type { LogEntry } from '../../src/simulation/sandbox/records.ts';
import { type Comparison, compareTruth, isClean } from '../../src/simulation/truth.ts';
import { truthTable } from '../../src/simulation/truth-table.ts';

const T = Date.UTC(2026, 2, 2, 13);
const stamp = { created: T, lastupdated: T };
const PRESS: MachineTruth = {
  name: 'press1',
  machine: 'PRESS-01',
  line: 'LINE-1',
  strokes: 100,
  scrap: 4,
  stops: [
    { start: T + 10_400, end: T + 20_700 },
    { start: T + 30_200, end: T + 40_100 },
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

function detail(id: number, start: number, actual: number, scrap: number) {
  return {
    id,
    site: 43,
    line: 101,
    product: 1,
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

const told = (what: string, target: string, change: LogEntry['change']) => ({ what, target, change });

/** A run without any fault; each test spoils one thing. */
function clean(): Comparison {
  const log = [
    told('dispatches/open', 'PRESS-01', { reported: T + 10_000 }),
    told('pitchdetails/record_details_batch', 'LINE-1', { start: T }),
    told('dispatches/close', 'PRESS-01', { completed: T + 20_000 }),
    told('machines/increment_cycle_count', 'PRESS-01', { from: 1000, to: 1100 }),
    told('dispatches/open', 'PRESS-01', { reported: T + 30_000 }),
    told('pitchdetails/record_details_batch', 'LINE-1', { start: T + 10_000 }),
    told('dispatches/close', 'PRESS-01', { completed: T + 40_000 }),
  ];
  return {
    truths: [PRESS],
    before: { machines: [machine(1000)] },
    after: {
      machines: [machine(1100)],
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
      details: [detail(1, T, 50, 4), detail(2, T + 10_000, 46, 0)],
      log: log.map((entry, index) => ({ seq: index + 1, at: T, by: 'gateway', ...entry })),
    },
    type: 'DOWN',
    tolerance: { early: 1000, late: 500 },
    blind: [],
    deadLetters: 0,
  };
}

type After = Comparison['after'];
const spoilt = (after: (it: After) => Partial<After>): Comparison => {
  const comparison = clean();
  return { ...comparison, after: { ...comparison.after, ...after(comparison.after) } };
};

const ONE_OF_EACH = {
  machines: 1,
  expected: 204,
  delivered: 204,
  lost: 0,
  doubled: 0,
  out_of_order: 0,
  dead_letters: 0,
};

describe('truth against L2L', () => {
  it('is clean when both sides agree', () => {
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
    ['lost cycles', spoilt(() => ({ machines: [machine(1093)] })), { lost: 7 }],
    ['doubled cycles', spoilt(() => ({ machines: [machine(1107)] })), { doubled: 7 }],
    ['a lost record set', spoilt(it => ({ details: it.details.slice(1) })), { lost: 54 }],
    ['a doubled record set', spoilt(it => ({ details: [...it.details, detail(3, T, 50, 4)] })), { doubled: 54 }],
    [
      'scrap booked as good',
      spoilt(() => ({ details: [detail(1, T, 54, 0), detail(2, T + 10_000, 46, 0)] })),
      { lost: 4, doubled: 4 },
    ],
    ['a line that got nothing', spoilt(() => ({ details: [] })), { lost: 100 }],
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
      spoilt(it => ({ log: it.log.toReversed().filter(({ target }) => target === 'LINE-1') })),
      { out_of_order: 1 },
    ],
    [
      'a total that went backwards',
      spoilt(it => ({
        log: it.log.map(entry =>
          entry.what.startsWith('machines')
            ? { ...entry, what: 'machines/set_cycle_count', change: { from: 1100, to: 1090 } }
            : entry,
        ),
      })),
      { out_of_order: 1 },
    ],
    ['dead letters', { ...clean(), deadLetters: 3 }, { dead_letters: 3 }],
    [
      'a stop that goes on',
      { ...clean(), truths: [{ ...PRESS, stops: [...PRESS.stops, { start: T + 50_000, end: null }] }] },
      { expected: 206, lost: 2 },
    ],
  ])('sees %s', (_what, comparison, wrong) => {
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
  ])('takes a time that is %s accordingly', (_what, error, blindUntil, accepted) => {
    const stop = { start: T + 10_000, end: T + 20_000 };
    const blind = blindUntil === 0 ? [] : [{ from: stop.start - 5000, to: stop.start + blindUntil }];
    const comparison: Comparison = { ...clean(), truths: [{ ...PRESS, stops: [stop] }], blind };
    const after = { ...comparison.after, dispatches: [dispatch(1, stop.start + error, stop.end)] };
    const { verdict } = compareTruth({ ...comparison, after });
    expect(verdict.lost === 0 && verdict.doubled === 0).toBe(accepted);
  });

  it('counts every machine and line for itself', () => {
    const other = { ...PRESS, machine: 'PRESS-02', stops: [] };
    const { machines, lines, verdict } = compareTruth({ ...clean(), truths: [PRESS, other] });
    expect(verdict).toMatchObject({ machines: 2, lost: 200 });
    expect(machines.map(({ machine, lost }) => [machine, lost])).toEqual([
      ['PRESS-01', 0],
      ['PRESS-02', 100],
    ]);
    expect(lines.map(({ line, lost }) => [line, lost])).toEqual([['LINE-1', 100]]);
  });

  it('shows both sides as a table', () => {
    expect(truthTable(compareTruth(spoilt(() => ({ machines: [machine(1093)] }))))).toBe(
      [
        'MACHINE   stops  opened  closed  worst time  strokes  cycles',
        'PRESS-01      2       2       2       700ms      100      93  7 lost',
        '',
        'LINE    good  in L2L  scrap  in L2L',
        'LINE-1    96      96      4       4  ok',
        '',
        '204 expected, 197 delivered, 7 lost, 0 doubled, 0 out of order, 0 dead letters',
      ].join('\n'),
    );
  });
});
