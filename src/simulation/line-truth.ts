import type { MachineTruth, Stroke } from './machine.ts';
import { type Happening, late, match, sum } from './matching.ts';
import { CLOCKS_APART, noticed } from './sight.ts';
import type { Comparison, LineRow } from './truth.ts';

type Part = Happening & { readonly line: string; readonly product: string; readonly scrap: boolean };
type Told = {
  readonly line: string;
  readonly product: string;
  readonly from: number;
  readonly to: number;
  readonly actual: number;
  readonly scrap: number;
};

/** Parts of one blind time that a gateway can only take for the product that ran before it, in the order they were made. */
type Blind = { readonly parts: readonly Part[]; readonly before: string };

/** Lines and their products, of the truth or of L2L: what only one side knows is wrong too. */
export function lineRows(comparison: Comparison): LineRow[] {
  const { after, truths } = comparison;
  const made = truths.flatMap(truth => partsOf(truth, comparison));
  const sets = after.details.map(
    (set): Told => ({
      line: codeOf(after.lines, set.line),
      product: codeOf(after.products, set.product),
      from: set.start,
      to: set.end,
      actual: set.actual,
      scrap: set.scrap,
    }),
  );
  const lines = new Set([...made.map(({ part }) => part), ...sets].map(({ line }) => line));
  return [...lines].flatMap(line => {
    const overtaken = late(setTimes(line, comparison)).map(({ product }) => codeOf(after.products, product));
    return rowsOf(
      line,
      made.filter(({ part }) => part.line === line),
      sets.filter(set => set.line === line),
      overtaken,
    );
  });
}

type Made = { readonly part: Part; readonly blind: { readonly span: number; readonly before: string } | null };

function partsOf({ machine, line, strokes, loads }: MachineTruth, comparison: Comparison): readonly Made[] {
  if (line === null) return [];
  const { tolerance, products } = comparison;
  const spans = comparison.blind(machine);
  const productOf = (recipe: number) => products.get(recipe) ?? '';
  const loadedAt = (at: number) => productOf(loads.findLast(load => load.at <= at)?.recipe ?? 0);
  return strokes.map(({ at, recipe, scrap }: Stroke) => {
    const part = { line, product: productOf(recipe), scrap, ...noticed(at, spans, tolerance) };
    const span = spans.findIndex(({ from, to }) => at >= from - tolerance.late && at <= to + CLOCKS_APART);
    // What was loaded in the second before the gateway died may not have been read any more.
    const before = loadedAt((spans[span]?.from ?? at) - tolerance.late);
    return { part, blind: span < 0 || before === part.product ? null : { span, before } };
  });
}

/**
 * Rows of one line. A part of a blind time after a change of product may be under the product before it, as many as makes both sides
 * agree best: the first ones that were made, since the gateway reads the new product at one moment and counts right from then on.
 */
function rowsOf(line: string, made: readonly Made[], sets: readonly Told[], overtaken: readonly string[]): LineRow[] {
  const certain = made.flatMap(({ part, blind }) => (blind === null ? part : []));
  const inBlind = made.flatMap(({ part, blind }) => (blind === null ? [] : { part, ...blind }));
  let blinds: readonly (Blind & { readonly moved: number })[] = [
    ...Map.groupBy(inBlind, ({ span }) => span).values(),
  ].map(parts => ({ parts: parts.map(({ part }) => part), before: parts[0]?.before ?? '', moved: 0 }));
  const rows = () => {
    const parts = blinds.flatMap(blind =>
      blind.parts.map((part, index) => (index < blind.moved ? { ...part, product: blind.before } : part)),
    );
    return rowsWith(line, [...certain, ...parts], sets, overtaken);
  };
  const wrong = () => sum(rows(), row => row.lost + row.doubled);
  for (const [index, { parts }] of blinds.entries()) {
    const tries = Array.from({ length: parts.length + 1 }, (_, moved) => {
      blinds = blinds.with(index, { ...(blinds[index] as (typeof blinds)[number]), moved });
      return wrong();
    });
    const moved = tries.indexOf(Math.min(...tries));
    blinds = blinds.with(index, { ...(blinds[index] as (typeof blinds)[number]), moved });
  }
  const truly = rowsWith(
    line,
    made.map(({ part }) => part),
    sets,
    overtaken,
  );
  const agreed = rows();
  // A product whose parts are all under the one before has no row of its own there.
  return truly.map(({ good, scrap, ...alone }) => {
    const row = agreed.find(({ product }) => product === alone.product) ?? { ...alone, lost: 0, doubled: 0 };
    const underBefore = sum(
      blinds,
      ({ parts, moved }) => parts.slice(0, moved).filter(({ product }) => product === alone.product).length,
    );
    return { ...row, good, scrap, underBefore };
  });
}

function rowsWith(
  line: string,
  parts: readonly Part[],
  sets: readonly Told[],
  overtaken: readonly string[],
): LineRow[] {
  const products = new Set([...parts, ...sets].map(({ product }) => product));
  return [...products].toSorted().map(product => {
    const made = parts.filter(part => part.product === product);
    const told = sets.filter(set => set.product === product);
    const scrapMade = made.filter(({ scrap }) => scrap);
    // A scrap counter is read beside the total, so a part may be counted before it is known as scrap: each is matched for itself.
    const all = match(
      made,
      told.map(({ from, to, actual, scrap }) => ({ from, to, count: actual + scrap })),
    );
    const scrap = match(
      scrapMade,
      told.map(set => ({ ...set, count: set.scrap })),
    );
    return {
      line,
      product,
      good: made.length - scrapMade.length,
      goodInL2l: sum(told, set => set.actual),
      scrap: scrapMade.length,
      scrapInL2l: sum(told, set => set.scrap),
      underBefore: 0,
      // A lost part that was scrap is missing on both counts, and is one part.
      lost: Math.max(all.lost, scrap.lost),
      doubled: Math.max(all.doubled, scrap.doubled),
      outOfOrder: overtaken.filter(code => code === product).length,
    };
  });
}

/** When the sets L2L was told of a line begin, in the order in which L2L was told. */
function setTimes(line: string, { after }: Comparison): { readonly at: number; readonly product: number }[] {
  return after.log
    .filter(({ target, what }) => target === line && what.startsWith('pitchdetails/'))
    .map(({ change }) => ({ at: Number(change.start), product: Number(change.product) }));
}

function codeOf(records: readonly { readonly id: number; readonly code: string }[], id: number): string {
  return records.find(record => record.id === id)?.code ?? '';
}
