import { z } from 'zod';
import { Code } from '../core/code.ts';
import { Duration, notBuilt } from '../core/fields.ts';
import { besides, checkAdoption, checkShape, choice, elsewhereEach, RULE_SHAPES } from './schema-checks.ts';

const RuleName = z
  .string()
  .regex(/^[a-z][a-z0-9_]*$/, 'write a name in lower-case letters, digits and _, such as press1_down');

function conditionWords(input: unknown): string {
  const isList = Array.isArray(input) && input.length > 1 && input.every(item => typeof item === 'string');
  return isList ? `write one condition: ${input.join(' or ')}` : 'write a condition, such as not press1.running';
}

const Expression = z
  .string({ error: ({ input }) => conditionWords(input) })
  .meta({ code: true, examples: ['not press1.running', 'oven2.temp > 240 and press1.faults.3'] });

const Signal = z
  .string('write the name of a signal, such as press1.strokes')
  .meta({ code: true, examples: ['press1.strokes'] });

const TemplateText = z
  .string('write a text, such as "Oven 2 at {{ oven2.temp }} °C"')
  .min(1, 'the text is empty')
  .meta({ code: true });

const WhenCleared = choice(['close', 'complete', 'note', 'leave']).meta({
  description:
    'What becomes of our dispatch when the condition has cleared: close it, complete it, note in a comment that it is over and leave the rest to people, or leave it to people',
  default: 'close',
});

const IfFoundOpen = choice(['leave', 'adopt', 'open']).meta({
  description:
    "When a person's dispatch of this machine and type is open already. leave: it stands for ours and is never closed by us; adopt: it becomes ours; open: ours is opened beside it",
  default: 'leave',
});

const CloseAdopted = z.boolean('write true or false').meta({
  description:
    "Whether a person's dispatch that was adopted is ended too when the condition has cleared; only with if_found_open: adopt",
  default: false,
});

const IfMissed = choice(['open_and_close', 'add', 'nothing']).meta({
  description:
    'When the condition had cleared before the dispatch could be sent. open_and_close: it is opened and closed all the same, with its true times; add: it is sent as one finished dispatch; nothing: nothing is sent',
  default: 'open_and_close',
});

const IfClosedByPerson = choice(['wait', 'reopen'], ['reopen']).meta({
  description:
    'When a person closes our dispatch early. wait: nothing is opened until the condition has cleared once; reopen: the next one is opened when the condition holds for on_delay after that',
  default: 'wait',
});

const MaxAge = Duration.meta({
  description:
    'What is older than this is not sent any more, it becomes a dead letter; left out: it is sent however late',
  examples: ['8h'],
});

const Trade = Code.meta({
  description: "Code of the trade that is called; L2L's reference asks for one with every dispatch",
  examples: ['MAINT'],
});

/** What every dispatch rule takes where it says nothing itself. */
export const RuleDefaults = z
  .strictObject({
    dispatch: z
      .strictObject({
        trade: Trade.optional(),
        when_cleared: WhenCleared.optional(),
        if_found_open: IfFoundOpen.optional(),
        close_adopted: CloseAdopted.optional(),
        if_missed: IfMissed.optional(),
        if_closed_by_person: IfClosedByPerson.optional(),
        max_age: MaxAge.optional(),
        ...elsewhereEach(
          ['on_unknown', 'on_remove', 'on_delay', 'off_delay'],
          key => `${key} has no default for all rules; write it in each rule that needs it`,
        ),
      })
      .superRefine(checkAdoption, { when: ({ value }) => typeof value === 'object' && value !== null })
      .optional()
      .meta({ description: 'For every dispatch that does not say it itself' }),
    flood: notBuilt('flood'),
  })
  .meta({ description: 'For every rule that does not say it itself' });
export type RuleDefaults = z.output<typeof RuleDefaults>;

const Dispatch = z
  .strictObject({
    machine: Code.meta({ description: 'Code of the machine', examples: ['PRESS-01'] }),
    type: Code.meta({ description: 'Code of the dispatch type', examples: ['DOWN'] }),
    trade: Trade.optional(),
    reason: TemplateText.optional().meta({
      description:
        'Code of the reason: text, or from a lookup; without a value the dispatch is opened without a reason',
      examples: ['{{ press_faults[press1.faults].reason }}'],
    }),
    description: TemplateText.meta({
      description:
        'What people read; {{ signal }} and {{ lookup[signal].field }} are filled in when the dispatch is made',
      examples: ['Oven 2 at {{ oven2.temp }} °C'],
    }),
    when_cleared: WhenCleared.optional(),
    if_found_open: IfFoundOpen.optional(),
    close_adopted: CloseAdopted.optional(),
    if_missed: IfMissed.optional(),
    if_closed_by_person: IfClosedByPerson.optional(),
    ...besides('dispatch'),
    ...elsewhereEach(
      ['on_delay', 'off_delay', 'on_remove'],
      key => `${key} is written in the rule itself, beside dispatch; move it one level up`,
    ),
  })
  .meta({ description: 'Opens a dispatch while the condition holds' });

