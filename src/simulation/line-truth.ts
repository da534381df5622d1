import type { MachineTruth, Stroke } from './machine.ts';
import { type Happening, late, match, sum } from './matching.ts';
import { CLOCKS_APART, noticed } from './sight.ts';
import type { Comparison, LineRow } from './truth.ts';

type Part = Happening & { readonly line: string; readonly product: string; readonly scrap: boolean };
type DeliveredEpisode = {
  readonly line: string;
  readonly product: string;
  readonly from: number;
  readonly to: number;
  readonly actual: number;
  readonly scrap: number;
};

/** A part, and the blind time in which it was made; `befores`: the products of which the gateway may have read one last before it. */
type Made = {
  readonly part: Part;
  readonly blind: { readonly span: number; readonly befores: readonly string[] } | null;
};

/** The first `moved` of the parts of one blind time that are of another product than `before` are taken to be under that one. */
type Moved = { readonly span: number; readonly before: string; readonly moved: number };

/** Lines and their products, of the truth or of L2L: what only one side knows is wrong too. */
export function lineRows(comparison: Comparison): LineRow[] {
  const { after, truths } = comparison;
  const made = truths.flatMap(truth => partsOf(truth, comparison));
  const sets = after.details.map(
    (set): DeliveredEpisode => ({
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

function partsOf({ machine, line, strokes, loads }: MachineTruth, comparison: Comparison): readonly Made[] {
  if (line === null) return [];
  const { tolerance, products } = comparison;
  const spans = comparison.blind(machine);
  const productOf = (recipe: number) => products.get(recipe) ?? '';
  // What was loaded in the second before the gateway died may have been read, or not any more.
  const readBefore = (from: number) => {
    const last = loads.findLastIndex(load => load.at <= from - tolerance.late);
    const read = loads.filter(({ at }, index) => index >= last && at <= from);
    return [...new Set(read.map(({ recipe }) => productOf(recipe)))];
  };
  const befores = spans.map(({ from }) => readBefore(from));
  return strokes.map(({ at, recipe, scrap }: Stroke) => {
    const part = { line, product: productOf(recipe), scrap, ...noticed(at, spans, tolerance) };
    const span = spans.findIndex(({ from, to }) => at >= from - tolerance.late && at <= to + CLOCKS_APART);
    return { part, blind: span < 0 ? null : { span, befores: befores[span] ?? [] } };
  });
}

/**
 * Rows of one line. A part of a blind time may be under the product that was read last before it, as many as makes both sides agree
 * best: the first ones that were made, since the gateway reads the new product at one moment and counts right from then on.
 */
function rowsOf(
  line: string,
  made: readonly Made[],
  sets: readonly DeliveredEpisode[],
  overtaken: readonly string[],
): LineRow[] {
  const partsWith = (moves: readonly Moved[]) => {
    const left = new Map(moves.map(({ span, moved }) => [span, moved]));
    return made.map(({ part, blind }) => {
      const move = moves.find(({ span }) => span === blind?.span);
      const room = left.get(move?.span ?? -1) ?? 0;
      if (move === undefined || room === 0 || part.product === move.before) return part;
      left.set(move.span, room - 1);
      return { ...part, product: move.before };
    });
  };
  const wrong = (moves: readonly Moved[]) =>
    sum(rowsWith(line, partsWith(moves), sets, overtaken), row => row.lost + row.doubled);

  const options = [...Map.groupBy(made, ({ blind }) => blind?.span)]
    .map(([span, inSpan]) => movesIn(span, inSpan))
    .filter(all => all.length > 1);
  let moves: readonly Moved[] = options.flatMap(([first]) => first ?? []);
  let least = wrong(moves);
  const tryAll = (tries: readonly (readonly Moved[])[]) => {
    for (const tried of tries) {
      const count = wrong(tried);
      if (count < least) [least, moves] = [count, tried];
    }
  };
  for (const [index, own] of options.entries()) tryAll(own.map(one => moves.with(index, one)));
  // The times of a part may fit to sets of two blind times: then one of them alone does not decide, nor two beside a third one.
  for (const size of [2, 3]) {
    for (let first = 0; least > 0 && first + size <= options.length; first += 1) {
      tryAll(together(options.slice(first, first + size)).map(some => moves.toSpliced(first, size, ...some)));
    }
  }
  const truly = rowsWith(
    line,
    made.map(({ part }) => part),
    sets,
    overtaken,
  );
  const parts = partsWith(moves);
  const agreed = rowsWith(line, parts, sets, overtaken);
  // A product whose parts are all under the one before has no row of its own there.
  return truly.map(({ good, scrap, ...alone }) => {
    const row = agreed.find(({ product }) => product === alone.product) ?? { ...alone, lost: 0, doubled: 0 };
    const underBefore = made.filter(
      ({ part }, index) => part.product === alone.product && parts[index]?.product !== alone.product,
    ).length;
    return { ...row, good, scrap, underBefore };
  });
}

/** Each choice of one move for each of these blind times. */
function together(options: readonly (readonly Moved[])[]): readonly (readonly Moved[])[] {
  return options.reduce<readonly (readonly Moved[])[]>(
    (all, own) => all.flatMap(some => own.map(one => [...some, one])),
    [[]],
  );
}

/** All that may have been moved of the parts of one blind time, beginning with none. */
function movesIn(span: number | undefined, inSpan: readonly Made[]): readonly Moved[] {
  if (span === undefined) return [];
  return (inSpan[0]?.blind?.befores ?? []).flatMap(before => {
    const others = inSpan.filter(({ part }) => part.product !== before).length;
    return Array.from({ length: others + 1 }, (_, moved) => ({ span, before, moved }));
  });
}

function rowsWith(
  line: string,
  parts: readonly Part[],
  sets: readonly DeliveredEpisode[],
  overtaken: readonly string[],
): LineRow[] {
  const products = new Set([...parts, ...sets].map(({ product }) => product));
  return [...products].toSorted().map(product => {
    const made = parts.filter(part => part.product === product);
    const ofProduct = sets.filter(set => set.product === product);
    const scrapMade = made.filter(({ scrap }) => scrap);
    // A scrap counter is read beside the total, so a part may be counted before it is known as scrap: each is matched for itself.
    const all = match(
      made,
      ofProduct.map(({ from, to, actual, scrap }) => ({ from, to, count: actual + scrap })),
    );
    const scrap = match(
      scrapMade,
      ofProduct.map(set => ({ ...set, count: set.scrap })),
    );
    return {
      line,
      product,
      good: made.length - scrapMade.length,
      goodInL2l: sum(ofProduct, set => set.actual),
      scrap: scrapMade.length,
      scrapInL2l: sum(ofProduct, set => set.scrap),
      underBefore: 0,
      // A lost part that was scrap is missing on both counts, and is one part.
      lost: Math.max(all.lost, scrap.lost),
      doubled: Math.max(all.doubled, scrap.doubled),
      outOfOrder: overtaken.filter(code => code === product).length,
    };
  });
}

/** When the sets of a line that were sent to L2L begin, in the order in which they were sent. */
function setTimes(line: string, { after }: Comparison): { readonly at: number; readonly product: number }[] {
  return after.log
    .filter(({ target, what }) => target === line && what.startsWith('pitchdetails/'))
    .map(({ change }) => ({ at: Number(change.start), product: Number(change.product) }));
}

function codeOf(records: readonly { readonly id: number; readonly code: string }[], id: number): string {
  return records.find(record => record.id === id)?.code ?? '';
}
