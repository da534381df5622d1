import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProductionRule } from '../../../src/rules/counting/production-rule.ts';
import { counter, lookup, production, program, signal } from '../support/program.ts';
import { clockOf, lines, on, type Plant, paramsOf, plant, shortKey } from '../support/rule-plant.ts';

const strokes = counter('strokes');
const crack = counter('crack');
const burr = counter('burr');
const recipe = signal('recipe', { type: 'number' });
const operators = signal('operators', { type: 'number' });
const rule = (over: Partial<ProductionRule> = {}) =>
  program(
    [
      production('line1', strokes, {
        scrap: [
          { category: 'CRACK', counter: crack },
          { category: 'BURR', counter: burr },
        ],
        byCategory: true,
        ...over,
      }),
    ],
    [strokes, crack, burr, recipe, operators],
  );
const NONE = { strokes: 0, crack: 0, burr: 0 };

describe('scrap by category', () => {
  it('each category with scrap is an action of its own, in the last second of its interval, and the set has no scrap', () => {
    const line = plant(rule());
    line.set('06:00', NONE);
    line.set('06:01', { strokes: 10, crack: 2, burr: 1 });
    line.set('06:02', { strokes: 20, crack: 3 });
    line.set('06:06', { strokes: 25, burr: 2 });
    line.until('06:20');
    expect(lines(line.actions)).toEqual([
      '06:00:00-06:05:00 actual 16 scrap 0',
      '06:04:59 scrap 3 CRACK',
      '06:04:59 scrap 1 BURR',
      '06:05:00-06:10:00 actual 4 scrap 0',
      '06:09:59 scrap 1 BURR',
    ]);
    expect(line.actions.slice(0, 3).map(action => [shortKey(action), action.lane, action.chain])).toEqual([
      ['line1:record', 'production:LINE-1', null],
      ['line1:scrap:CRACK', 'scrap:LINE-1', null],
      ['line1:scrap:BURR', 'scrap:LINE-1', null],
    ]);
    expect(new Set(line.actions.map(({ key }) => key)).size).toBe(5);
  });

  it('an interval with scrap only makes no set without parts', () => {
    const line = plant(rule());
    line.set('06:00', NONE);
    line.set('06:01', { strokes: 2, crack: 5 });
    line.set('06:06', { strokes: 12 });
    line.until('06:20');
    expect(lines(line.actions)).toEqual(['06:04:59 scrap 5 CRACK', '06:05:00-06:10:00 actual 7 scrap 0']);
  });

  it('scrap has the product of its interval, and waits with it while the product is not known', () => {
    const byRecipe = lookup('recipe', { 1: 'A' });
    const line = plant(rule({ product: byRecipe }));
    line.set('06:00', { ...NONE, recipe: 1 });
    line.set('06:01', { strokes: 10, crack: 2 });
    line.set('06:02', { recipe: 7 });
    line.set('06:03', { strokes: 20, crack: 3 });
    line.until('06:20');
    expect(paramsOf(line.actions, 'add_scrap_detail')).toMatchObject([
      { category: 'CRACK', scrap: 2, product: 'A', scrapped: on('06:01:59') },
      { category: 'CRACK', scrap: 1, product: null, unknownProduct: { seen: { recipe: '7' } } },
    ]);
  });

  it.each(['one', 'spread'] as const)('parts of a blind time keep the categories of their scrap (%s)', afterGap => {
    const line = plant(rule({ afterGap }));
    line.set('06:00', NONE);
    line.set('06:01', { strokes: 'bad', crack: 'bad', burr: 'bad' });
    line.set('06:16', { strokes: 90, crack: 6, burr: 3 });
    line.until('06:40');
    expect(totals(line)).toEqual({ good: 81, CRACK: 6, BURR: 3 });
    const times = paramsOf(line.actions, 'add_scrap_detail').map(({ scrapped }) => clockOf(scrapped));
    if (afterGap === 'spread') expect(new Set(times).size).toBeGreaterThan(2);
    else expect(new Set(times).size).toBe(1);
  });

  it('scrap that was counted while only the parts were not seen keeps its category', () => {
    const line = plant(rule());
    line.set('06:00', NONE);
    line.set('06:01', { strokes: 'bad' });
    line.set('06:07', { crack: 2 });
    line.set('06:08', { burr: 1 });
    line.set('06:16', { strokes: 30 });
    line.until('06:40');
    expect(totals(line)).toEqual({ good: 27, CRACK: 2, BURR: 1 });
  });

  it('the config gets categories in the middle of an interval: scrap from before stays in the set', () => {
    const line = plant(rule({ byCategory: false }));
    line.set('06:00', NONE);
    line.set('06:01', { strokes: 10, crack: 2 });
    line.restart('06:01:30', '06:01:40', rule());
    line.source('06:01:40', 'connected');
    line.set('06:02', { strokes: 20, crack: 5, burr: 0 });
    line.until('06:20');
    expect(totals(line)).toEqual({ good: 15, scrap: 2, CRACK: 3 });
  });

  it('a removed rule sends its scrap by category', () => {
    const line = plant(rule());
    line.set('06:00', NONE);
    line.set('06:01', { strokes: 10, crack: 2, burr: 1 });
    line.restart('06:02', '06:03', program([], [strokes, crack, burr]));
    expect(totals(line)).toEqual({ good: 7, CRACK: 2, BURR: 1 });
  });

  it('every scrap is sent once under its category, whatever happens', () => {
    const step = fc.record({
      parts: fc.nat(9),
      crack: fc.nat(3),
      burr: fc.nat(2),
      event: fc.constantFrom('none', 'none', 'blind', 'restart', 'recipe', 'late'),
      wait: fc.integer({ min: 1, max: 400 }),
    });
    const config = fc.record({
      afterGap: fc.constantFrom('one', 'spread'),
      product: fc.constantFrom(null, lookup('recipe', { 1: 'A', 2: 'B' })),
      of: fc.constantFrom('total', 'good'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), config, (steps, { of, ...over }) => {
        const rules = rule({ ...over, quantity: { of, counter: strokes } } as Partial<ProductionRule>);
        const line = plant(rules);
        const made = { strokes: 0, crack: 0, burr: 0 };
        let now = on('06:00');
        const time = () => new Date(now).toISOString().slice(11, 19);
        line.set(time(), { ...made, recipe: 1 });
        for (const { parts, event, wait, ...scrap } of steps) {
          now += wait * 1000;
          if (event === 'blind') line.set(time(), { strokes: 'bad', crack: 'bad', burr: 'bad' });
          if (event === 'restart') {
            const died = time();
            now += 5000;
            line.restart(died, time());
            line.source(time(), 'connected');
          }
          now += 1000;
          made.strokes += parts + scrap.crack + scrap.burr;
          made.crack += scrap.crack;
          made.burr += scrap.burr;
          const batch = event === 'late' ? { at: now - 500 } : {};
          line.set(time(), { ...made, recipe: event === 'recipe' ? 2 : 1 }, batch);
        }
        now += 3_600_000;
        line.until(time());
        const { CRACK = 0, BURR = 0, scrap = 0 } = totals(line);
        expect([CRACK, BURR, scrap]).toEqual([made.crack, made.burr, 0]);
      }),
    );
  });
});

