import { z } from 'zod';
import { valueFromJson, valueToJson } from '../../core/sample.ts';
import { lastGoodOf, type SignalCell } from '../common/signal-table.ts';
import type { CodeTemplate } from '../program.ts';

/**
 * A product and since when it runs: `at` by the signals, `from` in what is recorded, whose edges are whole seconds that nothing sent
 * covers. `seen`: what its signals showed (JSON by signal); empty in states written before it was kept. Without a code `missing` says why.
 */
export const Run = z.object({
  from: z.number(),
  /** Null in states of earlier versions. */
  at: z.number().nullable().default(null),
  code: z.string().nullable(),
  missing: z.string().nullable(),
  seen: z.record(z.string(), z.string()).default({}),
});
export type Run = z.infer<typeof Run>;

export const Product = Run.omit({ from: true, at: true });
export type Product = z.infer<typeof Product>;

/** A change of product: counts since `at` are recorded from `from` on. */
export type Change = { readonly at: number; readonly from: number };

/** The product runs of a line for the times with unsent counts. */
export interface ProductRuns {
  /**
   * The present product, if it changed. Undefined: it is the same, L2L finds it, or not all of its
   * signals are known yet. `serial`: of the step; the text is resolved anew when one of its signals has a sample in it.
   */
  change(serial: number): Product | undefined;
  /** This product runs since `at`, and is recorded from `from` on. */
  begin(from: number, at: number, product: Product): void;
  /** No product was ever known. */
  readonly isEmpty: boolean;
  /** Every signal of the product is known now. False too for a product that no signal decides: there is nothing to know. */
  readonly isRead: boolean;
  /** The newest product. */
  readonly current: Product | undefined;
  /** When the product changed, oldest first. */
  changes(): readonly Change[];
  /** Runs that ended at `until` or before are not needed any more. */
  forget(until: number): void;
}

/** `runs`: those of the rule's state, updated in place. `template` null: L2L finds the product. */
export function createProductRuns(
  template: CodeTemplate | null,
  cells: ReadonlyMap<string, SignalCell>,
  runs: Run[],
): ProductRuns {
  const lastGood = lastGoodOf(cells);
  const inputs = (template?.signals ?? []).flatMap(name => cells.get(name) ?? []);
  /** After a start the config may name another product, so the text is resolved once without a change of its signals. */
  let resolved = false;

  return {
    change(serial) {
      if (template === null || inputs.some(cell => cell.value === null)) return undefined;
      if (resolved && !inputs.some(cell => cell.fresh === serial)) return undefined;
      resolved = true;
      const found = template.resolve(lastGood);
      const code = 'code' in found ? found.code : null;
      const missing = 'missing' in found ? found.missing : null;
      const last = runs.at(-1);
      if (last?.code === code && last.missing === missing) return undefined;
      return { code, missing, seen: shown(inputs) };
    },
    begin(from, at, product) {
      runs.push({ from, at, ...product });
    },
    get isEmpty() {
      return runs.length === 0;
    },
    get isRead() {
      return inputs.length > 0 && inputs.every(cell => cell.good);
    },
    get current() {
      const run = runs.at(-1);
      return run && { code: run.code, missing: run.missing, seen: run.seen };
    },
    changes: () => runs.slice(1).map(({ from, at }) => ({ from, at: at ?? from })),
    forget(until) {
      while (runs[1] !== undefined && runs[1].from <= until) runs.shift();
    },
  };
}

/**
 * A stored state in which products without a code get one, because the lookup has their row now [C7]. The values of
 * that time are used, and only in a rule whose product depends on them.
 */
export function withProducts<State>(state: State, template: CodeTemplate | null): State {
  if (template === null || template.signals.length === 0) return state;
  return JSON.parse(JSON.stringify(state), (_, value) => {
    const { data } = Unnamed.safeParse(value);
    if (!data || !template.signals.every(signal => signal in data.seen)) return value;
    const found = template.resolve(signal => valueFromJson(data.seen[signal] ?? 'null') ?? undefined);
    return 'code' in found ? { ...value, code: found.code, missing: null } : { ...value, missing: found.missing };
  });
}

const Unnamed = z.object({ code: z.null(), missing: z.string(), seen: z.record(z.string(), z.string()) });

function shown(cells: readonly SignalCell[]): Record<string, string> {
  return Object.fromEntries(
    cells.flatMap(({ definition, value }) => (value === null ? [] : [[definition.name, valueToJson(value)]])),
  );
}

/** The product at an instant. The first known product also counts for the time before it. Without any, the product is missing. */
export function productAt(runs: readonly Run[], at: number, product: string | null): Product {
  const run = runs.findLast(candidate => candidate.from <= at) ?? runs[0];
  return run ?? { code: null, missing: product === null ? null : `${product} was never known`, seen: {} };
}

export function isSameProduct(a: Product, b: Product): boolean {
  return a.code === b.code && (a.code !== null || a.missing === b.missing);
}

/** A product as people read it. */
export function productWords({ code, missing }: Product): string {
  return code ?? `a product without a code (${missing ?? 'L2L finds it'})`;
}
