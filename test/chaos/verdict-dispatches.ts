import type { SandboxData } from '../../src/simulation/sandbox/records.ts';
import type { Expected } from './expected.ts';
import type { MachineStory } from './plant.ts';
import type { StoredRow } from './stored.ts';
import { type Totals, text } from './totals.ts';
import type { Judged } from './verdict.ts';

const SECOND = 1000;

/** Every stop has its one dispatch with its true times, closed, and there is no other of ours. */
export function dispatchProblems(
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
        open && (open.state === 'delivered' ? foundOpen(open, actions, data) : open.state !== 'waiting' && open.detail);
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
    // L2L refused its close, which waits as a dead letter; a later episode may have found it open and ended it.
    if (isLeft(found.id, actions)) continue;
    if (found.closed === null) {
      problems.push(`${name}: dispatch ${found.id} is still open`);
    } else if (!near(stop.completed, found.completed)) {
      const ends = stop.completed.map(text).join(' or ');
      problems.push(`${name}: dispatch ${found.id} ended ${text(found.completed)}, not ${ends}`);
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

/** The close of the episode that opened this dispatch is a dead letter. */
function isLeft(dispatch: number, actions: readonly StoredRow[]): boolean {
  const opened = actions.find(({ result }) => dispatchIdOf(result) === dispatch && !result?.includes('"nothing"'));
  return actions.some(({ key, state }) => state === 'dead' && key === opened?.key.replace(':open', ':close'));
}

function dispatchIdOf(result: string | null): number {
  return Number(/"dispatchId":(\d+)/.exec(result ?? '')?.[1]);
}

/** The open found another dispatch; which one, where it was rightly there: a person's, or ours whose close L2L refused. */
function foundOpen(open: Pick<StoredRow, 'result'>, actions: readonly StoredRow[], data: SandboxData): string | null {
  const number = Number(/"foundOpen":(\d+)/.exec(open.result ?? '')?.[1]);
  const id = open.result?.includes('"nothing"') ? dispatchIdOf(open.result) : Number.NaN;
  const other = data.dispatches.find(one => one.dispatchnumber === number || one.id === id);
  const isRight = other && (other.createdby !== 'gateway' || isLeft(other.id, actions));
  return isRight ? `dispatch ${other.dispatchnumber} was open` : null;
}
