import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { Duration, notBuilt } from '../../core/fields.ts';
import {
  Counter,
  fullScale,
  sharedSignalFields,
  signalMap,
  typeEnum,
  WidthType,
  wrapsProblem,
} from '../signal-fields.ts';

/** The four tables of a Modbus device, in the words of the specification. */
export const TABLES = ['coil', 'discrete_input', 'input', 'holding'] as const;
export type Table = (typeof TABLES)[number];

/** What registers can hold: numbers, numbers in decimal digits of four bits (BCD), text. */
export const RegisterType = typeEnum([...WidthType.options, 'bcd16', 'bcd32', 'string']);
export type RegisterType = z.output<typeof RegisterType>;

/** How many 16-bit registers a value takes; bits are counted one by one. */
export const REGISTERS = {
  bool: 1,
  int16: 1,
  uint16: 1,
  int32: 2,
  uint32: 2,
  float32: 2,
  int64: 4,
  uint64: 4,
  float64: 4,
  bcd16: 1,
  bcd32: 2,
  string: 0,
} as const satisfies Record<RegisterType, number>;

/** How many registers a value of a signal takes. A text says how many characters it has, two in a register. */
export function registersOf(signal: Fields): number {
  const type = typeOf(signal);
  return type === 'string' ? Math.ceil((signal.length ?? 2) / 2) : REGISTERS[type];
}

export const Order = z.enum(['ABCD', 'CDAB', 'BADC', 'DCBA', 'AB', 'BA']).meta({
  description:
    'Order of the bytes of a value, as the device manual prints it. `ABCD` is big-endian; `AB` and `BA` are for one register and for text',
});
export type Order = z.output<typeof Order>;

/** Counted from 1. */
const LAST_NUMBER = 65_536;

const Address = z
  .int()
  .min(0)
  .max(
    LAST_NUMBER,
    "numbers go up to 65536; of a manual's long form such as 400013 write the last digits: holding: 13",
  );

