import type { MachineTruth, Stroke } from './machine.ts';
import { match } from './matching.ts';
import type { SandboxState } from './sandbox/state.ts';
import { type BlindSpan, longestSight, noticed, type Tolerance } from './sight.ts';

export type Comparison = {
  readonly truths: readonly MachineTruth[];
  /** L2L when all was told; before the machines began it had heard of nothing. */
  readonly after: Pick<
    SandboxState,
    'machines' | 'lines' | 'products' | 'dispatchtypes' | 'dispatches' | 'details' | 'log'
  >;
  /** Dispatch type that stands for a stop. */
  readonly type: string;
  /** What each recipe makes. */
  readonly products: ReadonlyMap<number, string>;
  readonly tolerance: Tolerance;
  /** When nobody looked at a machine. */
  readonly blind: (machine: string) => readonly BlindSpan[];
  /** How long a stop has to be watched without a break (ms) before it has to be in L2L: the delay of its rule. */
  readonly delay: number;
  readonly deadLetters: number;
};

export type MachineRow = {
  readonly machine: string;
  readonly stops: number;
  /** Stops that are not in L2L and need not be: blind spans left too little of them to be seen. */
  readonly unseen: number;
  readonly opened: number;
  readonly closed: number;
  /** Largest distance of a time in L2L from the true one (ms); null: there was none. */
  readonly worstTime: number | null;
  readonly strokes: number;
  readonly cycles: number;
  readonly lost: number;
  readonly doubled: number;
  readonly outOfOrder: number;
};

/** What one line made of one product. */
export type LineRow = {
  readonly line: string;
  readonly product: string;
  readonly good: number;
  readonly goodInL2l: number;
  readonly scrap: number;
  readonly scrapInL2l: number;
  readonly lost: number;
  readonly doubled: number;
  readonly outOfOrder: number;
};

/** One unit is one opening, one closing, one cycle or one part. */
export type Verdict = {
  readonly machines: number;
  readonly expected: number;
  readonly delivered: number;
  readonly lost: number;
  readonly doubled: number;
  readonly out_of_order: number;
  readonly dead_letters: number;
};

export type Compared = {
  readonly verdict: Verdict;
  readonly machines: readonly MachineRow[];
  readonly lines: readonly LineRow[];
};

/** Each process anchors its clock to whole milliseconds of its own. */
const CLOCKS_APART = 10;

/**
 * Holds what the machines truly did against what L2L has. Pure. A loss and a double are both found, however they add up, unless
 * they are so close that the tolerance explains them: one part lost and one doubled a second later are one part seen late. Cycle
 * counts carry no time: they are held against the strokes made until L2L was told, so a loss that a later double fills up is not
 * seen.
 */
export function compareTruth(comparison: Comparison): Compared {
  const machines = comparison.truths.map(truth => machineRow(truth, comparison));
  const lines = lineRows(comparison);
  const expected =
    sum(machines, ({ stops, unseen, strokes }) => 2 * (stops - unseen) + strokes) +
    sum(lines, ({ good, scrap }) => good + scrap);
  const lost = sum([...machines, ...lines], row => row.lost);
  return {
    machines,
    lines,
    verdict: {
      machines: machines.length,
      expected,
      delivered: expected - lost,
      lost,
      doubled: sum([...machines, ...lines], row => row.doubled),
      out_of_order: sum([...machines, ...lines], row => row.outOfOrder),
      dead_letters: comparison.deadLetters,
    },
  };
}

/** Whether both sides agree in everything. */
export function isClean({ lost, doubled, out_of_order, dead_letters }: Verdict): boolean {
  return lost + doubled + out_of_order + dead_letters === 0;
}

