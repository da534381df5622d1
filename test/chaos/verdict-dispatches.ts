import type { Dispatch, SandboxData } from '../../src/simulation/sandbox/records.ts';
import type { ClockLog } from './clock-log.ts';
import { descriptionOf } from './config.ts';
import { type DeliveredEpisode, inL2l, isStuck } from './delivered-episodes.ts';
import { text } from './totals.ts';
import type { Judged } from './verdict.ts';

const MINUTE = 60_000;

/**
 * Every dispatch of a machine is in the state that its episodes give it: opened for one of them, and ended once by the last of them, as its
 * rule says. Only a rule that adopted a person's dispatch, and may end it, changes it.
 * @param delivered the episodes of one machine
 */
export function dispatchProblems(machine: string, delivered: readonly DeliveredEpisode[], judged: Judged): string[] {
  const { data, people, former, clock } = judged;
  const problems: string[] = [];
  const id = data.machines.find(({ code }) => code === machine)?.id;
  for (const dispatch of data.dispatches.filter(one => one.machine === id)) {
    const standsFor = ({ open, result }: DeliveredEpisode) =>
      open.state === 'delivered' && result?.dispatchId === dispatch.id;
    const holders = delivered
      .filter(one => standsFor(one) && (!one.isTogether || isFinished(one, dispatch)))
      .toSorted((a, b) => inOrder(a, b, clock));
    const isOurs = dispatch.createdby !== 'kim';
    const maker = delivered.find(({ posts }) => posts.some(post => post.dispatch === dispatch.id));
    const say = (what: string) => problems.push(`dispatch ${dispatch.id} of ${machine} ${what}`);
    if (isOurs && !former.has(dispatch.id)) {
      if (!maker || (!holders.includes(maker) && !isStuck(maker.open.state)))
        say(`of ${text(dispatch.reported)} belongs to no episode`);
      else {
        if (isFinished(maker, dispatch)) {
          for (const what of finishedProblems(maker, dispatch)) say(what);
          continue;
        }
        for (const what of openedProblems(maker, dispatch)) say(what);
      }
    }
    if (holders.some(({ close }) => close === null || close.state === 'waiting')) continue;
    for (const what of endProblems(dispatch, holders, isOurs, data, people.ended.get(dispatch.id)?.at)) say(what);
  }
  return problems;
}

function isFinished({ posts }: DeliveredEpisode, { id }: Dispatch): boolean {
  return posts.some(({ dispatch, path }) => dispatch === id && path.endsWith('dispatches/add/'));
}

/** It was sent when it was over: with whole minutes, and the seconds in its description. */
function finishedProblems({ open, close, rule }: DeliveredEpisode, dispatch: Dispatch): string[] {
  const minute = (at: number) => inL2l(Math.floor(at / MINUTE) * MINUTE);
  const [from, to] = [minute(open.params.reported), minute(close?.params.completed ?? 0)];
  const { reported, completed, closed } = dispatch;
  // In the repeated hour a later instant can have an earlier local time, and L2L takes no end before its start.
  if (inL2l(reported) !== from || inL2l(completed) !== (to < from ? from : to) || closed === null) {
    return [`was sent as over from ${text(reported)} to ${text(completed)}`];
  }
  return dispatch.description.startsWith(`${descriptionOf(rule)} (`) ? [] : [`reads ${dispatch.description}`];
}

function openedProblems({ open, rule }: DeliveredEpisode, { reported, description }: Dispatch): string[] {
  if (inL2l(reported) !== inL2l(open.params.reported)) return [`is reported ${text(reported)}`];
  return description.startsWith(`${descriptionOf(rule)} [gw `) ? [] : [`reads ${description}`];
}

/** @param endedAt when a person ended it */
function endProblems(
  { id, reported, completed, closed, deleted }: Dispatch,
  holders: readonly DeliveredEpisode[],
  isOurs: boolean,
  data: SandboxData,
  endedAt: number | undefined,
): string[] {
  const written = data.log.filter(({ by, change }) => by === 'api' && change['dispatch'] === id);
  const ends = written.filter(({ what }) => what === 'dispatches/close' || what === 'dispatches/complete');
  const comments = written.filter(({ what }) => what === 'dispatches/add_comment');
  const last = lastsOf(holders);
  /** The gateway may end a person's dispatch from the moment when a rule with that right adopted it. */
  const mayEnd = ({ close: own }: DeliveredEpisode) =>
    isOurs ||
    holders.some(
      ({ result, open, close }) =>
        result?.adopted && close?.params.closeAdopted && (open.settled ?? 0) <= (own?.settled ?? 0),
    );
  const end = last.find(one => isEnding(one.close?.params.how) && mayEnd(one));
  const notes = last.filter(one => one.close?.params.how === 'note' && (mayEnd(one) || one.result?.adopted));

  const problems: string[] = [];
  if (ends.length > (end ? 1 : 0)) problems.push(`was ended ${ends.length} times`);
  if (comments.length > notes.length) problems.push(`was commented ${comments.length} times, not ${notes.length}`);
  if (!deleted && comments.length < notes.length)
    problems.push(`was commented ${comments.length} times, not ${notes.length}`);
  if (!end?.close || (endedAt !== undefined && endedAt <= (end.close.settled ?? endedAt))) return problems;
  if (ends.length === 0) problems.push('was not ended');
  const sent = inL2l(end.close.params.completed);
  const isFolded = sent < inL2l(reported) && completed === reported + 1000;
  if (inL2l(completed) !== sent && !isFolded) problems.push(`ended ${inL2l(completed)}, not ${sent}`);
  if (end.close.params.how === 'close' && closed === null) problems.push('is still open');
  if (end.close.params.how === 'complete' && closed !== null && endedAt === undefined)
    problems.push('was closed, not completed');
  return problems;
}

function isEnding(how: string | undefined): boolean {
  return how === 'close' || how === 'complete';
}

/**
 * The holders that cleared when no other episode held the dispatch: these have to end it. `holders` are in the order in which they cleared.
 * An episode whose close waits for a person by then does not hold it.
 */
function lastsOf(holders: readonly DeliveredEpisode[]): DeliveredEpisode[] {
  const cleared = holders.filter(({ close }) => close !== null);
  return cleared.filter((one, at) => {
    const over = one.close?.settled ?? 0;
    const holds = ({ open, close, isNotClosed }: DeliveredEpisode) =>
      (open.settled ?? 0) <= over && !(isNotClosed && (close?.settled ?? over) < over);
    return !one.isNotClosed && !cleared.slice(at + 1).some(holds);
  });
}

function inOrder(a: DeliveredEpisode, b: DeliveredEpisode, clock: ClockLog): number {
  const cleared = ({ close }: DeliveredEpisode) => (close ? clock.truly(close.params.completed, close) : 0);
  const by = cleared(a) - cleared(b);
  return by === 0 ? (a.close?.id ?? 0) - (b.close?.id ?? 0) : by;
}
