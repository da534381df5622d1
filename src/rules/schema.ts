import { z } from 'zod';
import { Code, notBuilt } from '../core/fields.ts';
import { type KindDefaults, RULE_KINDS, type RuleKindName, type SectionKeys, type Sections } from './kinds/registry.ts';
import { choice, MaxAge, RuleName } from './schema-parts.ts';
import { checkShape, RULE_SHAPES } from './schema-shapes.ts';

const DEFAULTS = Object.fromEntries(
  RULE_KINDS.flatMap(({ kind, defaults }) => (defaults ? [[kind, defaults.optional()]] : [])),
) as unknown as KindDefaults;

/** What the rules take where they say nothing themselves. */
export const RuleDefaults = z
  .strictObject({ ...DEFAULTS, flood: notBuilt('flood') })
  .meta({ description: 'Values for each rule that does not have the key itself' });
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
        'What the gateway does when nobody can find out whether L2L took a call. `park`: a person decides. `repeat`: it sends the call again, three times at most, and then parks it; L2L may then have it twice. `drop`: it does not send the call again; it may be missing in L2L',
      default: 'park',
    }),
    renamed_from: RuleName.optional().meta({
      description:
        'Earlier name of the rule. The rule keeps the open dispatch and the counts of that name. The key may stay in the file',
      examples: ['press_down'],
    }),
  })
  .superRefine(checkShape, { when: ({ value }) => typeof value === 'object' && value !== null })
  .meta({ description: 'One rule: it turns signals into a dispatch, a cycle count or production', oneOf: RULE_SHAPES });
export type Rule = z.output<typeof Rule>;

export const Rules = z.record(RuleName, Rule).meta({ description: 'The rules, by name' });
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
        'What the first column holds: numbers, texts, or bit numbers of a word. The lowest set bit decides; bit 0 is the lowest bit',
    }),
    file: z
      .string('write the name of a CSV file')
      .min(1, 'write the name of a CSV file')
      .meta({
        kind: 'file',
        description:
          'CSV file. Its path counts from the folder of the config file. Its header names the columns; all values are texts',
        examples: ['recipes.csv'],
      }),
    default: z
      .record(z.string(), Code)
      .optional()
      .meta({
        description: 'The row for a key that the file does not have. Without it, such a key has no value',
        kind: 'map of column to value',
        examples: [{ reason: 'OTHER', text: 'unknown fault' }],
      }),
  })
  .meta({ description: 'A table that turns values into codes and texts' });
export type Lookup = z.output<typeof Lookup>;

export const Lookups = z
  .record(RuleName, Lookup)
  .meta({ description: 'Tables that turn values into codes and texts, by name' });
export type Lookups = z.output<typeof Lookups>;
