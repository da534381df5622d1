import type { JSONValue } from 'json-p3';
import { describe, expect, it } from 'vitest';
import { decode } from '../../../src/adapters/mqtt/value.ts';

describe('value of an mqtt payload', () => {
  it.each<['bool' | 'number' | 'integer' | 'string', JSONValue, unknown]>([
    ['bool', true, true],
    ['bool', 'FALSE', false],
    ['bool', '1\n', true],
    ['bool', 0, false],
    ['number', 240.5, 240.5],
    ['number', ' -1.5e3 ', -1500],
    ['number', '.5', 0.5],
    ['integer', '42', 42],
    ['integer', 42.0, 42],
    ['integer', -0, -0],
    ['string', 'OK', 'OK'],
    ['string', 12, '12'],
    ['string', '', ''],
  ])('as %s takes %j', (as, raw, value) => {
    expect(decode(raw, { as })).toEqual({ value });
  });

  it.each<['bool' | 'number' | 'integer' | 'string', JSONValue, string]>([
    ['bool', 'ON', '"ON" is not true, false, 1 or 0; write a map: for other words'],
    ['bool', 2, '2 is not true, false, 1 or 0; write a map: for other words'],
    ['bool', null, 'null is not true, false, 1 or 0; write a map: for other words'],
    ['bool', [true], '[true] is not true, false, 1 or 0; write a map: for other words'],
    ['number', '', '"" is not a number'],
    ['number', 'NaN', '"NaN" is not a number'],
    ['number', Number.NaN, 'null is not a number'],
    ['number', 'Infinity', '"Infinity" is not a number'],
    ['number', '1e999', '"1e999" is not a number'],
    ['number', '12,5', '"12,5" is not a number'],
    ['number', '0x1F', '"0x1F" is not a number'],
    ['number', true, 'true is not a number'],
    ['number', null, 'null is not a number'],
    ['number', { v: 1 }, '{"v":1} is not a number'],
    ['integer', 1.5, '1.5 is not a whole number'],
    ['integer', '9007199254740993', '"9007199254740993" is too large to be exact'],
    ['string', null, 'null is not a text'],
    ['string', ['a'], '["a"] is not a text'],
  ])('as %s has no value for %j', (as, raw, problem) => {
    expect(decode(raw, { as })).toEqual({ problem });
  });

  it.each<[JSONValue, unknown]>([
    ['ON', { value: true }],
    [' OFF\r\n', { value: false }],
    [7, { value: false }],
    ['on', { problem: '"on" is none of the words of map: (7, ON, OFF)' }],
    ['toString', { problem: '"toString" is none of the words of map: (7, ON, OFF)' }],
    [null, { problem: 'null is not a word' }],
    [{}, { problem: '{} is not a word' }],
  ])('maps %j to %j', (raw, expected) => {
    expect(decode(raw, { as: 'bool', map: { ON: true, OFF: false, 7: false } })).toEqual(expected);
  });

  it('shows a long payload shortened', () => {
    expect(decode('x'.repeat(1000), { as: 'number' })).toEqual({
      problem: expect.stringMatching(/^"x{39}… is not a number$/),
    });
  });
});
