import { z } from 'zod';
import { Duration, notBuilt, Rate } from '../core/fields.ts';
import type { CounterDefinition, SignalDefinition } from '../core/sample.ts';

/**
 * A signal's name, such as `press1.running`. Every part starts with a letter, so that `press1.faults.5` always is bit 5 of `press1.faults`.
 * It has no dash, because in a condition a dash is a minus.
 */
export const SignalName = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*$/,
    'write a signal name in lower-case letters, digits and _, its parts joined by dots, such as press1.running',
  );

/** A value as it is written in the config. A longer whole number is refused, because YAML rounds it silently. */
export const WrittenValue = z
  .union([z.boolean(), z.number(), z.string()], 'write true, false, a number or a text')
  .refine(
    value => typeof value !== 'number' || Math.abs(value) <= Number.MAX_SAFE_INTEGER,
    `is too large to be exact; numbers go from -${Number.MAX_SAFE_INTEGER} to ${Number.MAX_SAFE_INTEGER}`,
  )
  .transform(value => (typeof value === 'number' ? value + 0 : value)); // -0 becomes 0.

/** Types of a counter, as the protocols write them. */
const WHOLE_TYPES = ['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64'] as const;

const COUNTER_WORDS = 'write counter: { wraps: full, max_rate: 60/min }';

/** How a counter moves. `max_rate` is required: it distinguishes a rollover from a reset, and both from a wrong reading. */
export const Counter = z
  .strictObject(
    {
      wraps: z
        .union(
          [z.literal(['full', 'never', ...WHOLE_TYPES]), z.int().positive()],
          'write full (the whole range of its type), never, the type of the counter in the PLC, such as int32, or the highest value before it starts again at 0, such as 9999',
        )
        .meta({
          description:
            'Where the counter starts again. `full`: it uses the whole range of its type; a signed type goes on at its negative end. A type such as `int32`: the type that the counter has in the PLC, when the signal has a wider one. A number such as `9999`: the highest value before 0. `never`: it does not start again',
          examples: ['full', 'int32', 9999, 'never'],
        }),
      max_rate: Rate.meta({
        description: 'Highest possible rate. The gateway does not count a faster step, and shows it',
      }),
    },
    { error: ({ code }) => (code === 'invalid_type' ? COUNTER_WORDS : undefined) },
  )
  .meta({ description: 'The signal is a counter: of parts, strokes or rejects' });

/** Keys that every protocol's signals take, spread into its own strict object. */
export const sharedSignalFields = {
  counter: Counter.optional(),
  unit_text: z
    .string()
    .optional()
    .meta({ description: 'Unit, for people', examples: ['kW', '°C'] }),
  stale_after: z
    .union([z.literal('never'), Duration], 'write a time with its unit, such as 90s, 2m or 1h30m, or never')
    .optional()
    .meta({
      description:
        'The signal becomes bad when the gateway has received nothing for this time. `never`: the last value holds',
      examples: ['10m'],
    }),
  accept: z
    .literal('uncertain')
    .optional()
    .meta({ description: '`uncertain`: use values of uncertain quality. Without this key they count as bad' }),
} as const;

/** Keys of a source that are planned and that no adapter supports yet. */
export const plannedSourceFields = {
  alive: notBuilt('alive'),
  start_hold: notBuilt('start_hold'),
} as const;

/** The `signals:` of a source: at least one, each with a valid name. */
export function signalMap<Schema extends z.ZodType>(signal: Schema) {
  return z
    .record(SignalName, signal)
    .refine(signals => Object.keys(signals).length > 0, 'name at least one signal to read')
    .meta({ description: 'The signals that the gateway reads, by name' });
}

/** The whole-number types of registers and variables, each with the highest value that a counter of it can show. */
const FULL = {
  int8: 2 ** 7 - 1,
  uint8: 2 ** 8 - 1,
  int16: 2 ** 15 - 1,
  uint16: 2 ** 16 - 1,
  int32: 2 ** 31 - 1,
  uint32: 2 ** 32 - 1,
  int64: 2n ** 63n - 1n,
  uint64: 2n ** 64n - 1n,
} as const;

