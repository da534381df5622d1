import type { z } from 'zod';
import type { ActionParams } from '../../actions/action.ts';
import { KINDS } from '../../actions/registry.ts';
import { formatDuration } from '../../core/fields.ts';
import { nearest } from '../../core/nearest.ts';
import type { Resolver } from '../compile/resolve.ts';
import { endLine } from '../counting/former.ts';
import { createProduction } from '../counting/production.ts';
import { type ProductionRule, ProductionSection } from '../counting/production-rule.ts';
import { ProductionState } from '../counting/production-state.ts';
import { shiftProduction } from '../counting/shift.ts';
import type { CodeTemplate, RuleBase } from '../program.ts';
import { type Claim, type CompileWith, HOUR, type NoKeys, once, type RuleKind } from './kind.ts';

type Section = z.output<typeof ProductionSection>;

/** Records what a line made. */
export const productionKind: RuleKind<ProductionRule, ProductionState, typeof ProductionSection> = {
  kind: 'production',
  section: ProductionSection,
  withoutKeys: 'always counts',
  hasActive: false,
  target: 'line',
  compile: compileProduction,
  claims: claimsOf,
  describe({ line, quantity: { of, counter }, every, product }) {
    const parts = `${of === 'total' ? 'all parts' : 'good parts'} from ${counter.name} every ${formatDuration(every)}`;
    return { what: `production of ${line}`, when: `${parts}, product ${product?.text ?? 'found by L2L (autodetect)'}` };
  },
  callsPerHour(rules) {
    const { maxActions, requests = 1 } = KINDS.record_details.policy;
    // Lines that close their interval at the same time share a batch.
    const lines = Map.groupBy(rules, ({ every }) => every);
    const sets = [...lines].reduce(
      (sum, [every, { length }]) => sum + (HOUR / every) * Math.ceil(length / maxActions) * requests,
      0,
    );
    // At most: each interval has scrap of each category.
    const each = KINDS.add_scrap_detail.policy.requests ?? 1;
    const scrap = rules.filter(({ byCategory }) => byCategory);
    return sets + scrap.reduce((sum, { every, scrap: { length } }) => sum + (HOUR / every) * length * each, 0);
  },
  codes: ({ line, product }) => ({ line, product }),
  counted: ({ quantity }) => quantity.counter.name,
  recode(rule, { kind, params }, codeOf) {
    if (kind !== 'record_details' && kind !== 'add_scrap_detail') return undefined;
    const old = params as ActionParams['record_details'] | ActionParams['add_scrap_detail'];
    const found = rule.product === null ? { code: null } : codeOf(rule.product);
    // Without that row in the lookup, the product of that time stays.
    const product = rule.product === null ? null : (found?.code ?? old.product);
    return { ...old, line: rule.line, product: old.unknownProduct ? old.product : product };
  },
  state: ProductionState,
  countsOn: true,
  references({ quantity, scrap, perCount, operators, product }) {
    const counters = once([quantity.counter.name, ...scrap.map(({ counter }) => counter.name)]);
    const factor = typeof perCount === 'string' ? [perCount] : [];
    const conditions = once([...factor, ...(product?.signals ?? [])]);
    const texts = typeof operators === 'string' ? [operators] : [];
    return { conditions, counters, signals: once([...counters, ...conditions, ...texts]), sources: [], rules: [] };
  },
  create: createProduction,
  shift: shiftProduction,
  end: endLine,
};

function compileProduction(
  base: RuleBase,
  production: Section,
  { resolver }: CompileWith<NoKeys, z.ZodNever>,
): ProductionRule | undefined {
  const path = ['rules', base.name, 'production'];
  const { line, per_count: perCount, every, lateness } = production;
  const of = production.total === undefined ? 'good' : 'total';
  const counter = resolver.counter([...path, of], production[of] ?? '');
  if (typeof perCount === 'string') resolver.number([...path, 'per_count'], perCount);
  if (typeof production.operators === 'string') resolver.number([...path, 'operators'], production.operators);
  const scrap = scrapOf(production.scrap).flatMap(({ category, signal, key }) => {
    const counted = resolver.counter([...path, 'scrap', ...key], signal);
    return counted ? [{ category, counter: counted }] : [];
  });
  const counted = new Map([[production[of] ?? '', of]]);
  for (const { signal, key } of scrapOf(production.scrap)) {
    const name = ['scrap', ...key].join('.');
    const other = counted.get(signal);
    if (other === undefined) counted.set(signal, name);
    else
      resolver.refuse(
        [...path, 'scrap', ...key],
        `${signal} is the counter of ${other} too; each part is counted once`,
      );
  }
  const product = productOf([...path, 'product'], production.product, resolver);
  resolver.interval([...path, 'every'], every);
  if (lateness >= every) {
    resolver.refuse([...path, 'lateness'], `has to be shorter than every (${formatDuration(every)})`);
  }
  resolver.fixed([...path, 'line'], line);
  if (!counter || product === undefined) return undefined;

  return {
    ...base,
    kind: 'production',
    line,
    quantity: { of, counter },
    perCount,
    scrap,
    byCategory: typeof production.scrap === 'object',
    operators: production.operators ?? null,
    product,
    every,
    lateness,
    afterGap: production.after_gap,
    blindProduct: production.blind_product,
  };
}

/** null: L2L finds the product itself. */
function productOf(path: readonly string[], text: string, resolver: Resolver): CodeTemplate | null | undefined {
  if (text === 'autodetect') return null;
  if (!/^auto(?:matic)?$/i.test(text) && nearest(text, ['autodetect']) === undefined) return resolver.code(path, text);
  return resolver.refuse(path, `"${text}" would become a product of this name in L2L; did you mean autodetect?`);
}

/** A single counter of scrap has no category of its own. */
function scrapOf(scrap: Section['scrap']) {
  if (scrap === undefined) return [];
  if (typeof scrap === 'string') return [{ category: 'scrap', signal: scrap, key: [] }];
  return Object.entries(scrap).map(([category, signal]) => ({ category, signal, key: [category] }));
}

function claimsOf(production: Section): readonly Claim[] {
  const { line } = production;
  return [
    {
      claim: JSON.stringify(['production', line]),
      key: ['production', 'line'],
      words: `OTHER records the production of ${line} already; one rule per line`,
    },
  ];
}
