import type { Step } from '../common/step.ts';
import type { Counted } from './counter-track.ts';
import type { FollowedCounter } from './followed-counter.ts';
import { addTo, type Moment, momentAt, type ScrapCount } from './moments.ts';
import type { Product } from './product-runs.ts';
import { keepWaiting } from './production-state.ts';
import type { RunningProduction } from './running-production.ts';

/**
 * Reads the counters and the product of this step and places what was counted. `productIsRead`: the signals of the product show
 * what runs now.
 */
export function countStep(run: RunningProduction, at: number, productIsRead: boolean, step: Step): void {
  const { state, parts, scraps, runs } = run;
  const { counter } = parts;
  const next = runs.change(step.serial);
  const { doubts, blindFrom } = counter;
  const counted = parts.read(at, step);
  noteLoss(run);
  const lost = takeLoss(run);
  if (counter.doubts > doubts) state.beforeDoubt ??= lost;
  reportAll(parts, counted, step);
  const scrapped = scraps.flatMap(one => ofCategory(run, one, reportAll(one, one.read(at, step), step)));
  const now = momentOfStep(run, at);
  const ready = gather(run, counted, scrapped, at, lost);
  if (state.moments.includes(now)) {
    now.after ??= productIsRead ? (next ?? runs.current ?? null) : null;
    if (counter.waitsIn(at)) now.blindFrom ??= blindFrom;
    step.changed.add(run.rule.name);
  }
  // The counts of the first reading of a new product belong to that product, unless nothing was read before it.
  const isBlind = state.judging !== null || ready.some(one => one.before !== null);
  if (!isBlind) beginProduct(run, next, at, step);
  placeWaiting(run, step);
  for (const one of ready) count(run, one, step);
  if (state.judging !== null) step.changed.add(run.rule.name);
  if (productIsRead) judge(run, next ?? runs.current ?? null, step);
  if (isBlind) beginProduct(run, next, at, step);
}

/** Believes the counts that have waited too long for the next reading. */
export function believeDue(run: RunningProduction, at: number, step: Step): void {
  const believe = (one: FollowedCounter) => (one.believedAt() <= at ? reportAll(one, one.believeAll(step), step) : []);
  const made = believe(run.parts);
  const scrapped = run.scraps.flatMap(one => ofCategory(run, one, believe(one)));
  countReady(run, made, scrapped, Number.NaN, step);
}

/** Scrap with the category of its counter. */
function ofCategory(
  { rule }: RunningProduction,
  counter: { readonly category: string },
  counted: readonly Counted[],
): readonly ScrapCount[] {
  const category = rule.byCategory ? counter.category : null;
  return counted.map(({ at, moved }) => ({ at, moved, category }));
}

/** Adds the counts that no longer wait for a reading. */
export function countReady(
  run: RunningProduction,
  made: readonly Counted[],
  scrapped: readonly ScrapCount[],
  at: number,
  step: Step,
): void {
  for (const one of gather(run, made, scrapped, at, null)) count(run, one, step);
}

/** `after`: the product after the blind time; null: it was not read soon enough. */
export function judge({ rule, placing }: RunningProduction, after: Product | null, step: Step): void {
  if (placing.judge(after)) step.changed.add(rule.name);
}

/** Keeps the product at the beginning of a blind time. The queue of a broker is read later, so it leaves no blind time. */
export function noteLoss({ state, parts, runs, productCanChange }: RunningProduction): void {
  if (parts.counter.blindFrom !== null && productCanChange) state.beforeBlind ??= runs.current ?? null;
}

/** The product before the reading of this step, if this is the first reading after a blind time. */
function takeLoss({ state, parts }: RunningProduction): Product | null {
  if (parts.counter.blindFrom !== null) return null;
  const before = state.held ? null : state.beforeBlind;
  state.beforeBlind = null;
  return before;
}

function reportAll(counter: FollowedCounter, counted: readonly Counted[], step: Step): readonly Counted[] {
  for (const one of counted) counter.report(one, step);
  return counted;
}

/** The moment of this step in the state. */
function momentOfStep({ state, partsPerCount }: RunningProduction, at: number): Moment {
  const known = state.moments.find(one => one.at === at);
  if (known) return known;
  const now = momentAt(at, partsPerCount() ?? null);
  state.moments.push(now);
  return now;
}

/** Adds the counts of the step. Returns the readings in which no counter waits any more, oldest first. */
function gather(
  { state, parts, counters }: RunningProduction,
  made: readonly Counted[],
  scrapped: readonly ScrapCount[],
  at: number,
  lost: Product | null,
): Moment[] {
  addTo(state.moments, made, scrapped, at, { now: lost, doubt: state.beforeDoubt });
  if (parts.counter.doubts === 0) state.beforeDoubt = null;
  const waits = (one: Moment) => counters.some(({ counter }) => counter.waitsIn(one.at));
  const ready = state.moments.filter(one => !waits(one)).toSorted((a, b) => a.at - b.at);
  state.moments = state.moments.filter(waits);
  return ready;
}

/** Counts wait while parts per count are unknown. */
function count(run: RunningProduction, moment: Moment, step: Step): void {
  const { rule, state, placing } = run;
  const { at, count, blindFrom, before, after, scrap, categories } = moment;
  const scrapped = { scrap, ...(categories && { categories }) };
  if (count === 0 && scrap === 0) return;
  const per = moment.per ?? run.partsPerCount();
  const isJudged = state.judging === null;
  if (count === 0) placing.place({ at, count, per: 1, ...scrapped, blindFrom: null, before: null });
  else if (per !== undefined) placing.place({ at, count, per, ...scrapped, blindFrom, before });
  else {
    keepWaiting(state.waiting, rule.every, { at, count, blindFrom, before });
    placing.place({ at, count: 0, per: 1, ...scrapped, blindFrom: null, before: null });
  }
  if (isJudged && after !== null) judge(run, after, step);
  state.time = Math.max(at, state.time ?? at);
  state.clock = step.time;
  step.changed.add(rule.name);
}

function placeWaiting({ rule, state, placing, partsPerCount }: RunningProduction, step: Step): void {
  const per = partsPerCount();
  if (per === undefined || state.waiting.length === 0) return;
  for (const one of state.waiting) placing.place({ ...one, per, scrap: 0 });
  state.waiting = [];
  step.changed.add(rule.name);
}

function beginProduct(
  { rule, state, runs, intervals }: RunningProduction,
  product: Product | undefined,
  at: number,
  step: Step,
): void {
  if (product === undefined) return;
  // The first known product is also the product of the parts counted just before.
  runs.begin(runs.isEmpty ? 0 : intervals.cutAt(Math.max(at, state.time ?? at)), at, product);
  step.changed.add(rule.name);
}
