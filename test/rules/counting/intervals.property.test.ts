import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createIntervals, type Interval, type Intervals } from '../../../src/rules/counting/intervals.ts';

const EVERY = 60_000;
const START = 1_000_000 * EVERY;

type Doing =
  | {
      readonly kind: 'add';
      readonly wait: number;
      readonly late: number;
      readonly parts: number;
      readonly scrap: number;
    }
  | {
      readonly kind: 'span' | 'spread';
      readonly wait: number;
      readonly back: number;
      readonly parts: number;
      readonly scrap: number;
    }
  | { readonly kind: 'cut'; readonly wait: number }
  | { readonly kind: 'take'; readonly wait: number; readonly early: number };

const wait = fc.oneof(fc.nat(2000), fc.nat(3 * EVERY));
const parts = fc.nat(50);
const scrap = fc.oneof(fc.constant(0), fc.nat(5));
const doing: fc.Arbitrary<Doing> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('add' as const), wait, late: fc.nat(20_000), parts, scrap }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('span' as const, 'spread' as const),
      wait,
      back: fc.nat(2 * EVERY),
      parts,
      scrap,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cut' as const), wait }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('take' as const), wait, early: fc.nat(EVERY) }) },
);

type Life = {
  readonly taken: readonly Interval[];
  readonly left: readonly Interval[];
  readonly changes: readonly number[];
  readonly parts: number;
  readonly scrap: number;
};

/** A line as the production rule keeps it: blind spans end, products change, and intervals are taken when they are over. */
function play(doings: readonly Doing[], look: (intervals: Intervals) => void): Life {
  const changes: number[] = [];
  const intervals = createIntervals({
    every: EVERY,
    restored: [],
    toldUntil: 0,
    changes: () => changes.map(from => ({ from, at: from })),
  });
  const taken: Interval[] = [];
  let now = START;
  const sum = { parts: 0, scrap: 0 };
  for (const one of doings) {
    now += one.wait;
    switch (one.kind) {
      case 'add':
        intervals.add(now - one.late, one);
        break;
      case 'span':
        intervals.addSpan({ from: now - one.back - 1, to: now }, one);
        break;
      case 'spread':
        intervals.spread({ from: now - one.back - 1, to: now }, one, 1);
        break;
      case 'cut':
        changes.push(intervals.cutAt(now));
        break;
      case 'take': {
        const oldest = intervals.oldest();
        if (oldest === undefined || oldest.start > now) break;
        if (oldest.end > now) intervals.shorten(now - one.early);
        if ((intervals.oldest()?.end ?? Infinity) > now) break;
        const interval = intervals.take();
        if (interval) taken.push(interval);
        break;
      }
    }
    if ('parts' in one) {
      sum.parts += one.parts;
      sum.scrap += one.scrap;
    }
    look(intervals);
  }
  return { taken, left: intervals.all, changes, ...sum };
}

const life = fc.array(doing, { maxLength: 60 });

describe('the intervals of a line, whatever happens', () => {
  it('the intervals of a line hold every part and every scrap exactly once', () => {
    fc.assert(
      fc.property(life, doings => {
        const { taken, left, parts, scrap } = play(doings, () => {});
        const all = [...taken, ...left];
        expect(all.reduce((sum, interval) => sum + interval.parts, 0)).toBe(parts);
        expect(all.reduce((sum, interval) => sum + interval.scrap, 0)).toBe(scrap);
      }),
      { numRuns: 500 },
    );
  });

  it('the intervals of a line never overlap, are whole seconds long, and begin after the recorded ones', () => {
    fc.assert(
      fc.property(life, doings => {
        const { taken, left } = play(doings, ({ all, toldUntil }) => {
          let end = toldUntil;
          for (const interval of all) {
            expect(interval.start).toBeGreaterThanOrEqual(end);
            expect(interval.end - interval.start).toBeGreaterThanOrEqual(1000);
            expect([interval.start % 1000, interval.end % 1000]).toEqual([0, 0]);
            end = interval.end;
          }
        });
        let end = 0;
        for (const interval of [...taken, ...left]) {
          expect(interval.start).toBeGreaterThanOrEqual(end);
          end = interval.end;
        }
      }),
      { numRuns: 500 },
    );
  });

  it('no interval of a line crosses a change of product that was known when its parts were seen', () => {
    fc.assert(
      fc.property(life, doings => {
        const { taken, left, changes } = play(doings, () => {});
        for (const { start, end, blind } of [...taken, ...left]) {
          if (!blind) expect(changes.filter(change => start < change && change < end)).toEqual([]);
        }
      }),
      { numRuns: 500 },
    );
  });
});
