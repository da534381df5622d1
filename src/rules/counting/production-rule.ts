import { z } from 'zod';
import { Code } from '../../core/code.ts';
import { Duration } from '../../core/fields.ts';
import type { SignalDefinition } from '../../core/sample.ts';
import type { CodeTemplate, RuleBase } from '../program.ts';
import { besides, choice, Signal, TemplateText } from '../schema-parts.ts';

/** The section of a rule that makes it a production rule. */
export const ProductionSection = z
  .strictObject({
    line: Code.meta({ description: 'Code of the line', examples: ['LINE-1'] }),
    total: Signal.optional().meta({ description: 'Counter of all parts; scrap is taken off. Either total or good' }),
    good: Signal.optional().meta({ description: 'Counter of good parts only. Either total or good' }),
    per_count: z
      .union([z.number().positive(), Signal], 'write a number of parts, or the signal that holds it')
      .default(1)
      .meta({
        description:
          'Parts per count: a number, or the signal that holds the number; each count takes the value of its own moment',
      }),
    scrap: z
      .union([Signal, z.record(Code, Signal)], 'write a counter of scrap, or a map from category to counter')
      .optional()
      .meta({ description: 'Counter of scrap, or a map from scrap category to counter' }),
    product: TemplateText.meta({
      description:
        'Code of the product, {{ lookup[signal].field }}, or autodetect: L2L finds it. Without a value the interval is parked',
      examples: ['{{ recipes[press1.recipe].product }}', 'P-100', 'autodetect'],
    }),
    every: Duration.prefault('5m').meta({
      description: 'Length of an interval, on the clock: 5m is at :00, :05, :10 …',
      default: '5m',
    }),
    lateness: Duration.prefault('10s').meta({
      description: 'How long the end of an interval waits for parts that were counted before it',
      default: '10s',
    }),
    after_gap: choice(['one', 'spread'], ['lump', 'park']).default('one').meta({
      description:
        'Parts of a time in which nothing was seen. one: one interval of its own, flagged; spread: over the intervals of that time',
    }),
    blind_product: choice(['old', 'park']).default('old').meta({
      description:
        'Parts of a time in which nothing was read, when another product runs after it than before: they are an interval of their own, flagged. old: it is recorded under the product before that time; park: a person names the product',
    }),
    ...besides('production'),
  })
  .superRefine(
    (production, context) => {
      if ('total' in production !== 'good' in production) return;
      context.addIssue({
        code: 'custom',
        message:
          'write either total or good: total counts all parts and scrap is taken off, good counts good parts only',
      });
    },
    { when: ({ value }) => typeof value === 'object' && value !== null },
  )
  .meta({ description: "Records a line's production" });

/** Records what a line made. Times in ms. */
export type ProductionRule = RuleBase & {
  readonly kind: 'production';
  readonly line: string;
  readonly quantity: { readonly of: 'total' | 'good'; readonly counter: SignalDefinition };
  /** Parts per count: a number, or the signal that holds the number; each count takes the value of its own moment. */
  readonly perCount: number | string;
  readonly scrap: readonly { readonly category: string; readonly counter: SignalDefinition }[];
  /** null: product_autodetect. */
  readonly product: CodeTemplate | null;
  readonly every: number;
  /** How long a cut waits for parts counted before it. */
  readonly lateness: number;
  readonly afterGap: 'one' | 'spread';
  /** The product of parts counted over a blind time when it is another one after it: the one before, or a person names it. */
  readonly blindProduct: 'old' | 'park';
};
