import { describe, expect, it } from 'vitest';
import type { ProductionRule } from '../../../src/rules/counting/production-rule.ts';
import { counter, lookup, production, program, signal } from '../support/program.ts';
import { lines, on, type Plant, paramsOf, plant } from '../support/rule-plant.ts';

const strokes = counter('strokes');
const crack = counter('crack');
const recipe = signal('recipe', { type: 'number' });
const cavities = signal('cavities', { type: 'number' });
const byRecipe = lookup('recipe', { '1': 'A', '2': 'B' });

const rules = (over: Partial<ProductionRule> = {}) =>
  program(
    [production('line1', strokes, { product: byRecipe, scrap: [{ category: 'CRACK', counter: crack }], ...over })],
    [strokes, crack, recipe, cavities],
  );

/** A line that made 10 parts of A up to 06:01. From 06:02 on nothing is read. */
function line(over: Partial<ProductionRule> = {}): Plant {
  const made = plant(rules(over));
  made.set('06:00', { strokes: 0, crack: 0, recipe: 1, cavities: 1 });
  made.set('06:01', { strokes: 10 });
  return made;
}

function restarted(over: Partial<ProductionRule> = {}): Plant {
  const made = line(over);
  made.restart('06:02', '06:03');
  made.source('06:03', 'connected');
  return made;
}

function uncertain({ events }: Plant): readonly string[] {
  return events.filter(({ kind }) => kind === 'product_uncertain').map(({ detail }) => detail);
}

const FLAGGED = [
  '06:00:00-06:02:00 actual 10 scrap 0 A',
  '06:02:00-06:03:00 actual 7 scrap 0 A blind',
  '06:03:00-06:05:00 actual 3 scrap 0 B',
];