const Cycles = z
  .strictObject({
    machine: Code.meta({ description: 'Code of the machine', examples: ['PRESS-01'] }),
    counter: Signal.meta({ description: 'The signal that counts; it needs `counter:` in its source' }),
    every: Duration.prefault('15m').meta({
      description: 'How often the cycles are sent, on the clock: 15m is at :00, :15, :30 and :45',
      default: '15m',
    }),
    mode: choice(['increment', 'total'])
      .default('increment')
      .meta({ description: "increment: adds the cycles to L2L's count; total: sets L2L's count" }),
    first_sight: choice(['base', 'count']).default('base').meta({
      description:
        'When the counter is seen for the first time. base: counting begins there; count: what it says already was counted now (for counters that start at 0)',
    }),
    ...besides('cycles'),
  })
  .meta({ description: "Keeps a machine's cycle count" });

const Production = z
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

/** One rule as written; exactly one of `dispatch`, `cycles` and `production` is there. */
export const Rule = z
  .strictObject({
    when: Expression.optional().meta({
      description: 'The condition; write what is true while something is wrong, such as not press1.running',
    }),
    unless: Expression.optional().meta({
      description: 'While this holds nothing new opens and on_delay starts anew; what is open stays open',
    }),
    until: Expression.optional().meta({ description: 'Ends the condition; left out: when `when` no longer holds' }),
    on_delay: Duration.optional().meta({
      description: 'How long the condition has to hold before it acts; required, 0s too',
      examples: ['2m', '0s'],
    }),
    off_delay: Duration.optional().meta({
      description: 'How long it has to be gone before it counts as cleared',
      default: '0s',
      examples: ['30s'],
    }),
    dispatch: Dispatch.optional(),
    cycles: Cycles.optional(),
    production: Production.optional(),
    cause: notBuilt('cause'),
    short_stops: notBuilt('short_stops'),
    ...elsewhereEach(
      ['when_cleared', 'if_found_open', 'close_adopted', 'if_missed', 'if_closed_by_person'],
      key => `${key} belongs to the dispatch; move it one level down, into dispatch: { … }`,
    ),
    changeover: notBuilt('changeover'),
    flood: notBuilt('flood'),
    max_age: MaxAge.optional(),
    on_unknown: choice(['park', 'repeat', 'drop']).optional().meta({
      description:
        'When nobody can say whether L2L took a call. park: a person decides; repeat: it is sent again and may then be there twice; drop: it is not sent again and may be missing',
      default: 'park',
    }),
    on_remove: choice(['leave', 'close']).optional().meta({
      description:
        'What becomes of an open dispatch when this rule is not in the config any more. leave: it stays open and is listed; close: it is ended as when_cleared says',
      default: 'leave',
    }),
    renamed_from: RuleName.optional().meta({
      description: 'The name this rule had before: what it has counted or opened goes on. It may stay in the file',
      examples: ['press_down'],
    }),
  })
  .superRefine(checkShape, { when: ({ value }) => typeof value === 'object' && value !== null })
  .meta({ description: 'One rule: what happens in the plant, and what is sent to L2L', oneOf: RULE_SHAPES });
export type Rule = z.output<typeof Rule>;

export const Rules = z.record(RuleName, Rule).meta({ description: 'The rules by name' });
export type Rules = z.output<typeof Rules>;

export const Lookup = z
  .strictObject({
    key: choice(['number', 'text', 'bit']).meta({
      description:
        'What the first column holds: numbers, texts, or bits (the lowest set bit of a word decides, bit 0 is the lowest)',
    }),
    file: z
      .string('write the name of a CSV file')
      .min(1, 'write the name of a CSV file')
      .meta({
        description:
          'CSV file, by its path from this file or an absolute one; its header names the fields, all values are text',
        examples: ['recipes.csv'],
      }),
    default: z
      .record(z.string(), Code)
      .optional()
      .meta({ description: 'The row for a key that the file does not have; left out: such a key has no value' }),
  })
  .meta({ description: 'A table that turns values into codes and texts' });
export type Lookup = z.output<typeof Lookup>;

export const Lookups = z.record(RuleName, Lookup).meta({ description: 'Tables that turn values into codes, by name' });
export type Lookups = z.output<typeof Lookups>;
