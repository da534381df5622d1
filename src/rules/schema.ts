import { z } from 'zod';
import { Code } from '../core/code.ts';
import { notBuilt } from '../core/fields.ts';
import { type KindDefaults, RULE_KINDS, type RuleKindName, type SectionKeys, type Sections } from './kinds/registry.ts';
import { choice, MaxAge, RuleName } from './schema-parts.ts';
import { checkShape, RULE_SHAPES } from './schema-shapes.ts';

const DEFAULTS = Object.fromEntries(
  RULE_KINDS.flatMap(({ kind, defaults }) => (defaults ? [[kind, defaults.optional()]] : [])),
) as unknown as KindDefaults;

/** What the rules take where they say nothing themselves. */
export const RuleDefaults = z
  .strictObject({ ...DEFAULTS, flood: notBuilt('flood') })
  .meta({ description: 'For every rule that does not say it itself' });
export type RuleDefaults = z.output<typeof RuleDefaults>;

const KEYS = Object.assign({}, ...RULE_KINDS.map(({ keys }) => keys)) as SectionKeys;
const SECTIONS = Object.fromEntries(
  RULE_KINDS.map(({ kind, section }) => [kind, section.optional()]),
) as unknown as Sections;

/** One rule as written; it has the section of exactly one kind. */
export const Rule = z
  .strictObject({
    ...KEYS,
    ...SECTIONS,
    cause: notBuilt('cause'),
    short_stops: notBuilt('short_stops'),
    changeover: notBuilt('changeover'),
    flood: notBuilt('flood'),
    max_age: MaxAge.optional(),
    on_unknown: choice(['park', 'repeat', 'drop']).optional().meta({
      description:
        'When nobody can say whether L2L took a call. park: a person decides; repeat: it is sent again and may then be there twice; drop: it is not sent again and may be missing',
      default: 'park',
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

/** What `defaults:` says for the rules of a kind. */
export function defaultsFor(kind: RuleKindName, defaults: RuleDefaults): unknown {
  return (defaults as Readonly<Record<string, unknown>>)[kind];
}

/** Stands in for a rule that can't be read, so that others may name it. `conditions`: those of its conditions that can be read. */
export function standIn(conditions: Readonly<Record<string, string>>): Rule {
  const [stand] = RULE_KINDS.flatMap(({ kind, standIn }) =>
    standIn ? [{ ...standIn.keys, ...conditions, [kind]: standIn.section }] : [],
  );
  if (!stand) throw new Error('no kind of rule has a stand-in');
  return stand;
}

/** The kind of a rule, with its section as it is written. */
export function sectionOf(rule: Rule) {
  const kind = RULE_KINDS.find(({ kind }) => rule[kind] !== undefined);
  if (!kind) throw new Error('a rule without a kind passed the schema');
  return { kind, section: rule[kind.kind] };
}

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