/** A number, or its bits in hexadecimal as manuals print them. */
const Sentinel = z.union([
  z.number(),
  z
    .string()
    .regex(/^(?:16#|0x)[0-9a-f]+$/i, 'write a number, or its bits such as 16#8000')
    .transform(text => ({ bits: BigInt(`0x${text.slice(text.search(/[#x]/i) + 1)}`) })),
]);
export type Sentinel = z.output<typeof Sentinel>;

const Fields = z.strictObject({
  unit: z
    .int("write the device's unit (slave) number, such as unit: 1")
    .min(0)
    .max(255)
    .meta({ description: 'Unit number (slave number) of the device behind this address', examples: [1] }),
  coil: Address.optional().meta({ description: 'Number of the coil (function code 1)', examples: [7] }),
  discrete_input: Address.optional().meta({
    description: 'Number of the discrete input (function code 2)',
    examples: [7],
  }),
  input: Address.optional().meta({
    description: 'Number of the first input register (function code 4)',
    examples: [13],
  }),
  holding: Address.optional().meta({
    description: 'Number of the first holding register (function code 3)',
    examples: [13],
  }),
  as: RegisterType.optional().meta({
    description: 'Type of the value in the registers. A coil, a discrete input and a bit are `bool`',
    default: 'uint16',
    examples: ['uint32'],
  }),
  order: Order.optional(),
  length: z
    .int()
    .min(1)
    .max(250)
    .optional()
    .meta({ description: 'Number of characters of a text. A register holds two', examples: [10] }),
  invalid: z
    .union([Sentinel, z.array(Sentinel).min(1)])
    .optional()
    .meta({
      description: 'Values of the register (before `scale`) with which the device says that it has no value',
      kind: 'number, bits or a list of them',
      examples: ['16#8000', -32768],
    }),
  bit: z
    .int()
    .min(0)
    .max(15)
    .optional()
    .meta({ description: 'One bit of a register. 0 is the lowest bit', examples: [3] }),
  scale: z
    .number()
    .refine(scale => scale !== 0, 'a scale of 0 makes every value 0')
    .optional()
    .meta({
      description: 'Factor: value = register × `scale` + `offset`',
      default: 1,
      examples: [0.1],
    }),
  offset: z
    .number()
    .optional()
    .meta({ description: 'Number that is added after `scale`', default: 0, examples: [-40] }),
  poll: Duration.optional().meta({
    description: 'How often the gateway reads this signal. Default: `poll` of the source',
    examples: ['250ms'],
  }),
  counter: Counter.optional(),
  unit_text: sharedSignalFields.unit_text,
});

type Fields = z.output<typeof Fields>;

/** The table of a signal. The schema has checked that it names exactly one. */
export function tableOf(signal: Fields): Table {
  return TABLES.find(table => signal[table] !== undefined) ?? 'holding';
}

/** What a signal's registers hold, with the default filled in. */
export function typeOf(signal: Fields): RegisterType {
  const table = tableOf(signal);
  if (table === 'coil' || table === 'discrete_input' || signal.bit !== undefined) return 'bool';
  return signal.as ?? 'uint16';
}

/** `about`: the keys of this problem. When another problem already names one of them, this one is left out. */
type Fault = {
  readonly path: keyof Fields | 'counter.wraps';
  readonly message: string;
  readonly about?: readonly Table[];
};

function* orderFaults({ order, length, invalid }: Fields, type: RegisterType): Generator<Fault> {
  const isWord = order === 'AB' || order === 'BA';
  if (type === 'bool' && order !== undefined) yield { path: 'order', message: 'a bit has no order; take it out' };
  else if (order !== undefined && isWord !== (type === 'string' || REGISTERS[type] === 1)) {
    const message = isWord
      ? 'AB and BA are for one register and for text; write ABCD, CDAB, BADC or DCBA'
      : 'this value has one register, or is text; write AB, or BA where its two bytes are swapped';
    yield { path: 'order', message };
  }
  if (type === 'string' && length === undefined)
    yield { path: 'as', message: 'write how many characters the text has, such as length: 10' };
  if (type !== 'string' && length !== undefined)
    yield { path: 'length', message: 'only a text has a length; take it out' };
  if (invalid !== undefined && (type === 'bool' || type === 'string'))
    yield { path: 'invalid', message: `a ${type} has no such value; take invalid out` };
}

function* faults(signal: Fields): Generator<Fault> {
  const named = TABLES.filter(table => signal[table] !== undefined);
  if (named.length !== 1) {
    const path = named[1] ?? 'unit';
    const message = `name exactly one of ${TABLES.join(', ')} with the number the device manual gives`;
    yield { path, message, about: TABLES };
    return;
  }
  const table = tableOf(signal);
  const type = typeOf(signal);
  const single = table === 'coil' || table === 'discrete_input';
  if (single && signal.bit !== undefined) yield { path: 'bit', message: `a ${table} is one bit; take bit out` };
  if (type === 'bool' && signal.as !== undefined && signal.as !== 'bool')
    yield { path: 'as', message: `${single ? `a ${table}` : 'one bit'} is bool; take as out` };
  if (!single && signal.as === 'bool' && signal.bit === undefined)
    yield { path: 'as', message: 'a register has 16 bits; name one with bit: 0 to 15' };
  yield* orderFaults(signal, type);
  for (const key of ['scale', 'offset'] as const) {
    if (signal[key] === undefined) continue;
    if (type === 'bool') yield { path: key, message: `a bit has no ${key}; take it out` };
    if (type === 'string') yield { path: key, message: `a text has no ${key}; take it out` };
    if (signal.counter)
      yield {
        path: key,
        message: `a counter is read as it counts; take ${key} out (parts per count: per_count in the rule)`,
      };
  }
  if (signal.counter && type === 'string') yield { path: 'counter', message: 'a text does not count' };
  else if (signal.counter && type === 'bool')
    yield {
      path: 'counter',
      message: 'a bit is too short to count by polling; let the PLC count and read its counter',
    };
  else if (signal.counter?.wraps === 'full' && fullScale(type) === null)
    yield { path: 'counter', message: `wraps: full needs an integer type, not ${type}` };
  const wraps = signal.counter && wrapsProblem(signal.counter, type, fullScale(type));
  if (wraps) yield { path: 'counter.wraps', message: wraps };
}

const Signal = Fields.superRefine((signal, context) => {
  for (const { path, message, about } of faults(signal)) {
    context.addIssue({ code: 'custom', path: path.split('.'), message, ...(about && { params: { about } }) });
  }
}).meta({ description: 'A value of a device. Write exactly one of `coil`, `discrete_input`, `input` and `holding`' });

/** The problem of a device's address; undefined: no problem can be seen without the network. */
function hostProblem(written: string): string | undefined {
  const [, host = written, port] = /^([^:]+):(\d+)$/.exec(written) ?? [];
  const isWrong = /^[\d.]+$/.test(host) && !isIPv4(host);
  const wrong = isWrong ? [`${host} is no IPv4 address: four numbers from 0 to 255, such as 192.168.10.30`] : [];
  const apart = port === undefined ? [] : [`write the port apart: host: ${isWrong ? '…' : host} and port: ${port}`];
  return [...apart, ...wrong].join('; ') || undefined;
}

/** One Modbus device, or one gateway with several units behind it. */
export const ModbusSource = z
  .strictObject({
    protocol: z.literal('modbus').meta({ description: 'Modbus TCP' }),
    host: z
      .string()
      .min(1)
      .superRefine((host, context) => {
        const message = hostProblem(host);
        if (message) context.addIssue({ code: 'custom', message });
      })
      .meta({
        description: 'Address of the device, or of the Modbus gateway with several devices behind it',
        examples: ['192.168.10.30'],
      }),
    port: z.int().min(1).max(65_535).default(502).meta({ description: 'TCP port of the device' }),
    serial: notBuilt('serial (Modbus RTU on a port of this PC; use a Modbus TCP gateway)'),
    first_register: z
      .union([z.literal(0), z.literal(1)], 'write 0 or 1, as the device manual counts its registers')
      .meta({
        description:
          'Number of the first register in the device manual. There is no default: with a wrong number the gateway reads the register beside the right one, and its value looks plausible',
      }),
    poll: Duration.prefault('1s').meta({ description: 'How often the gateway reads the signals', examples: ['1s'] }),
    timeout: Duration.prefault('1s').meta({
      description: 'How long the gateway waits for the answer to one request',
      examples: ['1s'],
    }),
    max_gap: z
      .strictObject({
        registers: z.int().min(0).max(124).default(8).meta({ description: 'How many unused registers' }),
        bits: z.int().min(0).max(1999).default(32).meta({ description: 'How many unused coils or discrete inputs' }),
      })
      .default({ registers: 8, bits: 32 })
      .meta({ description: 'How many unused registers or bits the gateway may read to save a request' }),
    max_registers: z.int().min(1).max(125).default(125).meta({
      description:
        'How many registers one request may ask for. Write a lower number for a device that does not take 125',
    }),
    pause: Duration.prefault('0s').meta({
      description: 'Pause between two requests, for devices that need one',
      examples: ['20ms'],
    }),
    signals: signalMap(Signal),
  })
  .superRefine((source, context) => {
    for (const [name, signal] of Object.entries(source.signals)) {
      const table = tableOf(signal);
      // The schema of this key has reported it already.
      if (signal[table] === undefined) continue;
      const pdu = signal[table] - source.first_register;
      const last = pdu + (table === 'input' || table === 'holding' ? registersOf(signal) : 1) - 1;
      // The schema of this key has already refused a number above the range of all tables.
      const isRefused = signal[table] > LAST_NUMBER;
      if (isRefused || (pdu >= 0 && last <= 65_535)) continue;
      const message = `${table} ${signal[table]} does not exist when the first one is ${source.first_register}`;
      context.addIssue({ code: 'custom', path: ['signals', name, table], message });
    }
  })
  .meta({ description: 'One Modbus TCP device, or one gateway with several devices (units) behind it' });
export type ModbusSource = z.output<typeof ModbusSource>;
