import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Action, RecordDetailsParams } from '../../../src/actions/action.ts';
import type { ProductionRule } from '../../../src/rules/counting/production-rule.ts';
import { createEngine } from '../../../src/rules/engine.ts';
import type { EngineInput } from '../../../src/rules/program.ts';
import { counter, lookup, production, program, signal } from '../support/program.ts';
import { on, paramsOf } from '../support/rule-plant.ts';

const START = on('06:00');
const MINUTE = 60_000;
const CAVITIES = 2;
const strokes = counter('strokes', { wrapsAt: null, maxRate: 1 });
const crack = counter('crack', { wrapsAt: null, maxRate: 1 });
const recipe = signal('recipe', { type: 'number' });

/** `lost` and `killed`: nothing is seen until the next reading. */
type Doing = {
  readonly wait: number;
  readonly made: number;
  readonly scrapped: number;
  readonly recipe: number;
  readonly end: 'seen' | 'lost' | 'killed';
};

/** Whole seconds, as L2L keeps them: an event within the second of a change belongs to either of the two products. */
const wait = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 900 })).map(seconds => seconds * 1000);
const doings = (ends: fc.Arbitrary<Doing['end']>): fc.Arbitrary<Doing[]> =>
  fc.array(
    fc.record({
      wait,
      made: fc.nat(30),
      scrapped: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(90) }),
      recipe: fc.nat(2),
      end: ends,
    }),
    { maxLength: 40 },
  );
const anyEnd = fc.oneof(
  { weight: 6, arbitrary: fc.constant('seen' as const) },
  { weight: 1, arbitrary: fc.constant('lost' as const) },
  { weight: 1, arbitrary: fc.constant('killed' as const) },
);

type Made = {
  readonly sets: readonly RecordDetailsParams[];
  readonly parts: number;
  readonly scrap: number;
  /** The good parts that are not sent at the end. */
  readonly carry: number;
  readonly byProduct: ReadonlyMap<string, number>;
};

function make(over: Partial<ProductionRule>, lived: readonly Doing[]): Made {
  const rule = production('line', strokes, {
    perCount: CAVITIES,
    scrap: [{ category: 'CRACK', counter: crack }],
    product: lookup('recipe', { '0': 'A', '1': 'B', '2': 'C' }),
    every: MINUTE,
    ...over,
  });
  const rules = program([rule], [strokes, crack, recipe]);
  let engine = createEngine(rules, new Map());
  const actions: Action[] = [];
  const truth = { strokes: 1000, crack: 500, recipe: 0 };
  const byProduct = new Map<string, number>();
  let at = START;
  const step = (input: EngineInput) => actions.push(...engine.step(input).actions);
  const see = (...names: (keyof typeof truth)[]) => {
    const samples = names.map(name => ({ signal: name, value: truth[name], quality: 'good' as const }));
    step({ kind: 'samples', batch: { source: 'plc', at, receivedAt: at, time: 'source', samples } });
  };
  step({ kind: 'restart', at, lastAlive: at });
  step({ kind: 'source', source: 'plc', state: 'connected', at });
  see('recipe', 'strokes', 'crack');
  for (const one of lived) {
    at += one.wait;
    step({ kind: 'tick', at });
    step({ kind: 'source', source: 'plc', state: 'connected', at });
    truth.strokes += one.made;
    truth.crack += one.scrapped;
    const product = ['A', 'B', 'C'][truth.recipe] ?? '';
    byProduct.set(product, (byProduct.get(product) ?? 0) + one.made * CAVITIES);
    see('strokes', 'crack');
    at += 1000;
    step({ kind: 'tick', at });
    truth.recipe = one.recipe;
    see('recipe');
    if (one.end === 'lost') step({ kind: 'source', source: 'plc', state: 'disconnected', at });
    if (one.end === 'killed') {
      engine = createEngine(rules, new Map([['line', JSON.stringify(engine.stateOf('line'))]]));
      step({ kind: 'restart', at, lastAlive: at });
    }
  }
  at += 1000;
  step({ kind: 'source', source: 'plc', state: 'connected', at });
  see('recipe', 'strokes', 'crack');
  step({ kind: 'tick', at: at + 60 * MINUTE });
  const { carry } = engine.stateOf('line') as { carry: number };
  const parts = (truth.strokes - 1000) * CAVITIES;
  return { sets: paramsOf(actions, 'record_details'), parts, scrap: truth.crack - 500, carry, byProduct };
}

const sum = (sets: readonly RecordDetailsParams[], of: 'actual' | 'scrap') =>
  sets.reduce((all, set) => all + set[of], 0);

describe('the sets of a line, whatever happens', () => {
  it.each<[string, Partial<ProductionRule>]>([
    ['one set for a blind time', {}],
    ['a blind time spread', { afterGap: 'spread' }],
    ['good parts counted', { quantity: { of: 'good', counter: strokes } }],
    ['a long lateness', { lateness: 50_000 }],
  ])('the sets of a line hold each part and each scrap once and never overlap: %s', (_, over) => {
    fc.assert(
      fc.property(doings(anyEnd), lived => {
        const { sets, parts, scrap, carry } = make(over, lived);
        expect(sum(sets, 'scrap')).toBe(scrap);
        expect(sum(sets, 'actual') + carry).toBe(over.quantity?.of === 'good' ? parts : parts - scrap);
        let end = 0;
        for (const set of sets) {
          expect(set.start).toBeGreaterThanOrEqual(end);
          expect(set.end).toBeGreaterThan(set.start);
          end = set.end;
        }
      }),
      { numRuns: 150 },
    );
  });

  it('the sets of a line hold the parts of each product for that product while the product was seen', () => {
    fc.assert(
      fc.property(doings(fc.constant('seen')), lived => {
        const { sets, byProduct } = make({ quantity: { of: 'good', counter: strokes } }, lived);
        for (const product of ['A', 'B', 'C']) {
          const own = sets.filter(set => set.product === product);
          expect([product, sum(own, 'actual')]).toEqual([product, byProduct.get(product) ?? 0]);
        }
        expect(sets.filter(set => set.blind)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});
