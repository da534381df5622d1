import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Value } from '../../../src/core/sample.ts';
import type { Truth } from '../../../src/rules/program.ts';
import { condition, scope } from './world.ts';

type Known = Readonly<Record<string, Value>>;
type Numeric = { readonly text: string; value(known: Known): number | undefined };
type Logical = { readonly text: string; value(known: Known): Truth };

/** Kleene's tables, written in another form than in the product. */
const and = (a: Truth, b: Truth): Truth =>
  a === false || b === false ? false : a === true && b === true ? true : 'unknown';
const or = (a: Truth, b: Truth): Truth =>
  a === true || b === true ? true : a === false && b === false ? false : 'unknown';
const not = (a: Truth): Truth => (a === 'unknown' ? a : !a);
const lift = <T>(a: T | undefined, b: T | undefined, f: (a: T, b: T) => boolean): Truth =>
  a === undefined || b === undefined ? 'unknown' : f(a, b);

const numeric = fc.oneof(
  fc.constantFrom('n', 'm').map((name): Numeric => ({ text: name, value: known => known[name] as number | undefined })),
  fc.nat(5).map((number): Numeric => ({ text: String(number), value: () => number })),
);
const arithmetic = fc
  .tuple(numeric, fc.constantFrom('+', '-', '*', '/', 'mod'), numeric)
  .map(([a, operator, b]): Numeric => {
    const apply = (x: number, y: number) => {
      switch (operator) {
        case '+':
          return x + y;
        case '-':
          return x - y;
        case '*':
          return x * y;
        case '/':
          return y === 0 ? undefined : x / y;
        default:
          return y === 0 ? undefined : x % y;
      }
    };
    return {
      text: `(${a.text} ${operator} ${b.text})`,
      value(known) {
        const [x, y] = [a.value(known), b.value(known)];
        return x === undefined || y === undefined ? undefined : apply(x, y);
      },
    };
  });
const comparison = fc
  .tuple(fc.oneof(numeric, arithmetic), fc.constantFrom('=', '<>', '<', '<=', '>', '>='), fc.oneof(numeric, arithmetic))
  .map(
    ([a, operator, b]): Logical => ({
      text: `${a.text} ${operator} ${b.text}`,
      value: known =>
        lift(
          a.value(known),
          b.value(known),
          (x, y) => ({ '=': x === y, '<>': x !== y, '<': x < y, '<=': x <= y, '>': x > y, '>=': x >= y })[operator],
        ),
    }),
  );
const flag = fc
  .constantFrom('a', 'b', 'c')
  .map((name): Logical => ({ text: name, value: known => (known[name] as boolean | undefined) ?? 'unknown' }));
const goodness = fc
  .constantFrom('a', 'n')
  .map((name): Logical => ({ text: `good(${name})`, value: known => known[name] !== undefined }));

const { logical } = fc.letrec<{ logical: Logical }>(tie => ({
  logical: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    flag,
    goodness,
    comparison,
    tie('logical').map((a): Logical => ({ text: `not (${a.text})`, value: known => not(a.value(known)) })),
    fc.tuple(tie('logical'), tie('logical')).map(
      ([a, b]): Logical => ({
        text: `(${a.text}) and (${b.text})`,
        value: known => and(a.value(known), b.value(known)),
      }),
    ),
    fc.tuple(tie('logical'), tie('logical')).map(
      ([a, b]): Logical => ({
        text: `((${a.text}) or (${b.text}))`,
        value: known => or(a.value(known), b.value(known)),
      }),
    ),
    fc.tuple(tie('logical'), tie('logical')).map(
      ([a, b]): Logical => ({
        text: `((${a.text}) <> (${b.text}))`,
        value(known) {
          const [x, y] = [a.value(known), b.value(known)];
          return x === 'unknown' || y === 'unknown' ? 'unknown' : x !== y;
        },
      }),
    ),
  ),
}));

const known = fc.record(
  {
    a: fc.boolean(),
    b: fc.boolean(),
    c: fc.boolean(),
    n: fc.integer({ min: -4, max: 4 }),
    m: fc.integer({ min: -4, max: 4 }),
  },
  { requiredKeys: [] },
);

/** A condition without a signal is refused, so the test adds a part that is always true. */
const withSignal = (text: string) => `(${text}) and (good(a) or not good(a))`;

describe('three-valued logic', () => {
  it('a condition gives the same outcome as a reference, with any unknown operands', () => {
    fc.assert(
      fc.property(logical, known, (expression, values) => {
        expect(condition(withSignal(expression.text)).evaluate(scope(values))).toBe(expression.value(values));
      }),
      { numRuns: 1000 },
    );
  });

  it('a decided outcome stays the same when more values become known', () => {
    fc.assert(
      fc.property(
        logical.filter(one => !one.text.includes('good')),
        known,
        known,
        (expression, some, more) => {
          const compiled = condition(withSignal(expression.text));

          const early = compiled.evaluate(scope(some));

          expect([early, 'unknown']).toContain(
            early === 'unknown' ? early : compiled.evaluate(scope({ ...more, ...some })),
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});
