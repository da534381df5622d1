import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { match } from '../../src/simulation/matching.ts';
import type { SandboxData } from '../../src/simulation/sandbox/records.ts';
import { type Expected, expectAll, expectSeen, type LifeEnd, type Standstill } from './expected.ts';
import type { MachineStory } from './plant.ts';
import type { Look } from './sources.ts';

/** What people did in L2L, by dispatch id. */
export type People = {
  readonly closed: ReadonlySet<number>;
  readonly deleted: ReadonlySet<number>;
  readonly retyped: ReadonlySet<number>;
};

export type Judged = {
  readonly stories: readonly MachineStory[];
  readonly looks: readonly Look[];
  readonly ends: readonly LifeEnd[];
  readonly poll: number;
  readonly standstills: readonly Standstill[];
  /** While the journal took no commits, sources were not acknowledged and sent no more: times are those of what was sent. */
  readonly hadDiskFaults: boolean;
  readonly people: People;
  /** Words of refusals that make a dead letter rightly: the seed asked for them. */
  readonly refusals: readonly string[];
  readonly data: SandboxData;
  readonly folder: string;
  readonly products: ReadonlyMap<number, string>;
};

export type Verdict = {
  readonly problems: readonly string[];
  /** Truth against state, in one line. */
  readonly line: string;
};

type StoredRow = {
  readonly key: string;
  readonly kind: string;
  readonly params: string;
  readonly state: string;
  readonly detail: string | null;
  readonly result: string | null;
  readonly lane: string;
};

const SECOND = 1000;

/** Holds what the machines did, as far as anybody could see it, against what L2L has when all is told. */
export function judge(judged: Judged): Verdict {
  const { stories, data } = judged;
  const problems: string[] = [];
  const actions = readActions(judged.folder);
  const totals = { stops: 0, dispatches: 0, strokes: 0, cycles: 0, parts: 0, booked: 0, excused: 0 };
  const polled = stories.filter(({ spec }) => spec.via === 'poller');

  for (const action of actions) {
    if (action.state === 'delivered' || action.state === 'nothing' || action.state === 'shadow') continue;
    if (isExcused(action, judged)) totals.excused += 1;
    else problems.push(`${action.key} is ${action.state}: ${action.detail ?? 'for no reason'}`);
  }

  for (const story of stories) {
    const { spec } = story;
    const expected =
      spec.via === 'broker'
        ? expectAll(story, judged.standstills)
        : expectSeen(story, polled.indexOf(story), judged.looks, judged.ends, judged.poll);
    problems.push(...dispatchProblems(story, expected, actions, judged, totals));
    problems.push(...cycleProblems(story, expected, actions, data, totals));
    if (spec.line !== null) problems.push(...partProblems(story, expected, actions, judged, totals));
  }
  const { stops, dispatches, strokes, cycles, parts, booked, excused } = totals;
  const line = `stops ${stops}=${dispatches} cycles ${strokes}=${cycles} parts ${parts}=${booked}${excused > 0 ? ` excused ${excused}` : ''}`;
  return { problems, line };
}

type Totals = { stops: number; dispatches: number; strokes: number; cycles: number; parts: number; booked: number };

function readActions(folder: string): StoredRow[] {
  const db = new DatabaseSync(join(folder, 'journal.db'), { readOnly: true });
  try {
    const rows = db.prepare('SELECT key, kind, params, state, detail, result, lane FROM action ORDER BY id').all();
    return rows as StoredRow[];
  } finally {
    db.close();
  }
}

/** A refusal that the seed asked for, or a dispatch that a person took away. */
function isExcused({ detail, kind, result }: StoredRow, { refusals, people }: Judged): boolean {
  const words = detail ?? '';
  if (refusals.some(refusal => words.includes(refusal))) return true;
  const id = Number(/ispatch(?: id)? (\d+)/.exec(words)?.[1] ?? result?.match(/"dispatchId":(\d+)/)?.[1]);
  return kind === 'close_dispatch' && people.deleted.has(id);
}

