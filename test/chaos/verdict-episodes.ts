import type { ClockLog } from './clock-log.ts';
import { afterPerson, type ExpectedDispatch } from './expected-stops.ts';
import type { Span } from './plan.ts';
import type { Told } from './told.ts';
import { type Totals, text } from './totals.ts';
import type { Judged } from './verdict.ts';

type Close = NonNullable<Told['close']>;

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
  told: readonly Told[],
  judged: Judged,
  totals: Totals,
): string[] {
  const problems: string[] = [];
  const { clock } = judged;
  const left = [...told];
  const queue = [...expected];
  for (let stop = queue.shift(); stop; stop = queue.shift()) {
    const { reported, completed, need } = stop;
    const index = indexOf(stop, left, queue, told, clock);
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
    if (!isEnd(close, stop, clock) && !isFolded(found, completed, clock)) {
      problems.push(`${name} ended ${text(close.params.completed)}, not ${completed.map(text).join(' or ')}`);
    }
    if (close.params.how !== rule.whenCleared) problems.push(`${name} is ended by ${close.params.how}`);
    if (isKnownEnded(found, judged)) problems.push(`${name} goes on although its end by a person was seen`);
  }
  for (const { open } of left) problems.push(`${open.key} of ${text(open.params.reported)} is one too many`);
  return problems;
}

/**
 * Of the episode that tells a stop, among those of its rule (`all`) that tell no other yet: the one that surely does, else one that
 * may and that surely tells no other stop.
 */
function indexOf(
  stop: ExpectedDispatch,
  told: readonly Told[],
  others: readonly ExpectedDispatch[],
  all: readonly Told[],
  clock: ClockLog,
) {
  const tells = ({ open }: Told, { reported, ahead, begins }: ExpectedDispatch, surely?: 'surely') =>
    isIn(open.params.reported, begins) ||
    reported.some(at => clock.isTold(open.params.reported, at, open, surely, ahead)) ||
    (surely === undefined && isHeldAtEarlier(open, reported, all, clock));
  const fits = (one: Told, other: ExpectedDispatch, surely?: 'surely') =>
    tells(one, other, surely) && one.close !== null && isEnd(one.close, other, clock);
  const isWhole = (one: Told, other: ExpectedDispatch) => fits(one, other, 'surely');
  // Of two stops that one episode can tell, the one that need not be told does not take it from one that nothing else tells.
  const isWanted = (one: Told) =>
    others.some(
      other =>
        (other.need === 'must' || (other.need === 'may' && stop.need === 'never')) &&
        isWhole(one, other) &&
        !told.some(two => two !== one && isWhole(two, other)),
    );
  const surelyOf = (wanted: ExpectedDispatch) => {
    const isFree = (one: Told) => wanted.ahead === undefined || !others.some(other => isExact(one, other, clock));
    const whole = told.findIndex(
      one => isWhole(one, wanted) && (wanted.need === 'must' || !isWanted(one)) && isFree(one),
    );
    if (whole >= 0) return whole;
    return told.findIndex(
      one => tells(one, wanted, 'surely') && !others.some(other => isWhole(one, other)) && isFree(one),
    );
  };
  // What may be told later than it was is told by the one that has its true time, where there is one; never by one that has another's.
  const { ahead, ...exact } = stop;
  const early = ahead === undefined ? -1 : surelyOf(exact);
  const sure = early >= 0 ? early : surelyOf(stop);
  if (sure >= 0 || stop.need === 'never') return sure;
  const may = (one: Told) => tells(one, stop) && !others.some(other => tells(one, other, 'surely'));
  const whole = told.findIndex(one => may(one) && fits(one, stop));
  if (whole >= 0) return whole;
  return told.findIndex(one => may(one) && (stop.need === 'must' || !others.some(other => fits(one, other))));
}

/** An episode has the true time at which a stop began, and surely not a later one. */
function isExact({ open }: Told, { reported }: ExpectedDispatch, clock: ClockLog): boolean {
  return reported.some(at => clock.isTold(open.params.reported, at, open, 'surely'));
}

function isEnd(close: Close, { completed, ahead, ends }: ExpectedDispatch, clock: ClockLog): boolean {
  const told = close.params.completed;
  return isIn(told, ends) || completed.some(at => clock.isTold(told, at, close, null, ahead));
}

/** No end is told before its start: a start that a source stamped may be later than the end by a clock that was set back meanwhile. */
function isFolded({ open, close }: Told, completed: readonly number[], clock: ClockLog): boolean {
  if (close?.params.completed !== open.params.reported) return false;
  return completed.some(at => clock.isLater(open.params.reported, at, close));
}

/**
 * No stop is told to begin before its rule's earlier one began or ended: a source may have stamped that later than a clock that was set
 * back shows since.
 */
function isHeldAtEarlier(
  open: Told['open'],
  reported: readonly number[],
  all: readonly Told[],
  clock: ClockLog,
): boolean {
  const at = open.params.reported;
  const held = all.flatMap(one => [
    ...(one.open.params.reported === at ? [one.open.made] : []),
    ...(one.close?.params.completed === at ? [one.close.made] : []),
  ]);
  return reported.some(time => clock.isLater(at, time, open) && held.some(made => made < time));
}

function isIn(told: number, spans: readonly Span[] = []): boolean {
  return spans.some(({ from, to }) => told >= from && told <= to);
}

/**
 * What ends an episode early is a person's end of its dispatch, at the time of that by L2L's clock. By the gateway's where it is of
 * no time, or where that was not so far yet: then it is told when it was heard. That a doubted clock was not so far yet no longer
 * shows in what is told once it is set.
 */
function earlyProblems(early: Told, completed: readonly number[], judged: Judged): string[] {
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
function earlyEnd({ result, close }: Told, { people, clock }: Judged): number {
  const end = people.ended.get(result?.dispatchId ?? Number.NaN);
  const told = close?.params.completed ?? 0;
  return end?.how === 'delete' && close ? clock.truly(told, close) : (end?.at ?? told);
}

/**
 * The watch read while the episode went on that a person had ended its dispatch, in a life that could write it down and knew what
 * the machine did.
 */
function isKnownEnded(
  { rule, open, close, result }: Told,
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