describe('parts of a blind time with different products at its ends', () => {
  it('parts of a blind time with two products are a flagged set under the product before it', () => {
    const made = restarted();
    made.set('06:03', { strokes: 17, recipe: 2 });
    made.set('06:04', { strokes: 20 });
    made.until('06:10');
    expect(lines(made.actions)).toEqual(FLAGGED);
    const [, set] = made.actions;
    const words = 'A ran before a time in which nothing was read, B ran after it';
    expect(set?.params).toMatchObject({ product: 'A', uncertainProduct: words });
    expect(set?.cause.text).toContain(`product uncertain: ${words}`);
    expect(uncertain(made)).toEqual([`7 good, 0 scrap of line LINE-1: ${words}; they are recorded as A`]);
    expect(made.engine.rules()[0]?.text).toContain('the product of 7 parts is uncertain');
  });

  it('parts of a blind time with two products are parked with blind_product: park', () => {
    const made = restarted({ blindProduct: 'park' });
    made.set('06:03', { strokes: 17, recipe: 2 });
    made.set('06:04', { strokes: 20 });
    made.until('06:10');
    expect(paramsOf(made.actions, 'record_details').map(({ product }) => product)).toEqual(['A', null, 'B']);
    expect(paramsOf(made.actions, 'record_details')[1]).toMatchObject({
      actual: 7,
      unknownProduct: { why: 'A ran before a time in which nothing was read, B ran after it', seen: {} },
    });
    expect(uncertain(made)).toHaveLength(1);
    expect(made.events.filter(({ kind }) => kind === 'interval_parked')).toHaveLength(1);
  });

  it('parts of a blind time are found when the counter is read before the recipe', () => {
    const made = restarted();
    made.set('06:03', { strokes: 17 });
    made.set('06:03:00.400', { recipe: 2 });
    made.set('06:04', { strokes: 20 });
    made.until('06:10');
    expect(lines(made.actions)).toEqual(FLAGGED);
  });

  it('parts of a blind time are found when the recipe is read before the counter', () => {
    const made = restarted();
    made.set('06:03', { recipe: 2 });
    made.set('06:03:00.400', { strokes: 17 });
    made.set('06:04', { strokes: 20 });
    made.until('06:10');
    expect(lines(made.actions)).toEqual(FLAGGED);
  });

  it('parts of a blind time are found after an absence of the source over several intervals, with every after_gap', () => {
    const made = line({ afterGap: 'spread' });
    made.source('06:02', 'disconnected');
    made.source('06:12', 'connected');
    made.set('06:12', { strokes: 31, crack: 2, recipe: 2 });
    made.set('06:13', { strokes: 40 });
    made.until('06:30');
    expect(lines(made.actions)).toEqual([
      '06:00:00-06:02:00 actual 10 scrap 0 A',
      '06:02:00-06:12:00 actual 19 scrap 2 A blind',
      '06:12:00-06:15:00 actual 9 scrap 0 B',
    ]);
    expect(uncertain(made)).toHaveLength(1);
  });

  it('parts of a blind time are found when only the counter could not be read', () => {
    const made = line();
    made.set('06:02', { strokes: 'bad' });
    made.set('06:02:30', { recipe: 2 });
    made.set('06:03', { strokes: 17 });
    made.set('06:04', { strokes: 20 });
    made.until('06:10');
    expect(paramsOf(made.actions, 'record_details').map(({ product, actual }) => [product, actual])).toEqual([
      ['A', 10],
      ['A', 7],
      ['B', 3],
    ]);
    expect(uncertain(made)).toHaveLength(1);
  });

  it('parts of a blind time are found after a standstill of the process when the recipe is read a little later', () => {
    const made = line();
    made.standstill('06:02', '06:03');
    made.set('06:03', { strokes: 17 });
    made.set('06:03:02', { recipe: 2 });
    made.set('06:04', { strokes: 20 });
    made.until('06:10');
    expect(paramsOf(made.actions, 'record_details').map(({ product, actual }) => [product, actual])).toEqual([
      ['A', 10],
      ['A', 7],
      ['B', 3],
    ]);
    expect(uncertain(made)).toHaveLength(1);
  });

  it('parts of a blind time are found when the next product has no code', () => {
    const made = restarted();
    made.set('06:03', { strokes: 17, recipe: 9 });
    made.set('06:04', { strokes: 20 });
    made.until('06:10');
    expect(paramsOf(made.actions, 'record_details').map(({ product }) => product)).toEqual(['A', 'A', null]);
    expect(uncertain(made)[0]).toContain('codes has no 9');
  });

  it('parts of a blind time are uncertain when the recipe is not read within 30 s, and counting goes on', () => {
    const made = restarted();
    made.set('06:03', { strokes: 17 });
    made.set('06:03:20', { strokes: 20 });
    made.set('06:08', { strokes: 24 });
    made.until('06:20');
    expect(lines(made.actions)).toEqual([
      '06:00:00-06:02:00 actual 10 scrap 0 A',
      '06:02:00-06:03:20 actual 10 scrap 0 A blind',
      '06:05:00-06:10:00 actual 4 scrap 0 A',
    ]);
    expect(uncertain(made)).toEqual([expect.stringContaining('what ran after it was not read') as string]);
  });

  it('parts of a blind time are counted with the parts per count, also when that is read later', () => {
    const made = restarted({ perCount: 'cavities' });
    made.set('06:03', { strokes: 17, recipe: 2 });
    made.set('06:03:01', { cavities: 4 });
    made.until('06:10');
    expect(paramsOf(made.actions, 'record_details').map(({ product, actual }) => [product, actual])).toEqual([
      ['A', 10],
      ['A', 28],
    ]);
    expect(uncertain(made)).toHaveLength(1);
  });

  it('parts of a blind time survive another restart before the recipe was read', () => {
    const made = restarted();
    made.set('06:03', { strokes: 17 });
    made.restart('06:03:01', '06:03:02');
    made.source('06:03:02', 'connected');
    made.set('06:03:02', { strokes: 17, recipe: 2 });
    made.set('06:04', { strokes: 20 });
    made.until('06:10');
    expect(paramsOf(made.actions, 'record_details').map(({ product, actual }) => [product, actual])).toEqual([
      ['A', 10],
      ['A', 7],
      ['B', 3],
    ]);
  });

  it('parts of a blind time are recorded when the rule is removed before the recipe was read', () => {
    const made = restarted();
    made.set('06:03', { strokes: 17 });
    made.restart('06:03:01', '06:03:02', program([], [strokes, crack, recipe, cavities]));
    expect(paramsOf(made.actions, 'record_details').map(({ product, actual }) => [product, actual])).toEqual([
      ['A', 10],
      ['A', 7],
    ]);
    expect(uncertain(made)).toHaveLength(1);
  });

  it('parts of a blind time keep their scrap when the counters were reset meanwhile and the next reading decides', () => {
    const made = line();
    made.set('06:01:30', { crack: 4 });
    made.restart('06:02', '06:12');
    made.source('06:12', 'connected');
    made.set('06:12', { strokes: 7, crack: 2, recipe: 2 });
    made.set('06:12:05', { strokes: 7, crack: 2 });
    made.set('06:13', { strokes: 10 });
    made.until('06:30');
    expect(lines(made.actions)).toEqual([
      '06:00:00-06:02:00 actual 6 scrap 4 A',
      '06:02:00-06:12:00 actual 5 scrap 2 A blind',
      '06:12:00-06:15:00 actual 3 scrap 0 B',
    ]);
  });

  it.each(['parts', 'scrap'])('parts of a blind time keep their scrap when only the counter of %s was reset', reset => {
    const made = line();
    made.set('06:01:30', { crack: 4 });
    made.restart('06:02', '06:12');
    made.source('06:12', 'connected');
    const [strokes, crack] = reset === 'parts' ? [7, 6] : [17, 2];
    made.set('06:12', { strokes, crack, recipe: 2 });
    made.set('06:12:05', { strokes, crack });
    made.set('06:13', { strokes: strokes + 3 });
    made.until('06:30');
    expect(lines(made.actions)).toEqual([
      '06:00:00-06:02:00 actual 6 scrap 4 A',
      '06:02:00-06:12:00 actual 5 scrap 2 A blind',
      '06:12:00-06:15:00 actual 3 scrap 0 B',
    ]);
  });

  it('parts of a blind time end at the reading with the next product, also when a later reading decides', () => {
    const made = restarted();
    made.set('06:03', { strokes: 7, crack: 1, recipe: 2 });
    made.set('06:03:30', { strokes: 9, crack: 2 });
    made.set('06:04', { strokes: 10, recipe: 1 });
    made.until('06:10');
    expect(lines(made.actions)).toEqual([
      '06:00:00-06:02:00 actual 10 scrap 0 A',
      '06:02:00-06:03:00 actual 6 scrap 1 A blind',
      '06:03:00-06:04:00 actual 1 scrap 1 B',
      '06:04:00-06:05:00 actual 1 scrap 0 A',
    ]);
  });

  it('parts of a blind time are flagged when no second reading comes that could confirm the first', () => {
    const made = restarted();
    made.set('06:03', { strokes: 7, crack: 1, recipe: 2 });
    made.until('06:10');
    expect(lines(made.actions)).toEqual([
      '06:00:00-06:02:00 actual 10 scrap 0 A',
      '06:02:00-06:03:00 actual 6 scrap 1 A blind',
    ]);
  });

  it('parts after a reset to 0 that was seen do not belong to the blind time', () => {
    const made = restarted();
    made.set('06:03', { strokes: 0, recipe: 2 });
    made.set('06:04', { strokes: 1 });
    made.until('06:10');
    expect(lines(made.actions)).toEqual([
      '06:00:00-06:03:00 actual 10 scrap 0 A',
      '06:03:00-06:05:00 actual 1 scrap 0 B',
    ]);
  });
});

