import type { CompiledRule } from './program.ts';

/** Which signals, sources and rules a rule depends on, each named once. */
export type RuleReferences = {
  /** The rule has to look when one of these changes. */
  readonly conditions: readonly string[];
  /** The rule has to look at every reading of these. */
  readonly counters: readonly string[];
  /** All signals it names, those of its texts included. */
  readonly signals: readonly string[];
  readonly sources: readonly string[];
  readonly rules: readonly string[];
};

/** What a rule names, in the order it is written. */
export function referencesOf(rule: CompiledRule): RuleReferences {
  switch (rule.kind) {
    case 'dispatch': {
      const conditions = [rule.when, rule.unless, rule.until].filter(condition => condition !== null);
      const read = once(conditions.flatMap(condition => condition.signals));
      return {
        conditions: read,
        counters: [],
        signals: once([...read, ...(rule.reason?.signals ?? []), ...rule.description.signals]),
        sources: once(conditions.flatMap(condition => condition.sources)),
        rules: once(conditions.flatMap(condition => condition.rules)),
      };
    }
    case 'cycles':
      return { conditions: [], counters: [rule.counter.name], signals: [rule.counter.name], sources: [], rules: [] };
    case 'production': {
      const counters = once([rule.quantity.counter.name, ...rule.scrap.map(scrap => scrap.counter.name)]);
      const perCount = typeof rule.perCount === 'string' ? [rule.perCount] : [];
      const conditions = once([...perCount, ...(rule.product?.signals ?? [])]);
      return { conditions, counters, signals: once([...counters, ...conditions]), sources: [], rules: [] };
    }
  }
}

function once(names: Iterable<string>): string[] {
  return [...new Set(names)];
}
