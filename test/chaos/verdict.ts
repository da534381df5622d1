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
   * The gateway read its sources late while its own clock went on: the disk took nothing, so nothing was acknowledged, or the process
   * stood still. Parts that were read late are in the next interval. The sum has to be right all the same.
   */
  readonly isReadLate: boolean;
  /** An hour comes twice. Production is sent at half speed in it, so no set has its true time. */
  readonly isAutumn: boolean;
  readonly people: Meddled;
  /** Dispatches that a gateway whose journal is lost had left open. */
  readonly former: ReadonlySet<number>;
  /** Refusals that rightly make a dead letter: the seed asked for them. */
  readonly refusals: readonly string[];
  readonly data: SandboxData;
  readonly ledger: Ledger;
  /** When something kept the gateway from sending. */
  readonly troubles: readonly Span[];
  /** When the gateway may not have known what the machines did. */
  readonly unheard: readonly Span[];
  /** What the rule of an action says about a call whose effect nobody knows. */
  readonly onUnknown: (action: StoredRow) => CycleRule['onUnknown'];
  readonly folder: string;
  readonly products: ReadonlyMap<number, string>;
};

export type Verdict = {
  readonly problems: readonly string[];
  /** Truth against state, in one line. */
  readonly line: string;
};

/** Compares what the machines did, as far as anybody could see it, with what L2L has in the end. */
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
 * A rule's time never runs backwards. Where the gateway's clock was ahead, a message that counted as made when it was heard holds back an
 * older message that is believed because it was queued: that one counts as made at the same time.
 */
function overtaken({ datedAfter, clock }: Judged): Undated[] {
  return datedAfter.flatMap(({ machine, at, heardAt, stampedAt }) => {
    const shown = clock.shownAt(stampedAt, heardAt);
    return at < shown ? [{ machine, at, heardAt: stampedAt, shown }] : [];
  });
}