/** Names of PLC languages (IEC 61131-3) and of OPC UA for the types here. */
const FOREIGN_TYPES: Readonly<Record<string, string>> = {
  BOOL: 'bool',
  BOOLEAN: 'bool',
  SINT: 'int8',
  SBYTE: 'int8',
  BYTE: 'uint8',
  USINT: 'uint8',
  INT: 'int16',
  UINT: 'uint16',
  WORD: 'uint16',
  DINT: 'int32',
  UDINT: 'uint32',
  DWORD: 'uint32',
  LINT: 'int64',
  ULINT: 'uint64',
  LWORD: 'uint64',
  REAL: 'float32',
  FLOAT: 'float32',
  LREAL: 'float64',
  DOUBLE: 'float64',
  STRING: 'string',
};

/** A type of `types` as text. A name from another language gets its name here: the most similar name would have another width. */
export function typeEnum<const Types extends readonly string[]>(types: Types) {
  return z.enum(types, {
    error: ({ input }) => {
      const meant = typeof input === 'string' ? FOREIGN_TYPES[input.toUpperCase()] : undefined;
      if (meant === undefined) return undefined;
      return types.includes(meant)
        ? `"${input}" is written ${meant} here`
        : `"${input}" is ${meant}, which this protocol does not have; write one of ${types.join(', ')}`;
    },
  });
}

/** The type of a register or variable, for protocols whose data have a width. */
export const WidthType = typeEnum([
  'bool',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'float32',
  'float64',
]);
export type WidthType = z.output<typeof WidthType>;

/** The highest value of an integer type; null where `wraps: full` means nothing (bool, float). */
export function fullScale(type: string): number | bigint | null {
  return type in FULL ? FULL[type as keyof typeof FULL] : null;
}

/** How many bits of a number of this type a condition may name, 0 for a float. Other types have no such key, so the result is spread in. */
export function bitsOf(type: string): { readonly bits?: number } {
  const digits = /^u?int(\d+)$/.exec(type)?.[1];
  if (digits !== undefined) return { bits: Number(digits) };
  return type.startsWith('float') ? { bits: 0 } : {};
}

/** What is wrong with the highest value of a counter of this type; undefined: nothing. */
export function wrapsProblem(
  { wraps }: z.output<typeof Counter>,
  type: string,
  full: number | bigint | null,
): string | undefined {
  const highest = typeof wraps === 'number' ? wraps : fullScale(wraps);
  if (highest === null || full === null || highest <= full) return undefined;
  return `a ${type} goes up to ${full}; write full or a number up to ${full}, or the real type of the counter`;
}

/** From here on, a 32-bit float has no odd numbers, so a counter in it stands still. */
const FLOAT32_EXACT_TO = 2 ** 24;

/** The counter of a signal of this type, as the rules know it. The schema refuses `wraps: full` for a type without a range. */
export function counterDefinition({ wraps, max_rate }: z.output<typeof Counter>, type: string): CounterDefinition {
  const range = wraps === 'full' ? type : wraps;
  const highest = typeof range === 'number' ? range : fullScale(range);
  return {
    wrapsAt: highest,
    ...(typeof range === 'string' && range.startsWith('int') && highest !== null && { wrapsTo: lowestOf(highest) }),
    ...(type === 'float32' && { exactTo: FLOAT32_EXACT_TO }),
    maxRate: max_rate,
  };
}

function lowestOf(highest: number | bigint): number | bigint {
  return typeof highest === 'bigint' ? -highest - 1n : -highest - 1;
}

type SharedFields = {
  readonly counter?: z.output<typeof Counter> | undefined;
  readonly stale_after?: number | 'never' | undefined;
  readonly unit_text?: string | undefined;
  readonly accept?: 'uncertain' | undefined;
};

/** The part of a signal's definition that comes from the shared keys and its type; spread into the protocol's own. */
export function sharedDefinition(
  fields: SharedFields,
  type: string,
): Pick<SignalDefinition, 'counter' | 'staleAfter' | 'unit' | 'acceptUncertain'> {
  return {
    ...(fields.counter && { counter: counterDefinition(fields.counter, type) }),
    ...(typeof fields.stale_after === 'number' && { staleAfter: fields.stale_after }),
    ...(fields.unit_text !== undefined && { unit: fields.unit_text }),
    acceptUncertain: fields.accept === 'uncertain',
  };
}
