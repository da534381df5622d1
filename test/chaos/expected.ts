import type { MachineStory, Moment, Stroke } from './plant.ts';
import type { Look } from './poller.ts';

/** A dispatch that has to be there, or may be. Times are instants one of which it must have (ms since 1970). */
export type ExpectedDispatch = {
  readonly reported: readonly number[];
  readonly completed: readonly number[];
  /** never: the condition was not known to hold for long enough. */
  readonly need: 'must' | 'may' | 'never';
};

/** What L2L has to hold of one machine. Amounts between two numbers where a reset was not seen from both sides. */
export type Expected = {
  readonly dispatches: readonly ExpectedDispatch[];
  readonly cycles: readonly [number, number];
  readonly good: readonly [number, number];
  readonly scrap: readonly [number, number];
  /** Told apart by recipe where every change was seen when it happened. */
  readonly byRecipe: ReadonlyMap<number, { readonly good: number; readonly scrap: number }> | null;
};

/** A time in which the process stood still. */
export type Standstill = { readonly from: number; readonly to: number };

/**
 * A source that keeps everything: what happened is what is expected, whatever the gateway went through. But time in which the
 * process stood still counts for no delay (docs/decisions/0007-time-nobody-watched.md).
 */
export function expectAll({ spec, stops, strokes }: MachineStory, standstills: readonly Standstill[]): Expected {
  const exactly = (count: number) => [count, count] as const;
  const isScrap = ({ scrap }: Stroke) => scrap;
  const recipes = new Set(strokes.map(({ recipe }) => recipe));
  const byRecipe = [...recipes].map(recipe => {
    const made = strokes.filter(stroke => stroke.recipe === recipe);
    const scrap = made.filter(isScrap).length;
    return [recipe, { good: made.length - scrap, scrap }] as const;
  });
  const scrap = strokes.filter(isScrap).length;
  return {
    dispatches: stops
      .filter(({ start, end }) => end - start >= spec.delay)
      .map(({ start, end }) => {
        const touching = standstills.filter(({ from, to }) => from < end && to + AFTER_STANDSTILL > start);
        return {
          reported: [start, ...touching.map(({ to }) => to + 1000)],
          completed: [end],
          need: touching.length === 0 ? 'must' : 'may',
        };
      }),
    cycles: exactly(strokes.length),
    good: exactly(strokes.length - scrap),
    scrap: exactly(scrap),
    byRecipe: new Map(byRecipe),
  };
}

/** One look at one machine. `sure`: it is in the journal of every later life. `gap`: nothing was seen for a while before it. */
type Sight = { readonly at: number; readonly moment: Moment; readonly sure: boolean; readonly gap: boolean };

/** How long a life saw and wrote: a look after its last commit may have been forgotten with it. */
export type LifeEnd = { readonly life: number; readonly writtenUntil: number };

/** A source that shows only what is there now: what the gateway was shown decides, with the stated limits and no others. */
export function expectSeen(
  story: MachineStory,
  index: number,
  looks: readonly Look[],
  ends: readonly LifeEnd[],
  poll: number,
): Expected {
  const written = new Map(ends.map(({ life, writtenUntil }) => [life, writtenUntil]));
  const sights: Sight[] = looks.flatMap((look, at) => {
    const moment = look.moments[index];
    const before = looks[at - 1];
    const until = written.get(look.life);
    const sure = until === undefined || look.at < until;
    const gap = !before || before.life !== look.life || look.at - before.at > poll + 2000;
    return moment ? [{ at: look.at, moment, sure, gap }] : [];
  });
  const all = movements(sights, story.spec.register);
  const sure = movements(
    sights.filter((sight, at) => sight.sure || at === sights.length - 1),
    story.spec.register,
  );
  const range = (of: (counted: Counted) => number) =>
    [Math.min(of(all), of(sure)), Math.max(of(all), of(sure))] as const;
  return {
    dispatches: dispatchesSeen(sights, story.spec.delay, poll),
    cycles: range(({ strokes }) => strokes),
    good: [
      Math.min(all.strokes - all.scrap, sure.strokes - sure.scrap),
      Math.max(all.strokes - all.scrap, sure.strokes - sure.scrap),
    ],
    scrap: range(({ scrap }) => scrap),
    byRecipe: null,
  };
}

/** How long after a standstill what waited in the sockets is read (ms). */
const AFTER_STANDSTILL = 2000;

type Counted = { readonly strokes: number; readonly scrap: number };

/** The movement between consecutive readings with at most one wrap or reset between two. */
function movements(sights: readonly Sight[], register: number): Counted {
  let strokes = 0;
  let scrap = 0;
  sights.forEach(({ moment }, at) => {
    const before = sights[at - 1]?.moment;
    if (!before) return;
    strokes += moved(before.strokes, moment.strokes, register);
    scrap += moved(before.scrap, moment.scrap, 65_536);
  });
  return { strokes, scrap };
}

function moved(before: number, after: number, register: number): number {
  if (after >= before) return after - before;
  const wrapped = register - before + after;
  return wrapped < 1000 ? wrapped : after;
}

/** The stops a rule could see, one after the other; two with nothing seen between them are one. */
function dispatchesSeen(sights: readonly Sight[], delay: number, poll: number): ExpectedDispatch[] {
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
  // What was forgotten may have made one stop of two, or none of one.
  const around = sights.slice(Math.max(0, first - 1), last + 2);
  const gaps = around.filter(({ gap }) => gap).length;
  const margin = 2 * poll + 3000;
  if (total + (gaps + 1) * margin < delay) return { reported, completed, need: 'never' };
  const must = longest >= delay + margin && around.every(({ sure }) => sure);
  return { reported, completed, need: must ? 'must' : 'may' };
}
