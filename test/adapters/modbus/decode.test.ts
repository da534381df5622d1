import { describe, expect, it } from 'vitest';
import { decodeRead } from '../../../src/adapters/modbus/decode.ts';
import { singleRead } from '../../../src/adapters/modbus/plan.ts';
import type { Point } from '../../../src/adapters/modbus/point.ts';
import { type Order, REGISTERS, type RegisterType } from '../../../src/adapters/modbus/schema.ts';

const POINT: Point = {
  signal: 'm.x',
  unit: 1,
  table: 'holding',
  number: 1,
  address: 0,
  length: 1,
  type: 'uint16',
  order: 'ABCD',
  bit: null,
  scale: 1,
  offset: 0,
  poll: 1000,
  invalid: [],
};

function decodeHex(hex: string, type: RegisterType, more: Partial<Point> = {}) {
  const point = { ...POINT, type, length: REGISTERS[type], ...more };
  return decodeRead(singleRead(point), Buffer.from(hex.replaceAll(' ', ''), 'hex'))[0];
}

describe('Modbus decode', () => {
  it.each<[RegisterType, string, number | bigint]>([
    ['int16', 'fffe', -2],
    ['uint16', 'fffe', 65_534],
    ['int32', 'ffff fffe', -2],
    ['uint32', 'ffff fffe', 4_294_967_294],
    ['int64', 'ffff ffff ffff fffe', -2],
    ['uint64', '0000 0000 0001 0002', 65_538],
    ['uint64', '001f ffff ffff ffff', Number.MAX_SAFE_INTEGER],
    ['uint64', '0020 0000 0000 0000', 2n ** 53n],
    ['uint64', 'ffff ffff ffff ffff', 2n ** 64n - 1n],
    ['int64', '8000 0000 0000 0000', -(2n ** 63n)],
    ['float32', '4148 0000', 12.5],
    ['float64', '4029 0000 0000 0000', 12.5],
  ])('the decoder reads %s from %s', (type, hex, value) => {
    expect(decodeHex(hex, type)).toEqual({ signal: 'm.x', value, quality: 'good' });
  });

  it.each<[Order, string, string]>([
    ['ABCD', '4148 0000', '4029 0000 0000 0001'],
    ['CDAB', '0000 4148', '0001 0000 0000 4029'],
    ['BADC', '4841 0000', '2940 0000 0000 0100'],
    ['DCBA', '0000 4841', '0100 0000 0000 2940'],
  ])('order %s is decoded in two and in four registers', (order, two, four) => {
    expect(decodeHex(two, 'float32', { order })?.value).toBe(12.5);
    expect(decodeHex(four, 'float64', { order })?.value).toBe(12.500000000000002);
  });

  it.each([
    ['a NaN', 'float32', '7fc0 0000'],
    ['an infinity', 'float32', 'ff80 0000'],
    ['a NaN of 64 bits', 'float64', '7ff8 0000 0000 0000'],
  ] as const)('%s is bad, never a number', (_, type, hex) => {
    expect(decodeHex(hex, type)).toMatchObject({
      value: null,
      quality: 'bad',
      reason: expect.stringContaining('not valid'),
    });
  });

  it('the bits of a register are counted from the lowest', () => {
    expect([0, 5, 15].map(bit => decodeHex('8001', 'bool', { bit })?.value)).toEqual([true, false, true]);
  });

  it('a scaled value has no noise of binary fractions', () => {
    expect(decodeHex('001f', 'uint16', { scale: 0.1 })?.value).toBe(3.1);
    expect(decodeHex('0064', 'uint16', { scale: 0.5, offset: -40 })?.value).toBe(10);
  });

  it.each<[string, RegisterType, Partial<Point>, number | bigint]>([
    ['0003', 'uint16', { scale: 0.1 }, 0.3],
    ['0bb8', 'uint16', { scale: 0.1, offset: -273.15 }, 26.85],
    ['0000', 'int16', { scale: -0.1 }, 0],
    ['0001', 'uint16', { offset: -1 }, 0],
    ['8000 0000', 'float32', {}, 0],
    ['8000 0000 0000 0000', 'float64', {}, 0],
    ['3dcc cccd', 'float32', { scale: 3 }, 0.3],
    ['0000 011f 71fb 04cb', 'uint64', { scale: 0.001 }, 1_234_567_890.123],
    ['0001', 'uint16', { scale: 1 / 3 }, 1 / 3],
    ['0020 0000 0000 0001', 'uint64', { scale: 10 }, 90_071_992_547_409_930n],
    ['0020 0000 0000 0001', 'uint64', { offset: -2 }, Number.MAX_SAFE_INTEGER],
  ])('the scaled value of %s (%s, %j) is the number that people calculate', (hex, type, more, value) => {
    expect(decodeHex(hex, type, more)?.value).toBe(value);
  });

  it('a value that scale makes too large is bad', () => {
    expect(decodeHex('7fe0 0000 0000 0000', 'float64', { scale: 10 })).toMatchObject({
      value: null,
      quality: 'bad',
      reason: expect.stringContaining('check scale'),
    });
  });

  it('a wide integer is scaled as a number', () => {
    expect(decodeHex('ffff ffff ffff ffff', 'uint64', { scale: 0.001 })?.value).toBeCloseTo(1.8446744073709552e16, -5);
  });

  it('the bits of a coil answer are read lowest first', () => {
    const points = [0, 3, 9].map(address => ({
      ...POINT,
      signal: `m.c${address}`,
      table: 'coil' as const,
      type: 'bool' as const,
      address,
    }));
    const read = { unit: 1, table: 'coil' as const, address: 0, length: 10, points };

    const samples = decodeRead(read, Buffer.from([0b0000_1000, 0b10]));

    expect(samples.map(sample => sample.value)).toEqual([false, true, true]);
  });

  it.each([
    [0.1, '3dcc cccd'],
    [12.34, '4145 70a4'],
    [-273.15, 'c388 9333'],
    [16_777_216, '4b80 0000'],
    [16_777_215, '4b7f ffff'],
    [3.4028235e38, '7f7f ffff'],
  ])('a 32-bit float is shown as people read it: %s', (value, hex) => {
    expect(decodeHex(hex, 'float32')?.value).toBe(value);
  });

  it.each<[RegisterType, string, number]>([
    ['bcd16', '1234', 1234],
    ['bcd16', '0009', 9],
    ['bcd32', '1234 5678', 12_345_678],
  ])('the decoder reads BCD %s from %s', (type, hex, value) => expect(decodeHex(hex, type)?.value).toBe(value));

  it('a BCD value with a wrong digit is bad', () => {
    expect(decodeHex('12a4', 'bcd16')).toMatchObject({
      quality: 'bad',
      reason: expect.stringContaining('not a BCD number'),
    });
  });

  it('text is read up to its NUL or its blanks, also with swapped bytes', () => {
    expect(decodeHex('4142 4320 2020', 'string', { length: 3 })?.value).toBe('ABC');
    expect(decodeHex('4142 4300 5858', 'string', { length: 3 })?.value).toBe('ABC');
    expect(decodeHex('4241 2043 2020', 'string', { length: 3, order: 'BA' })?.value).toBe('ABC');
  });

  it('byte order can swap the bytes of one register', () => {
    expect(decodeHex('3412', 'uint16', { order: 'BA' })?.value).toBe(0x1234);
  });

  it.each<[RegisterType, string, Point['invalid']]>([
    ['int16', '8000', [{ bits: 0x8000n }]],
    ['int16', '8000', [-32_768]],
    ['uint16', 'ffff', [0, 65_535]],
    ['uint32', 'ffff ffff', [{ bits: 0xffff_ffffn }]],
    ['float32', '7f80 0001', [{ bits: 0x7f80_0001n }]],
  ])('%s %s means "no value" when the config says so', (type, hex, invalid) => {
    expect(decodeHex(hex, type, { invalid, scale: 0.1 })).toMatchObject({ value: null, quality: 'bad' });
    expect(decodeHex('0001 0001'.slice(0, hex.length), type, { invalid })?.quality).toBe('good');
  });

  it('an answer that is too short is bad', () => {
    expect(decodeHex('4148', 'float32')).toMatchObject({
      quality: 'bad',
      reason: 'unit 1 answered 2 bytes instead of 4',
    });
  });
});