function dispatchProblems(
  { spec }: MachineStory,
  expected: Expected,
  actions: readonly StoredRow[],
  { data, people }: Judged,
  totals: Totals,
): string[] {
  const problems: string[] = [];
  const machine = data.machines.find(({ code }) => code === spec.machine);
  const ours = data.dispatches.filter(one => one.machine === machine?.id && one.createdby === 'gateway');
  const left = [...ours];
  const near = (times: readonly number[], at: number | null) =>
    at !== null && times.some(time => Math.abs(Math.floor(time / SECOND) * SECOND - at) <= SECOND);
  const opens = actions
    .filter(({ kind, lane }) => kind === 'open_dispatch' && lane === `dispatch:${spec.machine}`)
    .map(row => ({ ...row, params: JSON.parse(row.params) as { reported: number } }));

  for (const stop of expected.dispatches) {
    const index = left.findIndex(one => near(stop.reported, one.reported));
    const [found] = index < 0 ? [] : left.splice(index, 1);
    if (stop.need === 'must') totals.stops += 1;
    const name = `stop of ${spec.machine} at ${stop.reported.map(text).join(' or ')}`;
    if (!found) {
      if (stop.need !== 'must') continue;
      const open = opens.find(one => stop.reported.some(at => Math.abs(at - one.params.reported) <= SECOND));
      const why =
        open && (open.state === 'delivered' ? foundOpen(open, data) : open.state !== 'waiting' && open.detail);
      if (why) totals.dispatches += 1;
      else problems.push(`${name} has no dispatch (its open: ${open ? `${open.state} ${open.result}` : 'never told'})`);
      continue;
    }
    if (stop.need === 'never') problems.push(`${name} was too short, and has dispatch ${found.id}`);
    if (stop.need === 'must') totals.dispatches += 1;
    if (people.deleted.has(found.id)) continue;
    if (people.closed.has(found.id)) {
      if (found.closed === null) problems.push(`dispatch ${found.id} was closed by a person and is open`);
      continue;
    }
    if (found.closed === null) {
      const close = actions.find(
        ({ kind, key, state }) =>
          kind === 'close_dispatch' &&
          state === 'dead' &&
          key.includes(
            `@${Math.floor(opens.find(one => near([one.params.reported], found.reported))?.params.reported ?? 0)}:`,
          ),
      );
      if (!close) problems.push(`${name}: dispatch ${found.id} is still open`);
    } else if (!near(stop.completed, found.completed)) {
      problems.push(
        `${name}: dispatch ${found.id} ended ${text(found.completed)}, not ${stop.completed.map(text).join(' or ')}`,
      );
    }
  }
  for (const one of left) {
    problems.push(`dispatch ${one.id} of ${spec.machine}, reported ${text(one.reported)}, is one too many`);
  }
  const told = data.log.filter(
    ({ target, by, what }) => target === spec.machine && by === 'api' && what.startsWith('dispatches/'),
  );
  const times = told.map(({ change }) => Number(change['reported'] ?? change['completed']));
  for (let at = 1; at < times.length; at++) {
    const id = Number(told[at]?.change['dispatch']);
    if ((times[at] ?? 0) < (times[at - 1] ?? 0) && !people.closed.has(id)) {
      problems.push(`${spec.machine}: ${told[at]?.what} of ${text(times[at])} came after ${text(times[at - 1])}`);
    }
  }
  return problems;
}

/** The open found a dispatch of somebody else; which one, when that is true. */
function foundOpen(open: StoredRowOf, data: SandboxData): string | null {
  const number = Number(/"foundOpen":(\d+)/.exec(open.result ?? '')?.[1]);
  const other = data.dispatches.find(({ dispatchnumber }) => dispatchnumber === number);
  return other && other.createdby !== 'gateway' ? `dispatch ${number} was open` : null;
}
type StoredRowOf = Pick<StoredRow, 'result'>;

function cycleProblems(
  { spec, strokes }: MachineStory,
  expected: Expected,
  actions: readonly StoredRow[],
  data: SandboxData,
  totals: Totals,
): string[] {
  const problems: string[] = [];
  const counted = data.log.filter(({ target, what }) => target === spec.machine && what.startsWith('machines/'));
  const steps = counted.map(({ at, change }) => ({ at, by: Number(change['to']) - Number(change['from']) }));
  const total = steps.reduce((sum, { by }) => sum + by, 0);
  const given = actions
    .filter(
      ({ kind, lane, state }) =>
        kind === 'increment_cycles' &&
        lane === `cycles:${spec.machine}` &&
        state !== 'delivered' &&
        state !== 'nothing',
    )
    .reduce((sum, { params }) => sum + (JSON.parse(params) as { count: number }).count, 0);
  const [least, most] = expected.cycles;
  totals.strokes += most;
  totals.cycles += total + given;
  const isTotalDead =
    spec.mode === 'total' &&
    actions.some(
      ({ kind, lane, state }) => kind === 'set_cycles' && lane === `cycles:${spec.machine}` && state === 'dead',
    );
  if ((total + given < least && !isTotalDead) || total + given > most) {
    problems.push(
      `${spec.machine} counts ${total}${given > 0 ? ` and ${given} not sent` : ''}, not ${least}${most > least ? `-${most}` : ''}`,
    );
  }
  let sum = 0;
  for (const { at, by } of steps) {
    sum += by;
    const made = strokes.filter(stroke => stroke.at <= at).length;
    if (sum > made) problems.push(`${spec.machine} counted ${sum} at ${text(at)}, when ${made} were made`);
    if (by < 0) problems.push(`${spec.machine} counted back by ${-by} at ${text(at)}`);
  }
  return problems;
}

function partProblems(
  { spec, strokes }: MachineStory,
  expected: Expected,
  actions: readonly StoredRow[],
  { data, products, hadDiskFaults }: Judged,
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
    const told = { good: sum(({ actual }) => actual, of), scrap: sum(set => set.scrap, of) };
    if (told.good !== made.good || told.scrap !== made.scrap) {
      problems.push(
        `${spec.line} has ${told.good} good, ${told.scrap} scrap of ${products.get(recipe)}, not ${made.good}, ${made.scrap}`,
      );
    }
  }
  for (let at = 1; at < sets.length; at++) {
    const [before, after] = [sets[at - 1], sets[at]];
    if (before && after && after.start < before.end) {
      problems.push(`sets of ${spec.line} overlap: ${text(before.start)}-${text(before.end)} and ${text(after.start)}`);
    }
  }
  const starts = booked.map(({ start }) => start);
  if (unsent.length === 0 && starts.some((start, at) => start < (starts[at - 1] ?? 0))) {
    problems.push(`sets of ${spec.line} were booked out of order`);
  }
  if (spec.via === 'broker' && !hadDiskFaults) {
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

function text(at: number | null | undefined): string {
  return at == null ? 'never' : new Date(at).toISOString().slice(11, 23);
}
