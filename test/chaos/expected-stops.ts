import { MAX_SKEW, type Undated } from './broker.ts';
import type { Sight } from './expected.ts';
import type { Span } from './plan.ts';
import type { DispatchRule } from './rules.ts';
import type { Stop } from './story.ts';

/** An episode of a rule that must exist, or may exist. It must have one of the given times (ms since 1970). */
export type ExpectedDispatch = {
  readonly reported: readonly number[];
  readonly completed: readonly number[];
  /** never: the condition was not known to hold for long enough. */
  readonly need: 'must' | 'may' | 'never';
  /**
   * Its times may be later by this much (ms): messages whose time was used may put a rule's time ahead of the clock that stamps other
   * messages.
   */
  readonly ahead?: number;
  /** Times that its start and its end may have for other reasons, however wrong the gateway's clock was. */
  readonly begins?: readonly Span[];
  readonly ends?: readonly Span[];
  /** The stops in this episode; null: nobody saw them completely. */
  readonly stops: readonly Stop[] | null;
};

/** A time in which the process stood still. */
export type Standstill = { readonly from: number; readonly to: number };

/** How long after a standstill the messages in the sockets are read (ms). */
const AFTER_STANDSTILL = 2000;
/** The time of a person's change has whole seconds, so a length that begins there is not exact either (ms). */
const ROUNDED = 2000;

/**
 * The episodes that are expected with a source that keeps everything: all true stops, whatever happened to the gateway. But time in which
 * the process stood still counts for no delay (docs/decisions/0007-time-nobody-watched.md), and a message whose own time is not used counts
 * from its receipt.
 */
export function stopsKept(
  stops: readonly Stop[],
  rule: DispatchRule,
  standstills: readonly Standstill[],
  undated: readonly Undated[],
): ExpectedDispatch[] {
  const all = [...episodes(stops, rule, 0), ...lengthened(stops, rule, undated)];
  return all
    .toSorted((a, b) => (a.reported[0] ?? 0) - (b.reported[0] ?? 0))
    .map(expected => {
      const { stops: of, reported, completed } = expected;
      const touching = standstills.filter(({ from, to }) =>
        completed.some(end => from < end && to + AFTER_STANDSTILL > (reported[0] ?? 0)),
      );
      const heard = (times: readonly number[]) =>
        undated.filter(({ at }) => times.includes(at)).map(({ heardAt }) => heardAt);
      const starts = (of ?? []).map(({ start }) => start);
      const ends = (of ?? []).map(({ end }) => end);
      const [begun, ended] = [heard(starts), heard(ends)];
      const held = (times: readonly number[]) =>
        undated.flatMap(({ at, shown }) => (shown === undefined || !times.includes(at) ? [] : [heldBack(at, shown)]));
      // A message that got its time of receipt may follow the one before too closely, so that no off_delay can end between them.
      const isVague = undated.length > 0 && rule.offDelay > 0;
      if (!isVague && touching.length + begun.length + ended.length === 0) return expected;
      const later = isVague ? stops.filter(({ start }) => start > (completed[0] ?? 0)).map(({ end }) => end) : [];
      return {
        ...expected,
        reported: [...reported, ...begun, ...touching.map(({ to }) => to + 1000)],
        completed: [...completed, ...ended, ...later, ...heard(later)],
        need: 'may',
        ...(undated.length > 0 && { ahead: MAX_SKEW, begins: held(starts), ends: held([...ends, ...later]) }),
      };
    });
}

/** Stops that are shorter than the on_delay, but not by the times of receipt. */
function lengthened(stops: readonly Stop[], { delay }: DispatchRule, undated: readonly Undated[]): ExpectedDispatch[] {
  const heard = (time: number) => undated.filter(({ at }) => at === time).map(({ heardAt }) => heardAt);
  return stops
    .filter(({ start, end }) => end - start < delay)
    .filter(({ start, end }) => Math.max(end, ...heard(end)) - Math.min(start, ...heard(start)) >= delay - ROUNDED)
    .map(stop => ({ reported: [stop.start], completed: [stop.end], need: 'may', stops: [stop] }));
}

