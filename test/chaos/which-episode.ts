import type { ClockLog } from './clock-log.ts';
import type { DeliveredEpisode } from './delivered-episodes.ts';
import type { ExpectedDispatch } from './expected-stops.ts';
import type { Span } from './plan.ts';

/** The cost of one wrong fact. It is more than all vague facts together. */
const WRONG = 10_000;
/** The cost of an episode without a stop. It is more than the vaguest one with a stop. */
const LEFT = 4;

/**
 * The index of the episode of a stop, -1: it has none. When the clock was wrong or something was not seen, an episode may belong to one of
 * several stops. Then the assignment with the fewest wrong facts counts, and among those the least vague one. Episodes are in the order of
 * their stops.
 * @param later the later expected episodes of the same rule
 * @param left those of the rule's episodes (`all`) that belong to no other stop yet
 */
export function episodeOf(
  stop: ExpectedDispatch,
  later: readonly ExpectedDispatch[],
  left: readonly DeliveredEpisode[],
  all: readonly DeliveredEpisode[],
  clock: ClockLog,
): number {
  const extra = left.map(one => LEFT + (mayBeRest(one, left, all) ? 0 : WRONG));
  const costsAfter = costsOf(later, left, extra, (one, other) => costOf(one, other, all, clock));
  let best = -1;
  let least = missing(stop) + (costsAfter[0] ?? 0);
  let skipped = 0;
  for (const [at, one] of left.entries()) {
    const cost = skipped + costOf(one, stop, all, clock) + (costsAfter[at + 1] ?? 0);
    // When it fits two stops equally well, the first stop gets it.
    if (best < 0 ? cost <= least : cost < least) {
      best = at;
      least = cost;
    }
    skipped += extra[at] ?? 0;
  }
  return best;
}

/** For each index: the least cost of the stops with the episodes from there on. */
function costsOf(
  stops: readonly ExpectedDispatch[],
  left: readonly DeliveredEpisode[],
  extra: readonly number[],
  cost: (one: DeliveredEpisode, stop: ExpectedDispatch) => number,
): readonly number[] {
  const sums = [0];
  for (const one of extra.toReversed()) sums.unshift(one + (sums[0] ?? 0));
  let costs: readonly number[] = sums;
  for (const stop of stops.toReversed()) {
    const after = costs;
    const next = [missing(stop) + (after[left.length] ?? 0)];
    for (let at = left.length - 1; at >= 0; at--) {
      const one = left[at];
      const taken = one ? cost(one, stop) + (after[at + 1] ?? 0) : Number.POSITIVE_INFINITY;
      next.unshift(Math.min(taken, missing(stop) + (after[at] ?? 0), (extra[at] ?? 0) + (next[0] ?? 0)));
    }
    costs = next;
  }
  return costs;
}

function missing({ need }: ExpectedDispatch): number {
  return need === 'must' ? WRONG : 0;
}

/** The episode after one that a person ended may belong to the same stop. It is expected only after the first one is found. */
function mayBeRest(
  one: DeliveredEpisode,
  left: readonly DeliveredEpisode[],
  all: readonly DeliveredEpisode[],
): boolean {
  const before = all[all.indexOf(one) - 1];
  return before?.isEarly === true && left.includes(before);
}

/** The cost of wrong and vague facts when this episode belongs to that stop; infinite: it does not belong to it. */
function costOf(
  one: DeliveredEpisode,
  stop: ExpectedDispatch,
  all: readonly DeliveredEpisode[],
  clock: ClockLog,
): number {
  const wrong = [stop.need === 'never', !one.isEarly && !hasItsEnd(one, stop, clock)].filter(is => is).length;
  return wrong * WRONG + vagueness(one, stop, all, clock);
}

/**
 * A clock that was certainly that of the episode is less vague than one of an earlier process. The true time is less vague than a time that
 * is ahead.
 */
function vagueness(
  { open }: DeliveredEpisode,
  stop: ExpectedDispatch,
  all: readonly DeliveredEpisode[],
  clock: ClockLog,
): number {
  const { reported, begins, ahead } = stop;
  const stated = open.params.reported;
  const isStated = (surely?: 'surely', by?: number) =>
    reported.some(at => clock.isTimeOf(stated, at, open, surely, by));
  if (isIn(stated, begins) || isStated('surely')) return 0;
  if (isStated('surely', ahead)) return 1;
  if (isStated()) return 2;
  return isStated(undefined, ahead) || isHeldAtEarlier(open, reported, all, clock) ? 3 : Number.POSITIVE_INFINITY;
}

/** An episode that was not ended early ends when its stop did. */
export function hasItsEnd(one: DeliveredEpisode, stop: ExpectedDispatch, clock: ClockLog): boolean {
  return one.close !== null && (isEnd(one.close, stop, clock) || isFolded(one, stop.completed, clock));
}

function isEnd(
  close: NonNullable<DeliveredEpisode['close']>,
  { completed, ahead, ends }: ExpectedDispatch,
  clock: ClockLog,
): boolean {
  const stated = close.params.completed;
  return isIn(stated, ends) || completed.some(at => clock.isTimeOf(stated, at, close, null, ahead));
}

/**
 * No end is sent before its start. The source may have stamped the start later than the end, which comes from a clock that was set back
 * meanwhile.
 */
function isFolded({ open, close }: DeliveredEpisode, completed: readonly number[], clock: ClockLog): boolean {
  if (close?.params.completed !== open.params.reported) return false;
  return completed.some(at => clock.isLater(open.params.reported, at, close));
}

/**
 * No stop is sent with a begin before the begin or end of the rule's earlier stop. The source may have stamped the earlier one later than
 * the time of a clock that was set back since then.
 */
function isHeldAtEarlier(
  open: DeliveredEpisode['open'],
  reported: readonly number[],
  all: readonly DeliveredEpisode[],
  clock: ClockLog,
): boolean {
  const at = open.params.reported;
  const held = all.flatMap(one => [
    ...(one.open.params.reported === at ? [one.open.made] : []),
    ...(one.close?.params.completed === at ? [one.close.made] : []),
  ]);
  return reported.some(time => clock.isLater(at, time, open) && held.some(made => made < time));
}

function isIn(stated: number, spans: readonly Span[] = []): boolean {
  return spans.some(({ from, to }) => stated >= from && stated <= to);
}
