import { describe, expect, it } from 'vitest';
import { decode, hasOverflowed, qualityOf, type Reading } from '../../../src/adapters/opcua/decode.ts';
import type { Point } from '../../../src/adapters/opcua/point.ts';
import type { OpcuaType } from '../../../src/adapters/opcua/schema.ts';

const AT = 1_700_000_000_000;

function point(type: OpcuaType): Point {
  return { signal: 'm.x', node: { identifier: 's=x', namespace: { index: 2 } }, type, sampling: 250, queue: 10 };
}

function reading(
  dataType: number,
  value: unknown,
  status: Reading['statusCode'] = { value: 0, name: 'Good' },
): Reading {
  return { value: { dataType, arrayType: 0, value }, statusCode: status, sourceTimestamp: new Date(AT) };
}

describe('OPC UA decode', () => {
  it.each<[OpcuaType, number, unknown, unknown]>([
    ['bool', 1, true, true],
    ['int8', 2, -3, -3],
    ['uint8', 3, 3, 3],
    ['int16', 4, -3, -3],
    ['uint16', 5, 65_535, 65_535],
    ['int32', 6, -3, -3],
    ['uint32', 7, 4_294_967_295, 4_294_967_295],
    ['int64', 8, [0xffff_ffff, 0xffff_fffe], -2],
    ['int64', 8, [0x8000_0000, 0], -(2n ** 63n)],
    ['uint64', 9, [1, 2], 4_294_967_298],
    ['uint64', 9, [0x0020_0000, 1], 2n ** 53n + 1n],
    ['float32', 10, 12.5, 12.5],
    ['float32', 10, Math.fround(0.1), 0.1],
    ['number', 10, Math.fround(-273.15), -273.15],
    ['float32', 10, 16_777_215, 16_777_215],
    ['float32', 10, Math.fround(3.4028235e38), 3.4028235e38],
    ['float32', 10, -0, 0],
    ['float64', 11, -0, 0],
    ['float64', 11, Math.fround(0.1), 0.10000000149011612],
    ['float64', 11, 12.5, 12.5],
    ['string', 12, 'P-110', 'P-110'],
    ['number', 5, 7, 7],
    ['number', 11, 0.5, 0.5],
    ['number', 9, [0, 5], 5],
    ['string', 12, 'P-110  \0\0', 'P-110'],
    ['string', 13, new Date(AT), '2023-11-14T22:13:20.000Z'],
    ['string', 14, '72962b91-fa75-4ae6-8d28-b404dc7daf63', '72962b91-fa75-4ae6-8d28-b404dc7daf63'],
    ['string', 20, { namespaceIndex: 2, name: 'Press' }, 'Press'],
    ['string', 21, { locale: 'de', text: 'Presse 1 ' }, 'Presse 1'],
    ['string', 21, { locale: null, text: null }, ''],
  ])('OPC UA reads %s (built-in type %i)', (type, dataType, raw, value) => {
    expect(decode(point(type), reading(dataType, raw))).toEqual({
      signal: 'm.x',
      value,
      quality: 'good',
      sourceAt: AT,
    });
  });

  it.each<[string, OpcuaType, Reading, string]>([
    ['another width', 'uint32', reading(5, 1), 'the node is uint16; write as: uint16'],
    ['a number for yes/no', 'bool', reading(5, 1), 'the node is uint16; write as: uint16'],
    ['yes/no for a number', 'number', reading(1, true), 'the node is bool; write as: bool'],
    ['text for a number', 'number', reading(12, '7'), 'the node is string; write as: string'],
    ['a type no rule can read', 'number', reading(15, Buffer.from('x')), 'neither yes/no, a number nor text'],
    ['nothing', 'bool', reading(0, null), 'the node has no value'],
    ['a NaN', 'float32', reading(10, Number.NaN), 'the node holds NaN'],
    ['an infinity of 64 bits', 'number', reading(11, -Infinity), 'the node holds -Infinity'],
    ['an infinity of 32 bits', 'number', reading(10, Infinity), 'the node holds Infinity'],
    [
      'an array',
      'uint16',
      { ...reading(5, [1, 2]), value: { dataType: 5, arrayType: 1, value: [1, 2] } },
      'the node is an array of 2; write index: 0',
    ],
    [
      'a table of several dimensions',
      'uint16',
      { ...reading(5, [1, 2]), value: { dataType: 5, arrayType: 2, value: [1, 2] } },
      'array of several dimensions',
    ],
    ['a structure', 'number', reading(22, {}), 'name the node of one member'],
    ['a date that is none', 'number', reading(13, new Date(AT)), 'the node is string; write as: string'],
    [
      'a bad status',
      'bool',
      reading(1, true, { value: 0x8031_0000, name: 'BadNoCommunication' }),
      'the server says BadNoCommunication',
    ],
  ])('%s is bad, with its reason', (_, type, read, reason) => {
    expect(decode(point(type), read)).toMatchObject({
      value: null,
      quality: 'bad',
      reason: expect.stringContaining(reason),
    });
  });

  it.each<[string, number, Reading['value'], unknown, string | undefined]>([
    ['the one element of the range', 3, { dataType: 5, arrayType: 1, value: Uint16Array.of(7) }, 7, undefined],
    ['its element of a whole array', 1, { dataType: 5, arrayType: 1, value: Uint16Array.of(7, 8) }, 8, undefined],
    ['a 32-bit float', 0, { dataType: 10, arrayType: 1, value: Float32Array.of(0.1) }, 0.1, undefined],
    ['a 64-bit element', 0, { dataType: 9, arrayType: 1, value: [[1, 2]] }, 4_294_967_298, undefined],
    ['no element beyond the end', 2, { dataType: 5, arrayType: 1, value: [7, 8] }, null, 'has no element 2'],
    ['no element of nothing', 2, { dataType: 5, arrayType: 1, value: null }, null, 'has no element 2'],
    ['no element of one value', 2, { dataType: 5, arrayType: 0, value: 7 }, null, 'is not an array; leave out index'],
  ])('OPC UA reads %s with an index', (_, index, value, expected, reason) => {
    const sample = decode({ ...point('number'), index }, { ...reading(5, 0), value });

    expect(sample.value).toEqual(expected);
    if (reason === undefined) expect(sample.quality).toBe('good');
    else expect(sample).toMatchObject({ quality: 'bad', reason: expect.stringContaining(reason) });
  });

  it('an uncertain value stays uncertain', () => {
    const read = reading(1, true, { value: 0x4090_0000, name: 'UncertainLastUsableValue' });

    expect(decode(point('bool'), read)).toMatchObject({
      value: true,
      quality: 'uncertain',
      reason: 'the server says UncertainLastUsableValue',
    });
  });

  it('an overflow reports that changes before the value are lost', () => {
    const sample = decode(point('uint16'), reading(5, 7, { value: 0x480, name: 'Good' }));

    expect(sample).toMatchObject({ value: 7, quality: 'good', reason: expect.stringContaining('overflowed') });
  });

  it.each([
    [0x0000_0000, 'good'],
    [0x002f_0000, 'good'],
    [0x4000_0000, 'uncertain'],
    [0x8000_0000, 'bad'],
    [0xc000_0000, 'bad'],
  ] as const)('the status %i has the quality %s', (status, quality) => {
    expect(qualityOf(status)).toBe(quality);
  });

  it('an overflow bit without its info type is ignored', () => {
    expect([0x480, 0x80, 0x400].map(hasOverflowed)).toEqual([true, false, false]);
  });
});