/** The times that a rule's time may have after `shown`: it goes on with its delays, and a crash forgets a step without other changes. */
function heldBack(at: number, shown: number): Span {
  return { from: at, to: shown + MAX_SKEW };
}

/**
 * The episode that is expected after a person ended the dispatch at `at` and the rule opens another one: the rest of the stop, as if it had
 * begun then. `stated`: the gateway's time of that moment.
 */
export function afterPerson(
  { stops, reported, completed, need, ends }: ExpectedDispatch,
  rule: DispatchRule,
  at: number,
  stated: number,
): ExpectedDispatch[] {
  const begins = [{ from: stated, to: stated }];
  if (stops === null || need !== 'must') {
    const seenAgain = reported.filter(time => time > at);
    const rest: ExpectedDispatch = { reported: [at, ...seenAgain], completed, need: 'may', stops: null, begins };
    return [ends === undefined ? rest : { ...rest, ends }];
  }
  const left = stops.filter(({ end }) => end > at).map(({ start, end }) => ({ start: Math.max(start, at), end }));
  return episodes(left, rule, ROUNDED).map(rest => (rest.reported.includes(at) ? { ...rest, begins } : rest));
}

/** Stops with less than the off_delay between them are one episode when one of them lasted for the on_delay. */
function episodes(stops: readonly Stop[], { delay, offDelay }: DispatchRule, rounded: number): ExpectedDispatch[] {
  const found: ExpectedDispatch[] = [];
  for (let first = 0; first < stops.length; first++) {
    const begin = stops[first];
    if (!begin || begin.end - begin.start < delay - rounded) continue;
    let last = first;
    const isOne = (at: number) => (stops[at + 1]?.start ?? Infinity) - (stops[at]?.end ?? 0) < offDelay;
    while (isOne(last)) last += 1;
    const of = stops.slice(first, last + 1);
    const need = begin.end - begin.start < delay + rounded ? 'may' : 'must';
    found.push({ reported: [begin.start], completed: [of.at(-1)?.end ?? begin.end], need, stops: of });
    first = last;
  }
  return found;
}

/** The stops that a rule could see, in order. Two stops are one when nothing was seen between them. */
export function stopsSeen(sights: readonly Sight[], { delay }: DispatchRule, poll: number): ExpectedDispatch[] {
  const found: ExpectedDispatch[] = [];
  for (let first = 0; first < sights.length; first++) {
    if (sights[first]?.moment.running !== false) continue;
    let last = first;
    while (sights[last + 1]?.moment.running === false) last += 1;
    found.push(stopSeen(sights, first, last, delay, poll));
    first = last;
  }
  return found;
}

function stopSeen(
  sights: readonly Sight[],
  first: number,
  last: number,
  delay: number,
  poll: number,
): ExpectedDispatch {
  const reported: number[] = [];
  let isOpenEnded = true;
  let inSight = 0;
  let longest = 0;
  let total = 0;
  for (let at = first; at <= last; at++) {
    const sight = sights[at];
    if (!sight) continue;
    if (isOpenEnded || sight.gap) reported.push(sight.at);
    if (sight.sure) isOpenEnded = false;
    const step = at === first || sight.gap ? 0 : sight.at - (sights[at - 1]?.at ?? sight.at);
    inSight = sight.gap ? 0 : inSight + step;
    total += step;
    longest = Math.max(longest, inSight);
  }
  const end = sights[last + 1];
  if (end && !end.gap) {
    const step = end.at - (sights[last]?.at ?? end.at);
    longest = Math.max(longest, inSight + step);
    total += step;
  }
  const completed: number[] = [];
  for (let at = last + 1; at < sights.length; at++) {
    const sight = sights[at];
    if (!sight?.moment.running) continue;
    completed.push(sight.at);
    if (sight.sure) break;
  }
  // A gap may merge two stops, or hide one.
  const around = sights.slice(Math.max(0, first - 1), last + 2);
  const gaps = around.filter(({ gap }) => gap).length;
  const margin = 2 * poll + 3000;
  if (total + (gaps + 1) * margin < delay) return { reported, completed, need: 'never', stops: [] };
  const must = longest >= delay + margin && around.every(({ sure }) => sure);
  return { reported, completed, need: must ? 'must' : 'may', stops: null };
}
