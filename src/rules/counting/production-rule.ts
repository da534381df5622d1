import { z } from 'zod';
import { Code, Duration } from '../../core/fields.ts';
import type { SignalDefinition } from '../../core/sample.ts';
import type { CodeTemplate, RuleBase } from '../program.ts';
import { besides, choice, Signal, TemplateText } from '../schema-parts.ts';

/** The section of a rule that makes it a production rule. */
export const ProductionSection = z
  .strictObject({
    line: Code.meta({ description: 'Code of the line', examples: ['LINE-1'] }),
    total: Signal.optional().meta({
      description: 'Counter of all parts; the gateway subtracts the scrap. Write either `total` or `good`',
    }),
    good: Signal.optional().meta({ description: 'Counter of good parts only. Write either `total` or `good`' }),
    per_count: z
      .union([z.number().positive(), Signal], 'write a number of parts, or the signal that holds it')
      .default(1)
      .meta({
        description:
          'Parts for one count: a number, or the signal that holds the number. Each count uses the value of its own moment',
      }),
    scrap: z
      .union([Signal, z.record(Code, Signal)], 'write a counter of scrap, or a map from category to counter')
      .optional()
      .meta({
        description:
          'Counter of scrap, or one counter for each scrap category. The scrap of a category is sent by `scrapdetail/add_scrap_detail`, and the production of the interval then has no scrap of its own',
        kind: 'signal or map of category to signal',
        examples: ['press1.rejects', { CRACK: 'reject1.crack' }],
      }),
    product: TemplateText.meta({
      description:
        'Code of the product, a text with a lookup, or `autodetect` (L2L finds the product). Without a value the gateway parks the interval',
      examples: ['{{ recipes[press1.recipe].product }}', 'P-100', 'autodetect'],
    }),
    operators: z
      .union([z.number().nonnegative(), Signal], 'write a number of operators, or the signal that holds it')
      .optional()
      .meta({
        description:
          'Number of operators on the line (`operator_count`): a number, or the signal that holds it. L2L gets its value at the end of the interval',
        examples: [2, 'line1.operators'],
      }),
    every: Duration.prefault('5m').meta({
      description: 'Length of an interval, on the clock: 5m is at :00, :05, :10 and so on',
      default: '5m',
    }),
    lateness: Duration.prefault('10s').meta({
      description: 'How long the end of an interval waits for late counts',
      default: '10s',
    }),
    after_gap: choice(['one', 'spread'], ['lump', 'park']).default('one').meta({
      description:
        'Parts of a time in which the gateway read nothing. `one`: one interval of their own, flagged. `spread`: divided over the intervals of that time',
    }),
    blind_product: choice(['old', 'park']).default('old').meta({
      description:
        'Parts of a time in which the gateway read nothing, when another product runs after it than before it. They are one interval of their own, flagged. `old`: recorded under the product before that time. `park`: a person names the product',
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
  .meta({ description: 'Records the production of a line' });

/** Records the production of a line. Times in ms. */
export type ProductionRule = RuleBase & {
  readonly kind: 'production';
  readonly line: string;
  readonly quantity: { readonly of: 'total' | 'good'; readonly counter: SignalDefinition };
  /** Parts per count: a number, or the signal that holds the number; each count takes the value of its own moment. */
  readonly perCount: number | string;
  readonly scrap: readonly { readonly category: string; readonly counter: SignalDefinition }[];
  /** Each counter of scrap has a category of L2L. False: there is one counter at most, without a category. */
  readonly byCategory: boolean;
  /** A number, or the signal that holds it; null: no number of operators is sent. */
  readonly operators: number | string | null;
  /** null: product_autodetect. */
  readonly product: CodeTemplate | null;
  readonly every: number;
  /** How long the end of an interval waits for parts counted before it. */
  readonly lateness: number;
  readonly afterGap: 'one' | 'spread';
  /** The product of the parts of a blind time after which the product is another one: the product before, or a person names it. */
  readonly blindProduct: 'old' | 'park';
};
