import { lineRows } from './line-truth.ts';
import type { MachineTruth, Stop } from './machine.ts';
import { late, match, sum } from './matching.ts';
import type { SandboxState } from './sandbox/state.ts';
import { type BlindSpan, CLOCKS_APART, joinedStops, longestSight, noticed, type Tolerance } from './sight.ts';

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
  /** Stops that are not in L2L and need not be: blind spans left too little of them, or of the run before them, to be seen. */
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
  /** Parts of it that L2L has under the product before: the recipe changed while nobody looked. They are not lost. */
  readonly underBefore: number;
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
  /** Parts under the product that ran before a blind time: the one difference that is allowed, and the gateway flags it. Left out: none. */
  readonly product_uncertain?: number;
};

export type Compared = {
  readonly verdict: Verdict;
  readonly machines: readonly MachineRow[];
  readonly lines: readonly LineRow[];
};

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
  const uncertain = sum(lines, row => row.underBefore);
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
      ...(uncertain > 0 && { product_uncertain: uncertain }),
    },
  };
}

/** Whether both sides agree in everything. */
export function isClean({ lost, doubled, out_of_order, dead_letters }: Verdict): boolean {
  return lost + doubled + out_of_order + dead_letters === 0;
}

/** Of the two ways in which a gateway may have seen the stops, the one that agrees better. */
function machineRow(truth: MachineTruth, comparison: Comparison): MachineRow {
  const joined = joinedStops(truth.stops, comparison.blind(truth.machine), comparison.tolerance);
  const [each, asOne] = [truth.stops, joined].map(stops => machineRowWith(stops, truth, comparison));
  const wrong = (row: MachineRow) => row.lost + row.doubled;
  return each && asOne && wrong(asOne) < wrong(each) ? asOne : (each as MachineRow);
}

function machineRowWith(stops: readonly Stop[], truth: MachineTruth, comparison: Comparison): MachineRow {
  const { after } = comparison;
  const blind = comparison.blind(truth.machine);
  const machine = after.machines.find(({ code }) => code === truth.machine);
  const type = after.dispatchtypes.find(({ code }) => code === comparison.type);
  const unmatched = after.dispatches
    .filter(dispatch => dispatch.machine === machine?.id && dispatch.dispatchtype === type?.id && !dispatch.deleted)
    .toSorted((a, b) => a.reported - b.reported || a.id - b.id);
  const opened = unmatched.length;
  let unseen = truth.stops.length - stops.length;
  let closed = 0;
  let lost = 0;
  let worst: number | null = null;
  const matches = (time: number, truly: number) => {
    const { earliest, latest } = noticed(truly, blind, comparison.tolerance);
    if (time < earliest || time > latest) return false;
    worst = Math.max(worst ?? 0, Math.abs(time - truly));
    return true;
  };
  for (const stop of stops) {
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

/** When what L2L was told of a machine's stops happened, in the order in which L2L was told. */
function dispatchTimes(machine: string, { after }: Comparison): { readonly at: number }[] {
  return after.log
    .filter(({ target, what }) => target === machine && what.startsWith('dispatches/'))
    .map(({ change }) => change.completed ?? change.reported)
    .flatMap(at => (typeof at === 'number' ? { at } : []));
}
