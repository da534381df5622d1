import { z } from 'zod';
import { Duration } from '../../core/fields.ts';
import {
  fullScale,
  plannedSourceFields,
  sharedSignalFields,
  signalMap,
  WidthType,
  WrittenValue,
} from '../signal-fields.ts';

/** Whole milliseconds, so that the moments of a script are exact numbers. */
const Length = Duration.refine(ms => ms >= 1, 'write at least 1ms').transform(Math.round);

/** One step of a script: this value, or no good value, for this time. */
const Step = z
  .strictObject({
    for: Length.meta({ description: 'How long the step lasts', examples: ['10s'] }),
    value: WrittenValue.optional().meta({
      description: 'Value of the step',
      kind: '`true`, `false`, number or text',
      examples: [true, 12.5],
    }),
    quality: z
      .enum(['uncertain', 'bad'])
      .optional()
      .meta({ description: 'Quality of the step. Without this key it is good. A bad step has no value' }),
    reason: z
      .string()
      .optional()
      .meta({ description: 'Why the quality is not good', examples: ['no answer'] }),
  })
  .refine(
    step => (step.value === undefined) === (step.quality === 'bad'),
    'write a value, or quality: bad without one',
  );
export type Step = z.output<typeof Step>;

const Count = z.strictObject({
  every: Length.meta({ description: 'Time from one count to the next', examples: ['2s'] }),
  by: z.int().positive().default(1).meta({ description: 'How much each count adds' }),
  from: z.int().min(0).default(0).meta({ description: 'First value' }),
  while: z
    .string()
    .optional()
    .meta({
      description: 'A scripted `bool` signal of this source. The counter counts only while it is true',
      examples: ['press1.running'],
    }),
});

export const SimulatedSignal = z
  .strictObject({
    as: z
      .enum(
        [...WidthType.options, 'number', 'string'],
        'write as: bool, number, string or a register type such as uint32',
      )
      .meta({ description: 'Type of the value', examples: ['bool'] }),
    script: z
      .array(Step)
      .min(1)
      .optional()
      .meta({ description: 'The values of the signal, step after step', examples: [[{ for: '10s', value: true }]] }),
    repeat: z
      .boolean()
      .default(true)
      .meta({ description: '`true`: the script starts again at its end. `false`: the last step stays' }),
    count: Count.optional().meta({ description: 'A counter, in place of a script' }),
    ...sharedSignalFields,
  })
  .superRefine((signal, context) => {
    const wrong = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if ((signal.script === undefined) === (signal.count === undefined))
      wrong('script', 'write script: or count:, one of the two');
    const kind = signal.as === 'bool' ? 'boolean' : signal.as === 'string' ? 'string' : 'number';
    for (const step of signal.script ?? [])
      if (step.value !== undefined && typeof step.value !== kind)
        wrong('script', `${JSON.stringify(step.value)} is not ${signal.as}`);
    if ((signal.count || signal.counter) && kind !== 'number') wrong('as', 'what counts is a number, such as uint32');
    if (signal.counter?.wraps === 'full' && fullWidth(signal.as) === null)
      wrong('counter', `${signal.as} has no full range; write the highest value, or wraps: never`);
  })
  .meta({ description: 'A scripted value. Write either `script` or `count`' });
export type SimulatedSignal = z.output<typeof SimulatedSignal>;

/** Highest value of the signal's type; null when it has none. */
export function fullWidth(as: SimulatedSignal['as']): number | bigint | null {
  return as === 'number' || as === 'string' ? null : fullScale(as);
}

export const SimulatedSource = z
  .strictObject({
    protocol: z.literal('simulated').meta({ description: 'Simulated' }),
    since: z.iso
      .datetime({ offset: true, error: 'write a time with its zone, such as "2026-03-02T06:00:00Z"' })
      .transform(text => Date.parse(text))
      .optional()
      .meta({
        description: 'When the scripts began, so that counts go on over a restart. Default: the start of the gateway',
        kind: 'time with zone',
        examples: ['2026-03-02T06:00:00Z'],
      }),
    ...plannedSourceFields,
    signals: signalMap(SimulatedSignal),
  })
  .superRefine((source, context) => {
    for (const [name, signal] of Object.entries(source.signals)) {
      const gate = signal.count?.while;
      if (gate === undefined) continue;
      const gateSignal = source.signals[gate];
      if (gateSignal?.as !== 'bool' || !gateSignal.script)
        context.addIssue({
          code: 'custom',
          path: ['signals', name, 'count', 'while'],
          message: `"${gate}" is not a scripted yes/no signal of this source`,
        });
    }
  })
  .meta({ description: 'Scripted signals, to try rules without a machine' });
export type SimulatedSource = z.output<typeof SimulatedSource>;
