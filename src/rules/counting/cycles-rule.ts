import { z } from 'zod';
import { Code, Duration } from '../../core/fields.ts';
import type { SignalDefinition } from '../../core/sample.ts';
import type { RuleBase } from '../program.ts';
import { besides, choice, Signal } from '../schema-parts.ts';

/** The section of a rule that makes it a cycles rule. */
export const CyclesSection = z
  .strictObject({
    machine: Code.meta({ description: 'Code of the machine', examples: ['PRESS-01'] }),
    counter: Signal.meta({ description: 'The signal that counts. It needs `counter:` in its source' }),
    every: Duration.prefault('15m').meta({
      description: 'How often the gateway sends the cycles, on the clock: 15m is at :00, :15, :30 and :45',
      default: '15m',
    }),
    mode: choice(['increment', 'total']).default('increment').meta({
      description:
        "`increment`: adds the cycles to L2L's count (`increment_cycle_count`). `total`: sets L2L's count (`set_cycle_count`) to L2L's count at the first sight plus all later cycles",
    }),
    first_sight: choice(['base', 'count']).default('base').meta({
      description:
        'What the first reading of a counter means. `base`: counting begins at this value. `count`: this value counts as made now; use it only for a counter that starts at 0',
    }),
    ...besides('cycles'),
  })
  .meta({ description: 'Sends the cycle count of a machine' });

/** Counts the cycles of a machine. `every` in ms. */
export type CyclesRule = RuleBase & {
  readonly kind: 'cycles';
  readonly machine: string;
  readonly counter: SignalDefinition;
  readonly every: number;
  readonly mode: 'increment' | 'total';
  readonly firstSight: 'base' | 'count';
};
