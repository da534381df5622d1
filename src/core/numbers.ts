import type { Value } from './sample.ts';

/** A number of signals and conditions. Whole numbers beyond 2^53 are `bigint`, all others are `number`. */
export type Numeric = number | bigint;

/** The result of a calculation is rounded to a decimal with at most this many digits, if one is near enough. */
const DIGITS = 14;
/** The error of a calculation with two doubles is less than this part of its largest number. */
const NOISE = 2 * Number.EPSILON;
/** The largest number of digits that `toFixed` takes. */
const MOST_PLACES = 100;

/** The shortest decimal that is the same 32-bit float. So conditions compare the number that people read. */
export function shortestFloat32(value: number): number {
  for (let digits = 6; digits <= 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return rounded + 0;
  }
  return value + 0;
}

/** A whole number as `number` or `bigint`: each has one form only. */
export function wholeNumber(whole: bigint): Numeric {
  const number = Number(whole);
  return Number.isSafeInteger(number) ? number : whole;
}

/** The number of a decimal text; whole numbers are exact. undefined: it is too large for a double. */
export function numberOfDigits(text: string): Numeric | undefined {
  const number = Number(text);
  if (!Number.isFinite(number)) return undefined;
  return Number.isInteger(number) && !Number.isSafeInteger(number) && /^[+-]?\d+$/.test(text)
    ? BigInt(text.replace('+', ''))
    : number + 0;
}

/** Whether a value is a usable number: NaN and the infinities are not. */
export function isNumber(value: Value | null | undefined): value is Numeric {
  return typeof value === 'number' ? Number.isFinite(value) : typeof value === 'bigint';
}

/** Whether two numbers are equal, whatever form they have. */
export function isSameNumber(a: Numeric, b: Numeric): boolean {
  return a === b || (typeof a !== typeof b && !(a < b) && !(a > b));
}

/*
 * Calculates as people do by hand: 0.1 + 0.2 is 0.3, and whole numbers are exact at any size. undefined: there is no result, because
 * a divisor is 0 or the result is too large.
 */

export function add(a: Numeric, b: Numeric): Numeric | undefined {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (!isRounded(sum, a, b)) return withoutNoise(sum, Math.max(Math.abs(a), Math.abs(b)));
  }
  if (isWhole(a) && isWhole(b)) return wholeNumber(BigInt(a) + BigInt(b));
  return add(Number(a), Number(b));
}

export function subtract(a: Numeric, b: Numeric): Numeric | undefined {
  return add(a, -b);
}

export function multiply(a: Numeric, b: Numeric): Numeric | undefined {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b;
    if (!isRounded(product, a, b)) return withoutNoise(product, Math.abs(product));
  }
  if (isWhole(a) && isWhole(b)) return wholeNumber(BigInt(a) * BigInt(b));
  return multiply(Number(a), Number(b));
}

export function divide(a: Numeric, b: Numeric): Numeric | undefined {
  if (Number(b) === 0) return undefined;
  if ((typeof a === 'bigint' || typeof b === 'bigint') && isWhole(a) && isWhole(b) && BigInt(a) % BigInt(b) === 0n)
    return wholeNumber(BigInt(a) / BigInt(b));
  const quotient = Number(a) / Number(b);
  return withoutNoise(quotient, Math.abs(quotient));
}

/** The rest of a whole division. It has the sign of the dividend: -7 mod 3 is -1, 0.3 mod 0.1 is 0. */
export function remainder(a: Numeric, b: Numeric): Numeric | undefined {
  if (Number(b) === 0) return undefined;
  if (isWhole(a) && isWhole(b)) {
    return typeof a === 'number' && typeof b === 'number' ? (a % b) + 0 : wholeNumber(BigInt(a) % BigInt(b));
  }
  const [x, y] = [Number(a), Number(b)];
  if (Number.isInteger(divide(x, y))) return 0;
  return withoutNoise(x % y, Math.max(Math.abs(x), Math.abs(y)));
}

function isWhole(value: Numeric): boolean {
  return typeof value === 'bigint' || Number.isInteger(value);
}

/** Whether the result of two exact whole numbers is too large for an exact double. */
function isRounded(result: number, a: number, b: number): boolean {
  return !Number.isSafeInteger(result) && Number.isSafeInteger(a) && Number.isSafeInteger(b);
}

/** The short decimal of a result without the rounding error of doubles. A result without one (1 / 3) stays as it is. */
function withoutNoise(result: number, largest: number): number | undefined {
  if (Number.isInteger(result)) return result + 0; // -0 becomes 0.
  if (!Number.isFinite(result)) return undefined;
  const places = Math.min(Math.max(DIGITS - 1 - Math.floor(Math.log10(largest)), 0), MOST_PLACES);
  const rounded = Number(result.toFixed(places));
  return Math.abs(rounded - result) <= largest * NOISE ? rounded + 0 : result;
}
