import { z } from 'zod';
import { adapters, type SourceConfig } from '../adapters/registry.ts';
import { notBuilt } from '../core/fields.ts';
import { Lookups, RuleDefaults, Rules } from '../rules/schema.ts';
import { Gateway, Name } from './gateway-schema.ts';
import { L2l } from './l2l-schema.ts';
import { clashesOf, signalsNamedAsRules } from './source-clashes.ts';

type Discriminable = Parameters<typeof z.discriminatedUnion>[1][number];

/** One source of any registered protocol. The registry's schemas are objects with a literal `protocol`, which their type does not say. */
const Source = z.discriminatedUnion(
  'protocol',
  adapters.map(({ schema }) => schema) as unknown as [Discriminable, ...Discriminable[]],
) as unknown as z.ZodType<SourceConfig>;

export const Sources = z
  .record(Name, Source)
  .superRefine((sources, context) => {
    for (const { path, other, message } of clashesOf(sources)) {
      context.addIssue({ code: 'custom', path: [...path], message, params: { key: true, other, below: 'sources' } });
    }
  })
  .meta({
    description:
      'The sources of signals, by name. Each also gives `NAME.connected`: true while the source answers. This signal is never unknown',
  });

/** The whole file. */
export const Config = z
  .strictObject({
    gateway: Gateway,
    l2l: L2l,
    defaults: RuleDefaults.prefault({}),
    sources: Sources,
    lookups: Lookups.prefault({}),
    rules: Rules,
    calendars: notBuilt('calendars'),
    templates: notBuilt('templates'),
    machines: notBuilt('machines'),
  })
  .superRefine(({ sources, rules }, context) => {
    for (const { path, other, message } of signalsNamedAsRules(sources, Object.keys(rules))) {
      context.addIssue({ code: 'custom', path: [...path], message, params: { key: true, other } });
    }
  })
  .meta({ title: 'l2l-gateway', description: 'Configuration of an l2l-gateway' });
export type Config = z.output<typeof Config>;
