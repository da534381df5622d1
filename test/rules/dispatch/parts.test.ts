import { describe, expect, it } from 'vitest';
import { partsValues, partsWords } from '../../../src/rules/dispatch/parts.ts';
import { condition, scope } from '../expression/world.ts';

describe('text for the parts of a condition', () => {
  it.each([
    ['n / m > 2', { n: 6, m: 0 }, 'n / m > 2 divides by 0, or has a result that is too large'],
    ['n MOD m > 2', { n: 6, m: 0 }, 'n MOD m > 2 divides by 0, or has a result that is too large'],
    ['n * n > 2', { n: 1e308 }, 'n * n > 2 has a result that is too large'],
    ['n > 2', { n: 9_007_199_254_740_993n }, 'n = 9007199254740993'],
    ['n + m = 0.3', { n: 0.1, m: 0.2 }, 'n = 0.1, m = 0.2'],
  ])('the text for the parts of %s explains them', (text, values, words) => {
    expect(partsWords(condition(text).explain(scope(values)), new Map())).toBe(words);
  });

  it('a whole number beyond 2^53 keeps its digits', () => {
    const parts = condition('n > 2').explain(scope({ n: 9_007_199_254_740_993n }));

    expect(partsValues(parts, new Map())).toEqual([
      { signal: 'n', value: '9007199254740993', quality: 'good', at: null },
    ]);
  });
});
