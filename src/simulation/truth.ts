import { lineRows } from './line-truth.ts';
import type { MachineTruth } from './machine.ts';
import { late, match, sum } from './matching.ts';
import type { SandboxState } from './sandbox/state.ts';
import { type BlindSpan, CLOCKS_APART, type Tolerance } from './sight.ts';
import { matchStops } from './stop-truth.ts';

export type Comparison = {
  readonly truths: readonly MachineTruth[];
  /** L2L when all was sent; before the machines began it had heard of nothing. */
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
 * counts carry no time: they are held against the strokes made until the count was sent, so a loss that a later double fills up is not
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

function machineRow(truth: MachineTruth, comparison: Comparison): MachineRow {
  const { after } = comparison;
  const machine = after.machines.find(({ code }) => code === truth.machine);
  const type = after.dispatchtypes.find(({ code }) => code === comparison.type);
  const dispatches = after.dispatches.filter(
    dispatch => dispatch.machine === machine?.id && dispatch.dispatchtype === type?.id && !dispatch.deleted,
  );
  const stops = matchStops(truth.stops, dispatches, {
    blind: comparison.blind(truth.machine),
    tolerance: comparison.tolerance,
    delay: comparison.delay,
  });

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
    unseen: stops.unseen,
    opened: dispatches.length,
    closed: stops.closed,
    worstTime: stops.worstTime,
    strokes: truth.strokes.length,
    cycles: sum(counts, ({ count }) => count),
    lost: stops.lost + cycles.lost,
    doubled: stops.doubled + cycles.doubled,
    outOfOrder: late(dispatchTimes(truth.machine, comparison)).length + counts.filter(({ count }) => count < 0).length,
  };
}

/** When what was sent to L2L of a machine's stops happened, in the order in which it was sent. */
function dispatchTimes(machine: string, { after }: Comparison): { readonly at: number }[] {
  return after.log
    .filter(({ target, what }) => target === machine && what.startsWith('dispatches/'))
    .map(({ change }) => change.completed ?? change.reported)
    .flatMap(at => (typeof at === 'number' ? { at } : []));
}
