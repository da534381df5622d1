import type { DeliveredEpisode } from './delivered-episodes.ts';
import { afterPerson, type ExpectedDispatch } from './expected-stops.ts';
import { type Totals, text } from './totals.ts';
import type { Judged } from './verdict.ts';
import { episodeOf, hasItsEnd } from './which-episode.ts';

/**
 * How far the gateway's time of a person's end may be from the true time (ms): L2L has whole seconds, and no time for a deleted dispatch.
 */
const PERSON_ROUNDED = 1500;
/** The gateway needs this long to record what it read (ms). */
const WRITTEN_WITHIN = 2000;

/**
 * Compares the plant with the journal: every stop that a rule has to report is one episode with its true times, and there is no other
 * episode. When a person ended the dispatch and the rule opens another one, the rest of the stop is its own episode.
 */
export function episodeProblems(
  expected: readonly ExpectedDispatch[],
  delivered: readonly DeliveredEpisode[],
  judged: Judged,
  totals: Totals,
): string[] {
  const problems: string[] = [];
  const { clock } = judged;
  const left = [...delivered];
  const queue = [...expected];
  for (let stop = queue.shift(); stop; stop = queue.shift()) {
    const { reported, completed, need } = stop;
    const index = episodeOf(stop, queue, left, delivered, clock);
    const [found] = index < 0 ? [] : left.splice(index, 1);
    if (need === 'must') totals.stops += 1;
    if (!found) {
      if (need === 'must') problems.push(`the stop at ${reported.map(text).join(' or ')} has no episode`);
      continue;
    }
    const name = `${found.open.key} of ${text(found.open.params.reported)}`;
    if (need === 'must') totals.dispatches += 1;
    if (need === 'never') problems.push(`${name} has an episode, and was too short`);
    const { close, rule } = found;
    if (!close) {
      problems.push(`${name} has no close`);
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
 * An episode ends early because a person ended its dispatch. Its end is the time that L2L has for that. It is the time of the gateway's
 * read when L2L has no time, or when the gateway's clock had not reached that time yet. After a doubted clock was set, the sent time does
 * not show that any more.
 */
function earlyProblems(early: DeliveredEpisode, completed: readonly number[], judged: Judged): string[] {
  const { rule, result, close } = early;
  const { people, unheard, clock } = judged;
  const end = people.ended.get(result?.dispatchId ?? Number.NaN);
  const stated = close?.params.completed ?? 0;
  if (rule.ifClosedByPerson !== 'reopen') return ['was ended early, and its rule waits'];
  if (!end) return [`was ended early, and nobody ended dispatch ${result?.dispatchId}`];
  const heard = close ? clock.truly(stated, close) : stated;
  const isNotSoFar = stated < end.at || clock.shownAt(heard, heard) < end.at;
  const isByL2l = Math.abs(stated - end.at) <= PERSON_ROUNDED && end.how !== 'delete';
  const isByGateway = heard >= end.at - PERSON_ROUNDED && (end.how === 'delete' || isNotSoFar);
  if (!isByL2l && !isByGateway) return [`was ended early at ${text(stated)}; a person did so at ${text(end.at)}`];
  const at = isByL2l ? stated : heard;
  const over = Math.max(...completed) + rule.offDelay;
  // While its source is away, the gateway does not know that the stop is over.
  const isUnheard = unheard.some(({ from, to }) => from < at && to > over);
  return at > over && !isUnheard ? [`was ended early at ${text(stated)}, when it was over`] : [];
}

/** The true instant at which a person ended the dispatch, when that ended the episode early. */
function earlyEnd({ result, close }: DeliveredEpisode, { people, clock }: Judged): number {
  const end = people.ended.get(result?.dispatchId ?? Number.NaN);
  const stated = close?.params.completed ?? 0;
  return end?.how === 'delete' && close ? clock.truly(stated, close) : (end?.at ?? stated);
}

/**
 * While the episode went on, the watch read that a person had ended its dispatch. The life that read it could record it, and knew the state
 * of the machine.
 */
function isKnownEnded(
  { rule, open, close, result }: DeliveredEpisode,
  { people, ledger, ends, isReadLate, unheard }: Judged,
): boolean {
  const id = result?.dispatchId;
  const end = people.ended.get(id ?? Number.NaN);
  if (rule.ifClosedByPerson !== 'reopen' || !end || !close || isReadLate) return false;
  return ledger.watched.some(({ path, appliedAt, heardAt, isDoubtful, life }) => {
    if (appliedAt === null || heardAt === null || isDoubtful || appliedAt < end.at) return false;
    const until = ends.find(one => one.life === life)?.writtenUntil ?? Number.POSITIVE_INFINITY;
    const isOurs = new URLSearchParams(path.split('?')[1]).get('id') === String(id);
    const isWhileOpen = heardAt > (open.settled ?? Number.POSITIVE_INFINITY);
    if (unheard.some(({ from, to }) => heardAt > from && heardAt < to)) return false;
    return isOurs && isWhileOpen && heardAt + WRITTEN_WITHIN < Math.min(until, close.params.completed);
  });
}
