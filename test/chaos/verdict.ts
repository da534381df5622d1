import type { SandboxData } from '../../src/simulation/sandbox/records.ts';
import { type DatedAfter, MAX_SKEW, type Undated } from './broker.ts';
import type { ClockLog } from './clock-log.ts';
import { type DeliveredEpisode, deliveredEpisodes } from './delivered-episodes.ts';
import { expectAll, expectSeen, type LifeEnd, sightsOf } from './expected.ts';
import { type Standstill, stopsKept, stopsSeen } from './expected-stops.ts';
import type { Ledger } from './ledger.ts';
import { outcomeCounts } from './outcome-counts.ts';
import type { Meddled } from './people.ts';
import type { Span } from './plan.ts';
import type { Look } from './poller.ts';
import type { CycleRule } from './rules.ts';
import { readActions, type StoredRow } from './stored-actions.ts';
import type { MachineStory } from './story.ts';
import type { Totals } from './totals.ts';
import { actionProblems, sentBy } from './verdict-actions.ts';
import { cycleProblems, partProblems } from './verdict-counts.ts';
import { dispatchProblems } from './verdict-dispatches.ts';
import { episodeProblems } from './verdict-episodes.ts';
import { openProblems } from './verdict-opens.ts';

export type Judged = {
  readonly stories: readonly MachineStory[];
  readonly looks: readonly Look[];
  readonly ends: readonly LifeEnd[];
  readonly poll: number;
  readonly clock: ClockLog;
  readonly standstills: readonly Standstill[];
  readonly undated: readonly Undated[];
  readonly datedAfter: readonly DatedAfter[];
  /**
   * The gateway read its sources late while its own clock went on: the disk took nothing, so nothing was acknowledged, or the process stood
   * still. Parts that were read late are in the next interval. But the sum has to be right.
   */
  readonly isReadLate: boolean;
  /** An hour comes twice. In it, production is sent at half speed, so no set has its true time. */
  readonly isAutumn: boolean;
  readonly people: Meddled;
  /** The dispatches that a gateway with a lost journal had left open. */
  readonly former: ReadonlySet<number>;
  /** Refusals that rightly make a dead letter, because the seed asked for them. */
  readonly refusals: readonly string[];
  readonly data: SandboxData;
  readonly ledger: Ledger;
  /** The times in which something kept the gateway from sending. */
  readonly troubles: readonly Span[];
  /** The times in which the gateway may not have known the state of the machines. */
  readonly unheard: readonly Span[];
  /** The setting in the rule of an action for a call whose effect nobody knows. */
  readonly onUnknown: (action: StoredRow) => CycleRule['onUnknown'];
  readonly folder: string;
  readonly products: ReadonlyMap<number, string>;
};

export type Verdict = {
  readonly problems: readonly string[];
  /** Truth against state, in one line. */
  readonly line: string;
};

/** Compares the true events of the machines, as far as anybody could see them, with the state of L2L at the end. */
export function judge(judged: Judged): Verdict {
  const { stories, data, looks, ends, poll, standstills } = judged;
  const problems: string[] = [];
  const actions = readActions(judged.folder);
  const sent = sentBy(judged.ledger.posts);
  const totals: Totals = { stops: 0, dispatches: 0, strokes: 0, cycles: 0, parts: 0, booked: 0, excused: 0 };
  const undated = [...judged.undated, ...overtaken(judged)];
  const undatedOf = (machine: string) => undated.filter(one => one.machine === machine);
  const polled = stories.filter(({ spec }) => spec.via === 'poller');

  for (const action of actions) {
    if (action.state !== 'delivered' && action.state !== 'nothing') totals.excused += 1;
    problems.push(...actionProblems(action, actions, sent, judged));
  }

  const all: DeliveredEpisode[] = [];
  for (const story of stories) {
    const { spec, stops } = story;
    const sights = spec.via === 'poller' ? sightsOf(polled.indexOf(story), looks, ends, poll) : null;
    const expected = sights
      ? expectSeen(story, sights)
      : expectAll(story, undatedOf(spec.machine).length === 0 && judged.clock.spread <= MAX_SKEW);
    const delivered = deliveredEpisodes(story, actions, judged.ledger.posts);
    all.push(...delivered);
    for (const rule of spec.dispatches) {
      const own = delivered.filter(one => one.rule === rule);
      const wanted = sights
        ? stopsSeen(sights, rule, poll)
        : stopsKept(stops, rule, standstills, undatedOf(spec.machine));
      problems.push(...episodeProblems(wanted, own, judged, totals));
    }
    for (const episode of delivered) problems.push(...openProblems(episode, delivered, judged));
    problems.push(...dispatchProblems(spec.machine, delivered, judged));
    problems.push(...cycleProblems(story, expected, actions, sent, data, totals));
    if (spec.line !== null) problems.push(...partProblems(story, expected, actions, judged, totals));
  }
  const { stops, dispatches, strokes, cycles, parts, booked, excused } = totals;
  const line = `stops ${stops}=${dispatches} cycles ${strokes}=${cycles} parts ${parts}=${booked}${excused > 0 ? ` excused ${excused}` : ''} | ${outcomeCounts(all, actions, sent)}`;
  return { problems, line };
}

/**
 * A rule's time never runs backwards. When the gateway's clock is ahead, a message with its time of receipt holds back an older queued
 * message whose own time is used. That one then counts as made at the same time.
 */
function overtaken({ datedAfter, clock }: Judged): Undated[] {
  return datedAfter.flatMap(({ machine, at, heardAt, stampedAt }) => {
    const shown = clock.shownAt(stampedAt, heardAt);
    return at < shown ? [{ machine, at, heardAt: stampedAt, shown }] : [];
  });
}
