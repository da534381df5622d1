import { describe, expect, it } from 'vitest';
import { modbus } from '../../../src/adapters/modbus/definition.ts';
import { ModbusSource } from '../../../src/adapters/modbus/schema.ts';

const SOURCE = { protocol: 'modbus', host: '192.168.10.30', first_register: 1 } as const;

function problem(signal: object, more: object = {}): string {
  const result = ModbusSource.safeParse({ ...SOURCE, ...more, signals: { 'm.x': signal } });
  return result.success ? '' : result.error.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`).join('\n');
}

describe('Modbus schema', () => {
  it('a Modbus source has defaults for the optional keys', () => {
    const source = ModbusSource.parse({ ...SOURCE, signals: { 'm.x': { unit: 1, holding: 1 } } });

    expect(source).toMatchObject({
      port: 502,
      poll: 1000,
      timeout: 1000,
      max_gap: { registers: 8, bits: 32 },
      pause: 0,
    });
  });

  it('first_register has no default', () => {
    const result = ModbusSource.safeParse({
      protocol: 'modbus',
      host: 'h',
      signals: { 'm.x': { unit: 1, holding: 1 } },
    });

    expect(result.error?.issues[0]?.path).toEqual(['first_register']);
  });

  it.each([
    ['no table', { unit: 1 }, 'name exactly one of coil, discrete_input, input, holding'],
    ['two tables', { unit: 1, input: 1, holding: 1 }, 'm.x.holding: name exactly one'],
    ['a bit of a coil', { unit: 1, coil: 1, bit: 3 }, 'a coil is one bit'],
    ['a number in a coil', { unit: 1, coil: 1, as: 'uint16' }, 'a coil is bool'],
    ['a bool register without a bit', { unit: 1, holding: 1, as: 'bool' }, 'name one with bit: 0 to 15'],
    ['a bit as a number', { unit: 1, holding: 1, as: 'uint16', bit: 2 }, 'one bit is bool'],
    [
      'an order in one register',
      { unit: 1, holding: 1, order: 'CDAB' },
      'this value has one register, or is text; write AB, or BA',
    ],
    ['a text without a length', { unit: 1, holding: 1, as: 'string' }, 'write how many characters the text has'],
    ['a number with a length', { unit: 1, holding: 1, length: 4 }, 'only a text has a length'],
    [
      'a word order of two registers',
      { unit: 1, holding: 1, as: 'uint32', order: 'BA' },
      'AB and BA are for one register',
    ],
    ['an invalid text', { unit: 1, holding: 1, as: 'string', length: 4, invalid: 0 }, 'a string has no such value'],
    ['a scaled bit', { unit: 1, holding: 1, bit: 1, scale: 2 }, 'a bit has no scale'],
    [
      'a scaled counter',
      { unit: 1, holding: 1, scale: 2, counter: { wraps: 'full', max_rate: '60/min' } },
      'per_count',
    ],
    ['a counted bit', { unit: 1, coil: 1, counter: { wraps: 'never', max_rate: '60/min' } }, 'let the PLC count'],
    [
      'a float that wraps',
      { unit: 1, holding: 1, as: 'float32', counter: { wraps: 'full', max_rate: '60/min' } },
      'integer type',
    ],
    [
      'register 0 of a device that counts from 1',
      { unit: 1, holding: 0 },
      'holding 0 does not exist when the first one is 1',
    ],
    ['a value over the end', { unit: 1, holding: 65_536, as: 'uint32' }, 'does not exist'],
    ['an unknown key', { unit: 1, holding: 1, word_order: 'little' }, 'word_order'],
  ])('the Modbus schema refuses %s', (_, signal, expected) => {
    expect(problem(signal)).toContain(expected);
  });

  it('a serial connection is refused because it is not built yet', () => {
    expect(problem({ unit: 1, holding: 1 }, { serial: { port: '/dev/ttyS0' } })).toContain('not built yet');
  });

  it('a Modbus source declares its signals with the address on the wire', () => {
    const source = ModbusSource.parse({
      ...SOURCE,
      signals: {
        'weld3.parts': {
          unit: 3,
          holding: 13,
          as: 'uint32',
          order: 'CDAB',
          counter: { wraps: 'full', max_rate: '20/min' },
        },
        'weld3.door': { unit: 3, discrete_input: 2 },
      },
    });

    expect(modbus.signals('plc', source)).toEqual([
      {
        name: 'weld3.parts',
        source: 'plc',
        type: 'number',
        bits: 32,
        fingerprint: 'modbus 192.168.10.30:502 unit 3 holding 13 (PDU address 12) uint32 CDAB',
        restorable: false,
        acceptUncertain: false,
        register: { table: 'unit 3 holding', empty: 0 },
        counter: { wrapsAt: 4_294_967_295, maxRate: 20 / 60_000 },
      },
      {
        name: 'weld3.door',
        source: 'plc',
        type: 'bool',
        fingerprint: 'modbus 192.168.10.30:502 unit 3 discrete_input 2 (PDU address 1) bool',
        restorable: false,
        acceptUncertain: false,
      },
    ]);
  });
});
