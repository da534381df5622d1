import { describe, expect, it } from 'vitest';
import { decode, type Raw } from '../../../src/adapters/mqtt/value.ts';

describe('value of an mqtt payload', () => {
  it.each<['bool' | 'number' | 'integer' | 'string', Raw, unknown]>([
    ['bool', true, true],
    ['bool', 'FALSE', false],
    ['bool', '1\n', true],
    ['bool', 0, false],
    ['number', 240.5, 240.5],
    ['number', ' -1.5e3 ', -1500],
    ['number', '.5', 0.5],
    ['integer', '42', 42],
    ['integer', 42.0, 42],
    ['integer', -0, 0],
    ['number', '-0', 0],
    ['number', '+31', 31],
    ['integer', '9007199254740993', 9_007_199_254_740_993n],
    ['integer', '+9007199254740993', 9_007_199_254_740_993n],
    ['number', '-9007199254740993', -9_007_199_254_740_993n],
    ['number', '1e20', 1e20],
    ['number', 9_007_199_254_740_993n, 9_007_199_254_740_993n],
    ['integer', 9_007_199_254_740_993n, 9_007_199_254_740_993n],
    ['string', 9_007_199_254_740_993n, '9007199254740993'],
    ['string', 'OK', 'OK'],
    ['string', 12, '12'],
    ['string', '', ''],
  ])('a signal as %s accepts %s', (as, raw, value) => {
    expect(decode(raw, { as })).toEqual({ value });
  });

  it.each<['bool' | 'number' | 'integer' | 'string', Raw, string]>([
    ['bool', 'ON', '"ON" is not true, false, 1 or 0; write a map: for other words'],
    ['bool', 2, '2 is not true, false, 1 or 0; write a map: for other words'],
    ['bool', null, 'null is not true, false, 1 or 0; write a map: for other words'],
    ['bool', [true], '[true] is not true, false, 1 or 0; write a map: for other words'],
    ['number', '', '"" is not a number'],
    ['number', 'NaN', '"NaN" is not a number'],
    ['number', Number.NaN, 'NaN is not a number'],
    ['number', 'Infinity', '"Infinity" is not a number'],
    ['number', '1e999', '"1e999" is not a number'],
    ['number', '12,5', '"12,5" is not a number'],
    ['number', '0x1F', '"0x1F" is not a number'],
    ['number', true, 'true is not a number; write as: bool, or what it means as map: { true: 1, false: 0 }'],
    ['number', null, 'null is not a number'],
    ['number', { v: 1 }, '{"v":1} is not a number'],
    ['integer', 1.5, '1.5 is not a whole number'],
    ['integer', '1e20', '"1e20" is too large to be exact'],
    ['integer', 1e20, '100000000000000000000 is too large to be exact'],
    ['integer', '9'.repeat(400), `"${'9'.repeat(39)}… is not a whole number`],
    ['integer', false, 'false is not a number; write as: bool, or what it means as map: { true: 1, false: 0 }'],
    ['bool', 9_007_199_254_740_993n, '9007199254740993 is not true, false, 1 or 0; write a map: for other words'],
    ['string', null, 'null is not a text'],
    ['string', ['a'], '["a"] is not a text'],
  ])('a signal as %s has no value for %s', (as, raw, problem) => {
    expect(decode(raw, { as })).toEqual({ problem });
  });

  it.each<[Raw, unknown]>([
    ['ON', { value: true }],
    [' OFF\r\n', { value: false }],
    [7, { value: false }],
    ['on', { problem: '"on" is none of the words of map: (7, ON, OFF)' }],
    ['toString', { problem: '"toString" is none of the words of map: (7, ON, OFF)' }],
    [null, { problem: 'null is not a word' }],
    [{}, { problem: '{} is not a word' }],
  ])('a map converts %j to %j', (raw, expected) => {
    expect(decode(raw, { as: 'bool', map: { ON: true, OFF: false, 7: false } })).toEqual(expected);
  });

  it('a map gives yes and no their numbers', () => {
    expect([true, false].map(raw => decode(raw, { as: 'number', map: { true: 1, false: 0 } }))).toEqual([
      { value: 1 },
      { value: 0 },
    ]);
  });

  it('a map compares a number with all its digits', () => {
    expect(decode(9_007_199_254_740_993n, { as: 'string', map: { '9007199254740993': 'P-110' } })).toEqual({
      value: 'P-110',
    });
  });

  it('an error shows only the beginning of a long payload', () => {
    expect(decode('x'.repeat(1000), { as: 'number' })).toEqual({
      problem: expect.stringMatching(/^"x{39}… is not a number$/),
    });
  });
});