describe('parts of a blind time with one product at both ends', () => {
  it.each([
    ['read with the counter', { strokes: 17, recipe: 1 }, {}],
    ['read after the counter', { strokes: 17 }, { recipe: 1 }],
  ])('parts of a blind time with one product stay in the interval: %s', (_what, first, second) => {
    const made = restarted();
    made.set('06:03', first);
    made.set('06:03:00.400', second);
    made.set('06:04', { strokes: 20 });
    made.until('06:10');
    expect(lines(made.actions)).toEqual(['06:00:00-06:05:00 actual 20 scrap 0 A']);
    expect(uncertain(made)).toEqual([]);
  });

  it('parts of a blind time with one product are not flagged when the counter did not move', () => {
    const made = restarted();
    made.set('06:03', { strokes: 10, recipe: 2 });
    made.set('06:04', { strokes: 20 });
    made.until('06:10');
    expect(lines(made.actions)).toEqual([
      '06:00:00-06:03:00 actual 10 scrap 0 A',
      '06:03:00-06:05:00 actual 10 scrap 0 B',
    ]);
    expect(uncertain(made)).toEqual([]);
  });

  it.each([
    ['L2L finds it', null],
    ['it is one code', { text: 'P-1', signals: [], codes: ['P-1'], resolve: () => ({ code: 'P-1' }) }],
  ])('parts of a blind time do not wait when %s', (_what, product) => {
    const made = restarted({ product });
    made.set('06:03', { strokes: 17 });
    made.until('06:05:01');
    expect(paramsOf(made.actions, 'record_details').map(({ actual }) => actual)).toEqual([17]);
    expect(on('06:05:01')).toBe(made.actions[0]?.at);
  });
});

