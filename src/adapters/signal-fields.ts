import { z } from 'zod';
import { Duration, notBuilt, Rate } from '../core/fields.ts';
import type { CounterDefinition, SignalDefinition } from '../core/sample.ts';

/**
 * A signal's name, such as `press1.running`. Every part starts with a letter, so that `press1.faults.5` always is bit 5 of
 * `press1.faults`; no dash, because in a condition that is a minus.
 */
export const SignalName = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*$/,
    'write a signal name in lower-case letters, digits and _, its parts joined by dots, such as press1.running',
  );

/** How a counter moves. `max_rate` is required: it tells a rollover from a reset, and both from a wrong reading. */
export const Counter = z
  .strictObject({
    wraps: z
      .union(
        [z.literal('full'), z.literal('never'), z.int().positive()],
        'write full (the whole range of its type), never, or the highest value before it starts again at 0, such as 9999',
      )
      .meta({ description: 'The highest value before it starts again at 0: full, never, or a number such as 9999' }),
    max_rate: Rate.meta({ description: 'Highest plausible rate; a faster step is quarantined and shown' }),
  })
  .meta({ description: 'The signal counts: parts, strokes, rejects' });

/** Keys that every protocol's signals take, spread into its own strict object. */
export const sharedSignalFields = {
  counter: Counter.optional(),
  unit_text: z.string().optional().meta({ description: 'Unit for people to read, such as kW or °C' }),
  stale_after: Duration.optional().meta({ description: 'Bad when nothing was received for so long' }),
  accept: z
    .literal('uncertain')
    .optional()
    .meta({ description: 'uncertain: take values of uncertain quality as good; otherwise they count as bad' }),
} as const;

/** Keys of a source that the plan has and no adapter builds yet. */
export const plannedSourceFields = {
  alive: notBuilt('alive'),
  start_hold: notBuilt('start_hold'),
} as const;

/** The `signals:` of a source: at least one, each with a valid name. */
export function signalMap<Schema extends z.ZodType>(signal: Schema) {
  return z
    .record(SignalName, signal)
    .refine(signals => Object.keys(signals).length > 0, 'name at least one signal to read')
    .meta({ description: 'What is read, by signal name' });
}

/** The number types of registers and variables, each with the highest value a counter of it can show. */
const FULL = {
  int16: 2 ** 15 - 1,
  uint16: 2 ** 16 - 1,
  int32: 2 ** 31 - 1,
  uint32: 2 ** 32 - 1,
  int64: 2n ** 63n - 1n,
  uint64: 2n ** 64n - 1n,
} as const;

/** What a register or variable holds, for protocols whose data carry a width. */
export const WidthType = z.enum([
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

/** Highest value of an integer type; null where `wraps: full` means nothing (bool, float). */
export function fullScale(type: WidthType): number | bigint | null {
  return type in FULL ? FULL[type as keyof typeof FULL] : null;
}

/** Counter as the rules know it. `full` is the highest value of the signal's type; the schema refuses `wraps: full` without one. */
export function counterDefinition(counter: z.output<typeof Counter>, full: number | bigint | null): CounterDefinition {
  const wrapsAt = counter.wraps === 'full' ? full : counter.wraps === 'never' ? null : counter.wraps;
  return { wrapsAt, maxRate: counter.max_rate };
}

type SharedFields = {
  readonly counter?: z.output<typeof Counter> | undefined;
  readonly stale_after?: number | undefined;
  readonly unit_text?: string | undefined;
  readonly accept?: 'uncertain' | undefined;
};

/** The part of a signal's definition that comes from the shared keys; spread into the protocol's own. */
export function sharedDefinition(
  fields: SharedFields,
  full: number | bigint | null,
): Pick<SignalDefinition, 'counter' | 'staleAfter' | 'unit' | 'acceptUncertain'> {
  return {
    ...(fields.counter && { counter: counterDefinition(fields.counter, full) }),
    ...(fields.stale_after !== undefined && { staleAfter: fields.stale_after }),
    ...(fields.unit_text !== undefined && { unit: fields.unit_text }),
    acceptUncertain: fields.accept === 'uncertain',
  };
}
