import type { Mode } from '../actions/action.ts';
import type { Problem } from '../core/errors.ts';
import type { SignalDefinition } from '../core/sample.ts';
import { createResolver, type PlaceOf, type Resolver } from './compile/resolve.ts';
import { orderRules } from './compile/rule-order.ts';
import { conflicts } from './kinds/conflicts.ts';
import { KINDS_WITH_ACTIVE } from './kinds/registry.ts';
import type { LookupTable } from './lookup.ts';
import type { CompiledRule, Program, RuleBase } from './program.ts';
import { defaultsFor, type Rule, type RuleDefaults, type Rules, sectionOf } from './schema.ts';

export type CompileOptions = {
  readonly rules: Rules;
  readonly defaults: RuleDefaults;
  readonly signals: ReadonlyMap<string, SignalDefinition>;
  readonly sources: readonly string[];
  readonly lookups: ReadonlyMap<string, LookupTable>;
  readonly mode: Mode;
  /** A pause longer than this makes a running delay start anew (ms). */
  readonly freezeLimit: number;
  /** Paths begin at the top of the config: `['rules', 'press1_down', 'when']`. */
  readonly placeOf: PlaceOf;
};

/** Resolves and checks all rules: everything the engine needs, or every problem there is. */
export function compileRules(
  options: CompileOptions,
): { readonly program: Program } | { readonly problems: readonly Problem[] } {
  const { rules, defaults, signals, sources, lookups, mode, freezeLimit, placeOf } = options;
  const kinds = new Map(Object.entries(rules).map(([name, rule]) => [name, sectionOf(rule).kind.kind]));
  const names = { signals, lookups, sources: new Set(sources), rules: kinds, withActive: KINDS_WITH_ACTIVE };
  const resolver = createResolver(names, placeOf);

  const compiled = Object.entries(rules)
    .map(([name, rule]) => compileRule(name, rule, defaults, resolver))
    .filter(rule => rule !== undefined);
  for (const { rule, key, message } of conflicts(rules)) resolver.refuse(['rules', rule, ...key], message);
  const { ordered, loops } = orderRules(compiled);
  for (const [rule, ...others] of loops) {
    const loop = [rule, ...others, rule].join(' → ');
    resolver.refuse(['rules', rule], `these rules wait for each other: ${loop}; take one \`.active\` out`);
  }

  if (resolver.problems.length > 0) return { problems: resolver.problems };
  return { program: { rules: ordered, signals, sources, mode, freezeLimit } };
}

/** One rule, resolved; undefined: the resolver has noted what is wrong with it. */
function compileRule(name: string, rule: Rule, defaults: RuleDefaults, resolver: Resolver): CompiledRule | undefined {
  const before = resolver.problems.length;
  const base: RuleBase = {
    name,
    place: resolver.placeOf(['rules', name]),
    maxAge: rule.max_age ?? null,
    onUnknown: rule.on_unknown ?? 'park',
    renamedFrom: rule.renamed_from ?? null,
  };
  const { kind, section } = sectionOf(rule);
  const compiled = kind.compile(base, section, { keys: rule, defaults: defaultsFor(kind.kind, defaults), resolver });
  return resolver.problems.length > before ? undefined : compiled;
}
