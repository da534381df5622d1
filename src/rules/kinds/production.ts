import { endLine } from '../counting/former.ts';
import { createProduction } from '../counting/production.ts';
import { ProductionState } from '../counting/production-state.ts';
import { shiftProduction } from '../counting/shift.ts';
import type { ProductionRule } from '../program.ts';
import { once, type RuleKind } from './kind.ts';

/** Records what a line made. */
export const productionKind = {
  kind: 'production',
  state: ProductionState,
  references({ quantity, scrap, perCount, product }) {
    const counters = once([quantity.counter.name, ...scrap.map(({ counter }) => counter.name)]);
    const factor = typeof perCount === 'string' ? [perCount] : [];
    const conditions = once([...factor, ...(product?.signals ?? [])]);
    return { conditions, counters, signals: once([...counters, ...conditions]), sources: [], rules: [] };
  },
  create: createProduction,
  shift: shiftProduction,
  end: endLine,
} satisfies RuleKind<ProductionRule, ProductionState>;
