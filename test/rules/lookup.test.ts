import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../src/core/errors.ts';
import type { Value } from '../../src/core/sample.ts';
import { type LookupKey, type LookupOptions, parseLookup } from '../../src/rules/lookup.ts';

const options = (key: LookupKey, more: Partial<LookupOptions> = {}): LookupOptions => ({
  name: 'recipes',
  file: 'recipes.csv',
  key,
  ...more,
});

function table(text: string, key: LookupKey, more: Partial<LookupOptions> = {}) {
  const parsed = parseLookup(Buffer.from(text), options(key, more));
  if ('problems' in parsed) throw new Error(parsed.problems.map(formatProblem).join('\n'));
  return parsed.table;
}

function problems(text: string, key: LookupKey, more: Partial<LookupOptions> = {}) {
  const parsed = parseLookup(Buffer.from(text), options(key, more));
  return 'problems' in parsed ? parsed.problems.map(formatProblem) : [];
}

describe('parseLookup', () => {
  it('names the fields by the header and keeps codes as text', () => {
    const recipes = table('recipe;product;note\n12;0123;größe\n', 'number');

    expect(recipes).toMatchObject({ name: 'recipes', key: 'number', fields: ['product', 'note'] });
    expect(Object.fromEntries(recipes.find(12) ?? [])).toEqual({ recipe: '12', product: '0123', note: 'größe' });
  });

  it.each<[string, LookupKey, string, Value, string | undefined]>([
    ['a number', 'number', '12', 12, 'found'],
    ['a number with leading zeros', 'number', '012', 12, 'found'],
    ['a decimal comma', 'number', '12,50', 12.5, 'found'],
    ['a 32-bit float', 'number', '12.7', Math.fround(12.7), 'found'],
    ['a 64-bit number', 'number', '12', 12n, 'found'],
    ['a large number exactly', 'number', '16777217', 16_777_216, undefined],
    ['a text for a number', 'number', '12', '12', undefined],
    ['a text', 'text', '0012', '0012', 'found'],
    ['a text that only looks alike', 'text', '0012', '12', undefined],
    ['the lowest bit', 'bit', '0', 0b1, 'found'],
    ['the lowest of several bits', 'bit', '3', 0b111_1000, 'found'],
    ['no bit', 'bit', '0', 0, undefined],
    ['a bit without a row', 'bit', '3', 0b1, undefined],
    ['the sign bit of a 16-bit number', 'bit', '15', -32_768, 'found'],
    ['the highest bit of a 64-bit word', 'bit', '63', 1n << 63n, 'found'],
    ['a fraction for bits', 'bit', '0', 1.5, undefined],
    ['yes/no for bits', 'bit', '0', true, undefined],
  ])('finds %s', (_, key, written, value, expected) => {
    expect(table(`key;field\n${written};found`, key).find(value)?.get('field')).toBe(expected);
  });

  it('gives the default where the file has no row, and only there', () => {
    const faults = table('bit,reason,text\n0,HYDR,hydraulics', 'bit', { default: { reason: 'OTHER' } });

    expect([1, 2, 0].map(word => faults.find(word)?.get('reason'))).toEqual(['HYDR', 'OTHER', 'OTHER']);
    expect(faults.find(2)?.get('text')).toBe('');
  });

  it('says every problem with its line', () => {
    const text = 'recipe;product;product\n12;A;x\n\n0012;B;x\nx;C;x\n;D;x\n13;E\n14;F;x;y';

    expect(problems(text, 'number', { default: { reason: 'OTHER' } })).toEqual([
      'recipes.csv:1:1 two columns are called `product`',
      'recipes.csv:4:1 the key 0012 stands in line 2 already',
      'recipes.csv:5:1 the key `x` is not a number',
      'recipes.csv:6:1 the key is empty',
      'recipes.csv:7:1 this row has 2 values, the header has 3',
      'recipes.csv:8:1 this row has 4 values, the header has 3; put a value that contains the separator in quotes',
      'recipes.csv:1:1 the default of `recipes` names `reason`, which is no column of this file',
    ]);
  });

  it.each<[string, LookupKey, string[]]>([
    ['', 'text', ['recipes.csv:1:1 the file is empty; write a header row, such as `recipe;product`']],
    [
      'recipe\n12',
      'text',
      ['recipes.csv:1:1 the header names one column only; a lookup needs a key and at least one field'],
    ],
    ['recipe;\n12;A', 'text', ['recipes.csv:1:1 column 2 has no name']],
    ['bit;reason\n64;A', 'bit', ['recipes.csv:2:1 the key 64 is not a bit; bits are 0 (the lowest) to 63']],
    ['a;b\n1;"2', 'text', ['recipes.csv:2:1 this quote is not closed']],
  ])('refuses %j', (text, key, expected) => {
    expect(problems(text, key)).toEqual(expected);
  });
});
