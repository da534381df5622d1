import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  add,
  divide,
  isSameNumber,
  multiply,
  type Numeric,
  numberOfDigits,
  remainder,
  shortestFloat32,
  subtract,
} from '../../src/core/numbers.ts';

const HUGE = 9_007_199_254_740_993n;

describe('numbers', () => {
  it.each<[string, Numeric | undefined, Numeric | undefined]>([
    ['0.1 + 0.2', add(0.1, 0.2), 0.3],
    ['3000 × 0.1 - 273.15', subtract(300, 273.15), 26.85],
    ['100.1 - 100', subtract(100.1, 100), 0.1],
    ['0.3 - (0.1 + 0.2)', subtract(0.3, 0.1 + 0.2), 0],
    ['0.3 - 0.3', subtract(0.3, 0.3), 0],
    ['0.1 × 3', multiply(0.1, 3), 0.3],
    ['1.1 × 1.1', multiply(1.1, 1.1), 1.21],
    ['-0.1 × 3', multiply(-0.1, 3), -0.3],
    ['0 × -5', multiply(0, -5), 0],
    ['0.3 / 0.1', divide(0.3, 0.1), 3],
    ['1 / 3 × 3', multiply(divide(1, 3) ?? 0, 3), 1],
    ['2 / 3', divide(2, 3), 2 / 3],
    ['1 / 0', divide(1, 0), undefined],
    ['1 / -0', divide(1, -0), undefined],
    ['1e308 × 10', multiply(1e308, 10), undefined],
    ['1764300000.123 + 0.001', add(1_764_300_000.123, 0.001), 1_764_300_000.124],
    ['1e-200 × 1e-50', multiply(1e-200, 1e-50), 1e-250],
    ['7 mod 3', remainder(7, 3), 1],
    ['-7 mod 3', remainder(-7, 3), -1],
    ['-6 mod 3', remainder(-6, 3), 0],
    ['0.3 mod 0.1', remainder(0.3, 0.1), 0],
    ['5.3 mod 0.1', remainder(5.3, 0.1), 0],
    ['0.7 mod 0.2', remainder(0.7, 0.2), 0.1],
    ['7.5 mod 2', remainder(7.5, 2), 1.5],
    ['5 mod 0', remainder(5, 0), undefined],
    ['2^53 + 1 + 1', add(HUGE, 1), HUGE + 1n],
    ['2^53 - 1 + 2', add(Number.MAX_SAFE_INTEGER, 2), HUGE],
    ['2^53 + 1 - 2', subtract(HUGE, 2), Number.MAX_SAFE_INTEGER],
    ['2 numbers beyond 2^53, subtracted', subtract(HUGE + 1n, HUGE), 1],
    ['2^53 + 1, × 10', multiply(HUGE, 10), HUGE * 10n],
    ['2^40 × 2^40 + 1', add(multiply(2 ** 40, 2 ** 40) ?? 0, 1), 2n ** 80n + 1n],
    ['2^53 + 1, × 0.5', multiply(HUGE, 0.5), Number(HUGE) * 0.5],
    ['10^20 / 10', divide(10n ** 20n, 10), 10n ** 19n],
    ['10^20 / 10^18', divide(10n ** 20n, 10n ** 18n), 100],
    ['10^20 / 8 of a fraction', divide(10n ** 20n + 1n, 8), 1.25e19],
    ['10^20 + 1 mod 10', remainder(10n ** 20n + 1n, 10), 1],
  ])('the calculation is exact: %s', (_, result, expected) => {
    expect(result).toBe(expected);
  });

  it('calculations with decimals give the results that people expect', () => {
    const decimal = fc.tuple(fc.integer({ min: -999_999, max: 999_999 }), fc.integer({ min: 0, max: 3 }));
    fc.assert(
      fc.property(decimal, decimal, ([a, x], [b, y]) => {
        const [left, right] = [a / 10 ** x, b / 10 ** y];
        const places = Math.max(x, y);
        const sum = Number(`${a * 10 ** (places - x) + b * 10 ** (places - y)}e-${places}`);
        expect(isSameNumber(add(left, right) ?? Number.NaN, sum)).toBe(true);
        const product = multiply(left, right) ?? Number.NaN;
        expect(isSameNumber(product, Number(`${a * b}e-${x + y}`))).toBe(true);
        if (right !== 0) expect(isSameNumber(divide(product, right) ?? Number.NaN, left)).toBe(true);
        if (right !== 0) expect(isSameNumber(remainder(product, right) ?? 0, 0) || !Number.isInteger(left)).toBe(true);
      }),
    );
  });

  it.each([[0.1], [12.7], [-273.15], [16_777_216], [3.4028235e38], [0]])(
    'the 32-bit float of %d is read as that number',
    value => {
      expect(shortestFloat32(Math.fround(value))).toBe(value);
    },
  );

  it('no number is -0', () => {
    expect([shortestFloat32(-0), numberOfDigits('-0')]).toEqual([0, 0]);
  });

  it.each<[string, Numeric | undefined]>([
    ['31', 31],
    ['+31', 31],
    ['031', 31],
    ['31.0', 31],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['9007199254740993', HUGE],
    ['+9007199254740993', HUGE],
    ['-9007199254740993', -HUGE],
    ['1e20', 1e20],
    ['1e999', undefined],
    ['9'.repeat(400), undefined],
  ])('the digits %s are read as a number', (text, expected) => {
    expect(numberOfDigits(text)).toBe(expected);
  });

  it.each<[Numeric, Numeric, boolean]>([
    [1, 1, true],
    [HUGE, HUGE, true],
    [HUGE, HUGE - 1n, false],
    [HUGE, Number(HUGE), false],
    [10n ** 20n, 1e20, true],
    [0, -0, true],
  ])('%s and %s are compared by their value', (a, b, same) => {
    expect(isSameNumber(a, b)).toBe(same);
  });
});
