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
    ['float64', 11, 12.5, 12.5],
    ['string', 12, 'P-110', 'P-110'],
    ['number', 5, 7, 7],
    ['number', 11, 0.5, 0.5],
    ['number', 9, [0, 5], 5],
  ])('reads %s (built-in type %i)', (type, dataType, raw, value) => {
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
    [
      'an array',
      'uint16',
      { ...reading(5, [1, 2]), value: { dataType: 5, arrayType: 1, value: [1, 2] } },
      'the node is an array',
    ],
    [
      'a bad status',
      'bool',
      reading(1, true, { value: 0x8031_0000, name: 'BadNoCommunication' }),
      'the server says BadNoCommunication',
    ],
  ])('takes %s for bad, in words', (_, type, read, reason) => {
    expect(decode(point(type), read)).toMatchObject({
      value: null,
      quality: 'bad',
      reason: expect.stringContaining(reason),
    });
  });

  it('keeps an uncertain value as uncertain', () => {
    const read = reading(1, true, { value: 0x4090_0000, name: 'UncertainLastUsableValue' });

    expect(decode(point('bool'), read)).toMatchObject({
      value: true,
      quality: 'uncertain',
      reason: 'the server says UncertainLastUsableValue',
    });
  });

  it('says that changes before a value are lost when the queue overflowed', () => {
    const sample = decode(point('uint16'), reading(5, 7, { value: 0x480, name: 'Good' }));

    expect(sample).toMatchObject({ value: 7, quality: 'good', reason: expect.stringContaining('overflowed') });
  });

  it.each([
    [0x0000_0000, 'good'],
    [0x002f_0000, 'good'],
    [0x4000_0000, 'uncertain'],
    [0x8000_0000, 'bad'],
    [0xc000_0000, 'bad'],
  ] as const)('takes status %i for %s', (status, quality) => {
    expect(qualityOf(status)).toBe(quality);
  });

  it('needs the info type beside the overflow bit', () => {
    expect([0x480, 0x80, 0x400].map(hasOverflowed)).toEqual([true, false, false]);
  });
});
