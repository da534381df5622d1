import type { Episode, MachineTruth } from './machine.ts';
import type { SandboxState } from './sandbox/sandbox.ts';

/** A time in which nobody looked (ms since 1970): what changed in it can only be seen at its end. */
export type BlindSpan = { readonly from: number; readonly to: number };

export type Comparison = {
  readonly truths: readonly MachineTruth[];
  /** L2L before the machines began: counts start from there. */
  readonly before: Pick<SandboxState, 'machines'>;
  readonly after: Pick<SandboxState, 'machines' | 'lines' | 'dispatchtypes' | 'dispatches' | 'details' | 'log'>;
  /** Dispatch type that stands for a stop. */
  readonly type: string;
  /** How far a time in L2L may be from the truth: L2L keeps whole seconds (early), PLCs are polled (late). */
  readonly tolerance: { readonly early: number; readonly late: number };
  readonly blind: readonly BlindSpan[];
  readonly deadLetters: number;
};

export type MachineRow = {
  readonly machine: string;
  readonly stops: number;
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

export type LineRow = {
  readonly line: string;
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

/** Holds what the machines truly did against what L2L has. Pure. */
export function compareTruth(comparison: Comparison): Compared {
  const machines = comparison.truths.map(truth => machineRow(truth, comparison));
  const names = new Set(comparison.truths.flatMap(({ line }) => line ?? []));
  const lines = [...names].map(line => lineRow(line, comparison));
  const expected =
    sum(machines, ({ stops, strokes }) => 2 * stops + strokes) + sum(lines, ({ good, scrap }) => good + scrap);
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
  const { before, after } = comparison;
  const machine = after.machines.find(({ code }) => code === truth.machine);
  const type = after.dispatchtypes.find(({ code }) => code === comparison.type);
  const unmatched = after.dispatches
    .filter(dispatch => dispatch.machine === machine?.id && dispatch.dispatchtype === type?.id && !dispatch.deleted)
    .toSorted((a, b) => a.reported - b.reported || a.id - b.id);
  const opened = unmatched.length;
  let closed = 0;
  let lost = 0;
  let worst: number | null = null;
  const matches = (time: number, truly: number) => {
    if (!isWithin(time, truly, comparison)) return false;
    worst = Math.max(worst ?? 0, Math.abs(time - truly));
    return true;
  };
  for (const stop of truth.stops) {
    const index = unmatched.findIndex(dispatch => matches(dispatch.reported, stop.start));
    const [dispatch] = index < 0 ? [] : unmatched.splice(index, 1);
    const isClosed =
      dispatch?.closed != null && dispatch.completed != null && endMatches(dispatch.completed, stop, matches);
    if (!dispatch) lost += 1;
    if (isClosed) closed += 1;
    else lost += 1;
  }

  const cycles = (machine?.cyclecount ?? 0) - (before.machines.find(({ id }) => id === machine?.id)?.cyclecount ?? 0);
  return {
    machine: truth.machine,
    stops: truth.stops.length,
    opened,
    closed,
    worstTime: worst,
    strokes: truth.strokes,
    cycles,
    lost: lost + missing(truth.strokes, cycles),
    doubled: unmatched.length + missing(cycles, truth.strokes),
    outOfOrder: disorder(dispatchTimes(truth.machine, comparison)) + backwards(truth.machine, comparison),
  };
}

function endMatches(completed: number, stop: Episode, matches: (time: number, truly: number) => boolean): boolean {
  return stop.end !== null && matches(completed, stop.end);
}

/** In a blind span nothing is seen before its end. */
function isWithin(time: number, truly: number, { tolerance, blind }: Comparison): boolean {
  const span = blind.find(({ from, to }) => truly >= from - tolerance.late && truly <= to);
  return time >= truly - tolerance.early && time <= Math.max(truly, span?.to ?? truly) + tolerance.late;
}

function lineRow(line: string, { truths, after }: Comparison): LineRow {
  const id = after.lines.find(({ code }) => code === line)?.id;
  const sets = after.details.filter(detail => detail.line === id);
  const machines = truths.filter(truth => truth.line === line);
  const scrap = sum(machines, truth => truth.scrap);
  const good = sum(machines, truth => truth.strokes) - scrap;
  const goodInL2l = sum(sets, set => set.actual);
  const scrapInL2l = sum(sets, set => set.scrap);
  const starts = after.log
    .filter(({ target, what }) => target === line && what.startsWith('pitchdetails/'))
    .map(({ change }) => Number(change.start));
  return {
    line,
    good,
    goodInL2l,
    scrap,
    scrapInL2l,
    lost: missing(good, goodInL2l) + missing(scrap, scrapInL2l),
    doubled: missing(goodInL2l, good) + missing(scrapInL2l, scrap),
    outOfOrder: disorder(starts),
  };
}

/** When what was told happened, in the order in which L2L was told. */
function dispatchTimes(machine: string, { after }: Comparison): number[] {
  return after.log
    .filter(({ target, what }) => target === machine && what.startsWith('dispatches/'))
    .map(({ change }) => change.completed ?? change.reported)
    .filter(time => typeof time === 'number');
}

/** An absolute count that was overtaken by an older one. */
function backwards(machine: string, { after }: Comparison): number {
  return after.log.filter(
    ({ target, what, change }) =>
      target === machine && what === 'machines/set_cycle_count' && Number(change.to) < Number(change.from),
  ).length;
}

function disorder(times: readonly number[]): number {
  return times.filter((time, index) => time < (times[index - 1] ?? Number.NEGATIVE_INFINITY)).length;
}

function missing(expected: number, found: number): number {
  return Math.max(0, expected - found);
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
