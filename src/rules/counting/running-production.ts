import type { SignalDefinition } from '../../core/sample.ts';
import { type ActionAuthor, authorOf } from '../common/action-author.ts';
import { lastGoodOf, type SignalCell } from '../common/signal-table.ts';
import type { CounterState } from './counter-state.ts';
import { createCounter } from './counters.ts';
import { type FollowedCounter, followCounter } from './followed-counter.ts';
import { createIntervals, type Intervals } from './intervals.ts';
import { createPlacing, type Placing } from './placing.ts';
import { createProductRuns, type ProductRuns, withProducts } from './product-runs.ts';
import type { ProductionRule } from './production-rule.ts';
import { newProductionState, type ProductionState } from './production-state.ts';

export type ProductionOptions = {
  readonly rule: ProductionRule;
  /** The cell of every signal the rule names. */
  readonly cells: ReadonlyMap<string, SignalCell>;
  readonly restored: ProductionState | null;
};

/** A running production rule: its state, which changes in place, and the parts that change it. */
export type RunningProduction = {
  readonly rule: ProductionRule;
  readonly state: ProductionState;
  readonly author: ActionAuthor;
  readonly parts: FollowedCounter;
  readonly scraps: readonly (FollowedCounter & { readonly category: string })[];
  /** `parts` and `scraps`. */
  readonly counters: readonly FollowedCounter[];
  readonly runs: ProductRuns;
  readonly intervals: Intervals;
  readonly placing: Placing;
  /** Undefined: unknown now. */
  readonly partsPerCount: () => number | undefined;
  /** The last known number of operators. Undefined: the rule has none, or it was never known. */
  readonly operators: () => number | undefined;
  /** A product that depends on no signal is the same after a blind time. */
  readonly productCanChange: boolean;
};

export function runProduction({ rule, cells, restored }: ProductionOptions): RunningProduction {
  const { every, quantity, product, perCount } = rule;
  const follow = (definition: SignalDefinition, kept: CounterState | undefined | null) =>
    followCounter(rule, cells.get(definition.name), createCounter(definition, kept ?? null, 'base'));
  const parts = follow(quantity.counter, restored?.quantity);
  const scraps = rule.scrap.map(({ category, counter }) => ({
    category,
    ...follow(counter, restored?.scrap[category]),
  }));
  const state = restored ? underRule(rule, restored) : newProductionState(rule);
  const runs = createProductRuns(product, cells, state.runs);
  const { toldUntil } = state;
  const intervals = createIntervals({ every, restored: state.intervals, toldUntil, changes: runs.changes });
  return {
    rule,
    state,
    author: authorOf(rule, [...cells.values()]),
    parts,
    scraps,
    counters: [parts, ...scraps],
    runs,
    intervals,
    placing: createPlacing(rule, state, intervals),
    partsPerCount: () => (typeof perCount === 'number' ? perCount : goodNumber(cells.get(perCount))),
    operators: () => operatorsOf(rule, cells),
    productCanChange: product !== null && product.signals.length > 0,
  };
}

/** A restored state, with the present config. */
function underRule(
  { quantity, product, blindProduct, byCategory }: ProductionRule,
  restored: ProductionState,
): ProductionState {
  const state = withProducts(structuredClone(restored), product);
  return { ...state, of: quantity.of, product: product?.text ?? null, blindProduct, byCategory };
}

function goodNumber(cell: SignalCell | undefined): number | undefined {
  const value = cell?.good ? Number(cell.value) : Number.NaN;
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** L2L keeps two decimals. */
function operatorsOf({ operators }: ProductionRule, cells: ProductionOptions['cells']): number | undefined {
  if (operators === null || typeof operators === 'number') return operators ?? undefined;
  const count = Math.round(Number(lastGoodOf(cells)(operators) ?? Number.NaN) * 100) / 100;
  return Number.isFinite(count) && count >= 0 ? count : undefined;
}

/** Plain JSON of everything that has to survive a restart. */
export function stateOfProduction({ state, parts, scraps, intervals }: RunningProduction): ProductionState {
  const scrap: ProductionState['scrap'] = { ...state.scrap };
  for (const { category, counter } of scraps) {
    const kept = counter.state();
    if (kept) scrap[category] = kept;
  }
  const { toldUntil, all } = intervals;
  return structuredClone({ ...state, quantity: parts.counter.state(), scrap, intervals: [...all], toldUntil });
}
