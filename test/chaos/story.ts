import type { Sample } from '../../src/core/sample.ts';
import { between, type Random } from '../../src/simulation/random.ts';
import type { CycleRule, DispatchRule } from './rules.ts';

export type Stop = { readonly start: number; readonly end: number };
export type Stroke = { readonly at: number; readonly recipe: number; readonly scrap: boolean };

/** The values that a machine's PLC shows from `at` on. */
export type Moment = {
  readonly at: number;
  readonly running: boolean;
  readonly strokes: number;
  readonly scrap: number;
  readonly recipe: number;
};

export type MachineSpec = {
  /** Its name in the signals. */
  readonly name: string;
  /** Its code in L2L. */
  readonly machine: string;
  readonly line: string | null;
  /** broker: every change is a message that the broker keeps; poller: only the state at a poll is seen. */
  readonly via: 'broker' | 'poller';
  /** The rules that open dispatches for its stops; the first one has the shortest on_delay. */
  readonly dispatches: readonly [DispatchRule, ...DispatchRule[]];
  readonly counts: CycleRule;
  /** Time from stroke to stroke (ms). */
  readonly cycle: number;
  /** The highest value of the stroke register plus one. */
  readonly register: number;
  readonly strokesAtStart: number;
  /** How often its PLC restarts with counters at 0. */
  readonly resets: number;
  readonly scrapShare: number;
  readonly recipes: readonly number[];
};

/** Everything that one machine does from start to end. It is fixed before anything runs, so the gateway cannot change it. */
export type MachineStory = {
  readonly spec: MachineSpec;
  readonly moments: readonly Moment[];
  readonly strokes: readonly Stroke[];
  readonly stops: readonly Stop[];
  readonly resets: readonly number[];
};

const SCRAP_REGISTER = 65_536;
/** Every stop differs from an on_delay by at least this much, and every run from an off_delay, so that rounding never decides (ms). */
const CLEAR_OF_DELAY = 5000;

function clearOf(length: number, delays: readonly number[]): number {
  const near = delays.some(delay => Math.abs(length - delay) < CLEAR_OF_DELAY);
  return near ? clearOf(length + 2 * CLEAR_OF_DELAY, delays) : length;
}

export function makeStory(spec: MachineSpec, random: Random, begin: number, end: number): MachineStory {
  const moments: Moment[] = [];
  const strokes: Stroke[] = [];
  const stops: Stop[] = [];
  const resets = Array.from({ length: spec.resets }, () => Math.round(between(random, begin + 300_000, end))).sort(
    (a, b) => a - b,
  );
  const [{ delay }] = spec.dispatches;
  const delays = spec.dispatches.map(rule => rule.delay);
  const offDelays = spec.dispatches.map(rule => rule.offDelay);
  let pending = [...resets];
  let running = true;
  let register = spec.strokesAtStart;
  let scrap = 0;
  let recipeAt = 0;

  const note = (at: number) => {
    moments.push({ at, running, strokes: register, scrap, recipe: spec.recipes[recipeAt] ?? 0 });
  };
  const resetUntil = (at: number) => {
    for (let next = pending[0]; next !== undefined && next < at; next = pending[0]) {
      pending = pending.slice(1);
      register = 0;
      scrap = 0;
      note(next);
    }
  };

  note(begin - 10_000_000);
  let at = begin;
  while (at < end) {
    const runEnd = Math.min(end, at + clearOf(Math.round(between(random, 120_000, 900_000)), offDelays));
    for (;;) {
      const next = at + Math.round(spec.cycle * between(random, 0.8, 1.2));
      if (next >= runEnd) break;
      at = next;
      resetUntil(at);
      const isScrap = random() < spec.scrapShare;
      strokes.push({ at, recipe: spec.recipes[recipeAt] ?? 0, scrap: isScrap });
      register = (register + 1) % spec.register;
      if (isScrap) scrap = (scrap + 1) % SCRAP_REGISTER;
      note(at);
    }
    if (runEnd >= end) break;
    const start = runEnd;
    const isShort = random() < 0.35;
    const drawn = isShort
      ? between(random, 3000, delay - CLEAR_OF_DELAY)
      : between(random, delay + CLEAR_OF_DELAY, delay + 20 * 60_000 * random() ** 2 + 2 * CLEAR_OF_DELAY);
    const length = clearOf(Math.round(drawn), delays);
    resetUntil(start);
    running = false;
    note(start);
    if (length > 12_000 && spec.recipes.length > 1 && random() < 0.5) {
      const change = start + Math.round(length / 2);
      resetUntil(change);
      recipeAt = (recipeAt + 1) % spec.recipes.length;
      note(change);
    }
    resetUntil(start + length);
    running = true;
    at = start + length;
    note(at);
    stops.push({ start, end: at });
  }
  resetUntil(Number.POSITIVE_INFINITY);
  return { spec, moments, strokes, stops, resets };
}

/** The values that the PLC shows at a moment. */
export function momentAt(story: MachineStory, at: number): Moment {
  const { moments } = story;
  let low = 0;
  let high = moments.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((moments[middle]?.at ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  const found = moments[low];
  if (!found) throw new Error(`${story.spec.name} has no story`);
  return found;
}

/** The samples of a moment of a machine. `sourceAt`: the time from the source (ms since 1970). */
export function samplesOf({ spec }: MachineStory, moment: Moment, sourceAt?: number): Sample[] {
  const dated = sourceAt === undefined ? {} : { sourceAt };
  const { running, strokes, scrap, recipe } = moment;
  return Object.entries({ running, strokes, scrap, recipe }).map(([field, value]) => ({
    signal: `${spec.name}.${field}`,
    value,
    quality: 'good' as const,
    ...dated,
  }));
}