describe('parts and scrap of one reading, when one of their counters waits for its next reading', () => {
  /** 10 parts and 5 scrap of A up to 06:01. Nothing is read from 06:02 to 06:03, and then B runs. */
  function read(parts: number, scrap: number, over: Partial<ProductionRule> = {}): Plant {
    const made = line(over);
    made.set('06:01:30', { crack: 5 });
    made.restart('06:02', '06:03');
    made.source('06:03', 'connected');
    made.set('06:03', { strokes: parts, crack: scrap, recipe: 2, cavities: 1 });
    return made;
  }

  const TOGETHER = ['06:00:00-06:02:00 actual 5 scrap 5 A', '06:02:00-06:03:00 actual 5 scrap 2 A blind'];

  it.each([
    ['the parts wait', 7, 7],
    ['the scrap waits', 17, 2],
    ['both wait', 7, 2],
  ])(
    'parts and scrap of one reading stay together when no reading follows, also over a kill: %s',
    (_which, parts, scrap) => {
      const made = read(parts, scrap);
      made.restart('06:03:02', '06:03:02');
      made.until('06:30');
      expect(lines(made.actions)).toEqual(TOGETHER);
    },
  );

  it('parts of a wrong reading do not move the scrap of that reading', () => {
    const made = read(7, 7);
    made.set('06:03:05', { strokes: 17, crack: 7 });
    made.until('06:30');
    const scrap = paramsOf(made.actions, 'record_details').map(one => one.scrap);
    expect(scrap.reduce((sum, one) => sum + one, 0)).toBe(7);
    expect(uncertain(made)).toHaveLength(1);
  });

  it('parts that wait for the next reading keep the parts per count of their reading', () => {
    const made = read(7, 5, { perCount: 'cavities' });
    made.set('06:03:05', { strokes: 7, cavities: 4 });
    made.until('06:30');
    expect(lines(made.actions)[1]).toBe('06:02:00-06:03:00 actual 7 scrap 0 A blind');
  });

  it('parts that wait for the next reading keep the product of their reading, whatever product runs later', () => {
    const made = read(7, 5);
    made.set('06:03:05', { strokes: 7, recipe: 1 });
    made.until('06:30');
    expect(uncertain(made)).toHaveLength(1);
    expect(lines(made.actions)[1]).toBe('06:02:00-06:03:00 actual 7 scrap 0 A blind');
  });
});
