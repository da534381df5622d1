import { z } from 'zod';
import { adapters, type SourceConfig, signalsOf } from '../adapters/registry.ts';
import { notBuilt } from '../core/fields.ts';
import { Lookups, RuleDefaults, Rules } from '../rules/schema.ts';
import { Gateway, Name } from './gateway-schema.ts';
import { L2l } from './l2l-schema.ts';

type Discriminable = Parameters<typeof z.discriminatedUnion>[1][number];

/** One source of any registered protocol. The registry's schemas are objects with a literal `protocol`, which their type does not say. */
const Source = z.discriminatedUnion(
  'protocol',
  adapters.map(({ schema }) => schema) as unknown as [Discriminable, ...Discriminable[]],
) as unknown as z.ZodType<SourceConfig>;

export const Sources = z
  .record(Name, Source)
  .superRefine((sources, context) => {
    const owners = new Map<string, string>();
    for (const [source, config] of Object.entries(sources)) {
      for (const { name } of signalsOf(source, config)) {
        const owner = owners.get(name);
        owners.set(name, owner ?? source);
        if (owner === undefined) continue;
        context.addIssue({
          code: 'custom',
          path: [source, 'signals', name],
          message: `source ${owner} has a signal of this name; every signal of a gateway has a name of its own`,
          params: { key: true },
        });
      }
    }
  })
  .meta({ description: 'Where signals come from, by name; each also gives NAME.connected, which is never unknown' });

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
  .meta({ title: 'l2l-gateway', description: 'Configuration of an l2l-gateway' });
export type Config = z.output<typeof Config>;
