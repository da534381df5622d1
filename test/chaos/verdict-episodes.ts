import type { DeliveredEpisode } from './delivered-episodes.ts';
import { afterPerson, type ExpectedDispatch } from './expected-stops.ts';
import { type Totals, text } from './totals.ts';
import type { Judged } from './verdict.ts';
import { episodeOf, hasItsEnd } from './which-episode.ts';

/** From a person's end of a dispatch to what the gateway says of it (ms): L2L has seconds, a deleted one has no time at all. */
const PERSON_ROUNDED = 1500;
/** After it heard of something the gateway needs so long (ms) to have written that down. */
const WRITTEN_WITHIN = 2000;

/**
 * Every stop that a rule has to tell is one episode with its true times, and there is no other: what the plant did against the
 * journal. Where a person ended the dispatch and the rule opens another one, the rest of the stop is an episode of its own.
 */
export function episodeProblems(
  expected: readonly ExpectedDispatch[],
  told: readonly DeliveredEpisode[],
  judged: Judged,
  totals: Totals,
): string[] {
  const problems: string[] = [];
  const { clock } = judged;
  const left = [...told];
  const queue = [...expected];
  for (let stop = queue.shift(); stop; stop = queue.shift()) {
    const { reported, completed, need } = stop;
    const index = episodeOf(stop, queue, left, told, clock);
    const [found] = index < 0 ? [] : left.splice(index, 1);
    if (need === 'must') totals.stops += 1;
    if (!found) {
      if (need === 'must') problems.push(`the stop at ${reported.map(text).join(' or ')} was never told`);
      continue;
    }
    const name = `${found.open.key} of ${text(found.open.params.reported)}`;
    if (need === 'must') totals.dispatches += 1;
    if (need === 'never') problems.push(`${name} was told, and was too short`);
    const { close, rule } = found;
    if (!close) {
      problems.push(`${name} was never told to be over`);
      continue;
    }
    if (found.isEarly) {
      problems.push(...earlyProblems(found, completed, judged).map(problem => `${name} ${problem}`));
      queue.unshift(...afterPerson(stop, rule, earlyEnd(found, judged), close.params.completed));
      continue;
    }
    if (!hasItsEnd(found, stop, clock)) {
      problems.push(`${name} ended ${text(close.params.completed)}, not ${completed.map(text).join(' or ')}`);
    }
    if (close.params.how !== rule.whenCleared) problems.push(`${name} is ended by ${close.params.how}`);
    if (isKnownEnded(found, judged)) problems.push(`${name} goes on although its end by a person was seen`);
  }
  for (const { open } of left) problems.push(`${open.key} of ${text(open.params.reported)} is one too many`);
  return problems;
}

/**
 * What ends an episode early is a person's end of its dispatch, at the time of that by L2L's clock. By the gateway's where it is of
 * no time, or where that was not so far yet: then it is told when it was heard. That a doubted clock was not so far yet no longer
 * shows in what is told once it is set.
 */
function earlyProblems(early: DeliveredEpisode, completed: readonly number[], judged: Judged): string[] {
  const { rule, result, close } = early;
  const { people, unheard, clock } = judged;
  const end = people.ended.get(result?.dispatchId ?? Number.NaN);
  const told = close?.params.completed ?? 0;
  if (rule.ifClosedByPerson !== 'reopen') return ['was ended early, and its rule waits'];
  if (!end) return [`was ended early, and nobody ended dispatch ${result?.dispatchId}`];
  const heard = close ? clock.truly(told, close) : told;
  const isNotSoFar = told < end.at || clock.shownAt(heard, heard) < end.at;
  const isByL2l = Math.abs(told - end.at) <= PERSON_ROUNDED && end.how !== 'delete';
  const isByGateway = heard >= end.at - PERSON_ROUNDED && (end.how === 'delete' || isNotSoFar);
  if (!isByL2l && !isByGateway) return [`was ended early at ${text(told)}; a person did so at ${text(end.at)}`];
  const at = isByL2l ? told : heard;
  const over = Math.max(...completed) + rule.offDelay;
  // While its source is away the gateway does not know that it is over.
  const isUnheard = unheard.some(({ from, to }) => from < at && to > over);
  return at > over && !isUnheard ? [`was ended early at ${text(told)}, when it was over`] : [];
}

/** The true instant of a person's end that ended an episode early. */
function earlyEnd({ result, close }: DeliveredEpisode, { people, clock }: Judged): number {
  const end = people.ended.get(result?.dispatchId ?? Number.NaN);
  const told = close?.params.completed ?? 0;
  return end?.how === 'delete' && close ? clock.truly(told, close) : (end?.at ?? told);
}

/**
 * The watch read while the episode went on that a person had ended its dispatch, in a life that could write it down and knew what
 * the machine did.
 */
function isKnownEnded(
  { rule, open, close, result }: DeliveredEpisode,
  { people, ledger, ends, toldLate, unheard }: Judged,
): boolean {
  const id = result?.dispatchId;
  const end = people.ended.get(id ?? Number.NaN);
  if (rule.ifClosedByPerson !== 'reopen' || !end || !close || toldLate) return false;
  return ledger.watched.some(({ path, appliedAt, heardAt, isDoubtful, life }) => {
    if (appliedAt === null || heardAt === null || isDoubtful || appliedAt < end.at) return false;
    const until = ends.find(one => one.life === life)?.writtenUntil ?? Number.POSITIVE_INFINITY;
    const isOurs = new URLSearchParams(path.split('?')[1]).get('id') === String(id);
    const isWhileOpen = heardAt > (open.settled ?? Number.POSITIVE_INFINITY);
    if (unheard.some(({ from, to }) => heardAt > from && heardAt < to)) return false;
    return isOurs && isWhileOpen && heardAt + WRITTEN_WITHIN < Math.min(until, close.params.completed);
  });
}
