import type { SandboxData } from '../../src/simulation/sandbox/records.ts';
import { expectAll, expectSeen, type LifeEnd, type Standstill } from './expected.ts';
import type { Meddled } from './people.ts';
import type { MachineStory } from './plant.ts';
import type { Look } from './poller.ts';
import { openOf, readActions, type StoredRow } from './stored.ts';
import { cycleProblems, partProblems } from './verdict-counts.ts';
import { dispatchProblems } from './verdict-dispatches.ts';

export type Judged = {
  readonly stories: readonly MachineStory[];
  readonly looks: readonly Look[];
  readonly ends: readonly LifeEnd[];
  readonly poll: number;
  readonly standstills: readonly Standstill[];
  /**
   * Sources were not heard for a while and the gateway went on by its own clock: the disk took nothing, so nothing was
   * acknowledged, or the process stood still. What was told late is then in the next interval; the sum holds all the same.
   */
  readonly toldLate: boolean;
  readonly people: Meddled;
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

/** Holds what the machines did, as far as anybody could see it, against what L2L has when all is told. */
export function judge(judged: Judged): Verdict {
  const { stories, data } = judged;
  const problems: string[] = [];
  const actions = readActions(judged.folder);
  const totals = { stops: 0, dispatches: 0, strokes: 0, cycles: 0, parts: 0, booked: 0, excused: 0 };
  const polled = stories.filter(({ spec }) => spec.via === 'poller');

  for (const action of actions) {
    if (action.state === 'delivered' || action.state === 'nothing' || action.state === 'shadow') continue;
    if (isExcused(action.state === 'waiting' ? (openOf(action, actions) ?? action) : action, judged))
      totals.excused += 1;
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

/** A refusal that the seed asked for, or a dispatch that a person took away. */
function isExcused({ detail, kind, result }: StoredRow, { refusals, people }: Judged): boolean {
  const words = detail ?? '';
  if (refusals.some(refusal => words.includes(refusal))) return true;
  const id = Number(/ispatch(?: id)? (\d+)/.exec(words)?.[1] ?? result?.match(/"dispatchId":(\d+)/)?.[1]);
  return kind === 'close_dispatch' && people.deleted.has(id);
}