describe('operators', () => {
  it('a set has the written number of operators, or the value of the signal at the end of its interval', () => {
    const countOf = (over: Partial<ProductionRule>) => {
      const line = plant(rule(over));
      line.set('06:00', { ...NONE, operators: 2 });
      line.set('06:01', { strokes: 10, operators: 2.504 });
      line.until('06:20');
      return paramsOf(line.actions, 'record_details').map(({ operatorCount }) => operatorCount);
    };
    expect([countOf({ operators: 3 }), countOf({ operators: 'operators' }), countOf({})]).toEqual([
      [3],
      [2.5],
      [undefined],
    ]);
  });

  it('a set has no number of operators while the signal was never known', () => {
    const line = plant(rule({ operators: 'operators' }));
    line.set('06:00', NONE);
    line.set('06:01', { strokes: 10 });
    line.until('06:20');
    expect(paramsOf(line.actions, 'record_details')[0]).not.toHaveProperty('operatorCount');
  });
});

/** What L2L gets in all: good parts, scrap of the sets, and scrap by category. */
function totals({ actions }: Plant): Record<string, number> {
  const sum: Record<string, number> = {};
  const add = (name: string, count: number) => {
    if (count !== 0) sum[name] = (sum[name] ?? 0) + count;
  };
  for (const { actual, scrap } of paramsOf(actions, 'record_details')) {
    add('good', actual);
    add('scrap', scrap);
  }
  for (const { category, scrap } of paramsOf(actions, 'add_scrap_detail')) add(category, scrap);
  return sum;
}