function machineRow(truth: MachineTruth, comparison: Comparison): MachineRow {
  const { after } = comparison;
  const blind = comparison.blind(truth.machine);
  const machine = after.machines.find(({ code }) => code === truth.machine);
  const type = after.dispatchtypes.find(({ code }) => code === comparison.type);
  const unmatched = after.dispatches
    .filter(dispatch => dispatch.machine === machine?.id && dispatch.dispatchtype === type?.id && !dispatch.deleted)
    .toSorted((a, b) => a.reported - b.reported || a.id - b.id);
  const opened = unmatched.length;
  let unseen = 0;
  let closed = 0;
  let lost = 0;
  let worst: number | null = null;
  const matches = (time: number, truly: number) => {
    const { earliest, latest } = noticed(truly, blind, comparison.tolerance);
    if (time < earliest || time > latest) return false;
    worst = Math.max(worst ?? 0, Math.abs(time - truly));
    return true;
  };
  for (const stop of truth.stops) {
    const index = unmatched.findIndex(dispatch => matches(dispatch.reported, stop.start));
    const [dispatch] = index < 0 ? [] : unmatched.splice(index, 1);
    if (!dispatch && longestSight(stop, blind) < comparison.delay + comparison.tolerance.late) {
      unseen += 1;
      continue;
    }
    const isClosed =
      dispatch?.closed != null &&
      dispatch.completed != null &&
      stop.end !== null &&
      matches(dispatch.completed, stop.end);
    if (!dispatch) lost += 1;
    if (isClosed) closed += 1;
    else lost += 1;
  }

  const counts = after.log
    .filter(({ target, what }) => target === truth.machine && what.startsWith('machines/'))
    .map(({ at, change }) => ({ at, count: Number(change.to) - Number(change.from) }));
  const made = truth.strokes.map(({ at }) => ({ earliest: at - CLOCKS_APART, latest: Number.POSITIVE_INFINITY }));
  const cycles = match(
    made,
    counts.map(({ at, count }) => ({ from: at, to: at + 1, count })),
  );
  return {
    machine: truth.machine,
    stops: truth.stops.length,
    unseen,
    opened,
    closed,
    worstTime: worst,
    strokes: truth.strokes.length,
    cycles: sum(counts, ({ count }) => count),
    lost: lost + cycles.lost,
    doubled: unmatched.length + cycles.doubled,
    outOfOrder: late(dispatchTimes(truth.machine, comparison)).length + counts.filter(({ count }) => count < 0).length,
  };
}

/** Lines and their products, of the truth or of L2L: what only one side knows is wrong too. */
function lineRows(comparison: Comparison): LineRow[] {
  const { after, truths } = comparison;
  const parts = truths.flatMap(({ machine, line, strokes }) => {
    const blind = comparison.blind(machine);
    const part = ({ at, recipe, scrap }: Stroke) => {
      const product = comparison.products.get(recipe) ?? '';
      return { line: line ?? '', product, scrap, ...noticed(at, blind, comparison.tolerance) };
    };
    return line === null ? [] : strokes.map(part);
  });
  const sets = after.details.map(set => ({
    line: codeOf(after.lines, set.line),
    product: codeOf(after.products, set.product),
    from: set.start,
    to: set.end,
    actual: set.actual,
    scrap: set.scrap,
  }));
  const lines = new Set([...parts, ...sets].map(({ line }) => line));
  return [...lines].flatMap(line => {
    const overtaken = late(setTimes(line, comparison)).map(({ product }) => codeOf(after.products, product));
    const ofLine = <T extends { readonly line: string }>(all: readonly T[]) => all.filter(one => one.line === line);
    const products = new Set([...ofLine(parts), ...ofLine(sets)].map(({ product }) => product));
    return [...products].toSorted().map(product => {
      const ofProduct = <T extends { readonly product: string }>(all: readonly T[]) =>
        all.filter(one => one.product === product);
      const made = ofProduct(ofLine(parts));
      const told = ofProduct(ofLine(sets));
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
        // A lost part that was scrap is missing on both counts, and is one part.
        lost: Math.max(all.lost, scrap.lost),
        doubled: Math.max(all.doubled, scrap.doubled),
        outOfOrder: overtaken.filter(code => code === product).length,
      };
    });
  });
}

/** When what L2L was told of a machine's stops happened, in the order in which L2L was told. */
function dispatchTimes(machine: string, { after }: Comparison): { readonly at: number }[] {
  return after.log
    .filter(({ target, what }) => target === machine && what.startsWith('dispatches/'))
    .map(({ change }) => change.completed ?? change.reported)
    .flatMap(at => (typeof at === 'number' ? { at } : []));
}

/** When the sets L2L was told of a line begin, in the order in which L2L was told. */
function setTimes(line: string, { after }: Comparison): { readonly at: number; readonly product: number }[] {
  return after.log
    .filter(({ target, what }) => target === line && what.startsWith('pitchdetails/'))
    .map(({ change }) => ({ at: Number(change.start), product: Number(change.product) }));
}

/** What was told after something that happened later. */
function late<T extends { readonly at: number }>(told: readonly T[]): T[] {
  return told.filter(({ at }, index) => at < (told[index - 1]?.at ?? Number.NEGATIVE_INFINITY));
}

function codeOf(records: readonly { readonly id: number; readonly code: string }[], id: number): string {
  return records.find(record => record.id === id)?.code ?? '';
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
