import { match } from '../../src/simulation/matching.ts';
import type { SandboxData } from '../../src/simulation/sandbox/records.ts';
import type { Expected } from './expected.ts';
import type { StoredRow } from './stored-actions.ts';
import type { MachineStory } from './story.ts';
import { type Totals, text } from './totals.ts';
import type { Judged } from './verdict.ts';
import { type Sent, timesApplied } from './verdict-actions.ts';

const SECOND = 1000;

/** L2L's count moved by the true number of strokes. It never went back, and never ahead of them. */
export function cycleProblems(
  { spec, strokes }: MachineStory,
  expected: Expected,
  actions: readonly StoredRow[],
  sent: Sent,
  data: SandboxData,
  totals: Totals,
): string[] {
  const problems: string[] = [];
  const counted = data.log.filter(
    ({ target, what, by }) => target === spec.machine && by === 'api' && what.startsWith('machines/'),
  );
  const steps = counted.map(({ at, change }) => ({ at, by: Number(change['to']) - Number(change['from']) }));
  const total = steps.reduce((sum, { by }) => sum + by, 0);
  // Each action counts once, whether it was not delivered or was delivered twice.
  const increments = actions.filter(
    ({ kind, lane }) => kind === 'increment_cycles' && lane === `cycles:${spec.machine}`,
  );
  const given = increments
    .filter(({ state }) => state !== 'nothing')
    .reduce((sum, action) => sum + countOf(action) * (1 - timesApplied(action, sent)), 0);
  const [least, most] = expected.cycles;
  totals.strokes += most;
  totals.cycles += total + given;
  const isTotalDead =
    spec.counts.mode === 'total' &&
    actions.some(
      ({ kind, lane, state }) => kind === 'set_cycles' && lane === `cycles:${spec.machine}` && state === 'dead',
    );
  if ((total + given < least && !isTotalDead) || total + given > most) {
    problems.push(
      `${spec.machine} counts ${total}${given === 0 ? '' : ` and ${given} not sent`}, not ${least}${most > least ? `-${most}` : ''}`,
    );
  }
  let sum = 0;
  for (const { at, by } of steps) {
    sum += by;
    const made = strokes.filter(stroke => stroke.at <= at).length;
    if (sum > made + repeated(increments, sent))
      problems.push(`${spec.machine} counted ${sum} at ${text(at)}, when ${made} were made`);
    if (by < 0) problems.push(`${spec.machine} counted back by ${-by} at ${text(at)}`);
  }
  return problems;
}

/** The amount that was added again because its rule says so. */
function repeated(increments: readonly StoredRow[], sent: Sent): number {
  return increments.reduce((sum, action) => sum + countOf(action) * Math.max(0, timesApplied(action, sent) - 1), 0);
}

function countOf({ params }: StoredRow): number {
  return (JSON.parse(params) as { count: number }).count;
}

/** Every part is in one set with its line, its product and its time, and sets do not overlap. */
export function partProblems(
  { spec, strokes }: MachineStory,
  expected: Expected,
  actions: readonly StoredRow[],
  { data, products, isReadLate, isAutumn }: Judged,
  totals: Totals,
): string[] {
  const problems: string[] = [];
  const line = data.lines.find(({ code }) => code === spec.line);
  const booked = data.details.filter(detail => detail.line === line?.id);
  const unsent = actions
    .filter(
      ({ kind, lane, state }) =>
        kind === 'record_details' && lane === `production:${spec.line}` && state !== 'delivered',
    )
    .map(
      ({ params }) =>
        JSON.parse(params) as { actual: number; scrap: number; product: string; start: number; end: number },
    );
  const sets = [
    ...booked.map(({ start, end, actual, scrap, product }) => ({
      start,
      end,
      actual,
      scrap,
      product: data.products.find(({ id }) => id === product)?.code ?? '',
    })),
    ...unsent,
  ].toSorted((a, b) => a.start - b.start);
  const sum = (of: (set: (typeof sets)[number]) => number, which = sets) =>
    which.reduce((all, set) => all + of(set), 0);
  const within = (value: number, [least, most]: readonly [number, number]) => value >= least && value <= most;
  const good = sum(({ actual }) => actual);
  const scrap = sum(set => set.scrap);
  totals.parts += expected.good[1] + expected.scrap[1];
  totals.booked += good + scrap;
  if (!within(good, expected.good))
    problems.push(`${spec.line} has ${good} good parts, not ${expected.good.join('-')}`);
  if (!within(scrap, expected.scrap)) problems.push(`${spec.line} has ${scrap} scrap, not ${expected.scrap.join('-')}`);
  for (const [recipe, made] of expected.byRecipe ?? []) {
    const of = sets.filter(({ product }) => product === products.get(recipe));
    const found = { good: sum(({ actual }) => actual, of), scrap: sum(set => set.scrap, of) };
    if (found.good !== made.good || found.scrap !== made.scrap) {
      problems.push(
        `${spec.line} has ${found.good} good, ${found.scrap} scrap of ${products.get(recipe)}, not ${made.good}, ${made.scrap}`,
      );
    }
  }
  for (let at = 1; at < sets.length; at++) {
    const [before, after] = [sets[at - 1], sets[at]];
    // In the repeated hour, the sets in L2L and the sets that were not sent cannot be compared.
    if (before && after && after.start < before.end && !(isAutumn && unsent.length > 0)) {
      problems.push(`sets of ${spec.line} overlap: ${text(before.start)}-${text(before.end)} and ${text(after.start)}`);
    }
  }
  const starts = booked.map(({ start }) => start);
  if (unsent.length === 0 && starts.some((start, at) => start < (starts[at - 1] ?? 0))) {
    problems.push(`sets of ${spec.line} were booked out of order`);
  }
  if (spec.via === 'broker' && !isReadLate && !isAutumn) {
    const made = strokes.map(({ at }) => ({ earliest: at - SECOND, latest: at + SECOND }));
    const { lost, doubled } = match(
      made,
      sets.map(({ start, end, actual, scrap: bad }) => ({ from: start, to: end, count: actual + bad })),
    );
    if (lost + doubled > 0)
      problems.push(`${spec.line}: ${lost} parts are in no set of their time, ${doubled} in a wrong one`);
  }
  return problems;
}
