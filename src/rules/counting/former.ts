import { formerAuthor } from '../common/action-author.ts';
import { REMOVED } from '../common/rule-words.ts';
import { report, type Step } from '../common/step.ts';
import { totalOf, uncertaintyOf } from './blind-product.ts';
import { bothCategories } from './categories.ts';
import type { CounterState } from './counter-state.ts';
import { knownUntil } from './counters.ts';
import { makeCount } from './cycle-count.ts';
import type { CyclesState } from './cycles-state.ts';
import type { Amount } from './intervals.ts';
import { addTo } from './moments.ts';
import type { ProductionState } from './production-state.ts';
import { makeRecordSet } from './record-set.ts';

const SECOND = 1000;

/** Sends the counts of a removed rule [R4]. */
export function endCycles(name: string, state: CyclesState, _lastAlive: number, at: number, step: Step): void {
  believe(state);
  if (state.pending > 0) makeCount(state, formerAuthor(name), `${state.pending} counted; ${REMOVED}`, at, step);
}

/** Counts that waited for the next reading are believed, because no reading comes any more. */
function believe(state: CyclesState): void {
  const doubted = (state.counter?.doubted ?? []).filter(({ moved }) => moved > 0);
  for (const { moved, from, at } of doubted) {
    if (state.pending === 0) state.from = from;
    state.pending += moved;
    state.total += moved;
    state.to = Math.max(state.to, at);
  }
}

/** Puts counts that waited for the next reading into the interval of their time, or into an interval of their own. */
function place(state: ProductionState): void {
  const { quantity, scrap, byCategory, moments, beforeDoubt, toldUntil, waiting } = state;
  const add = (at: number, amount: Amount) => {
    if (amount.parts === 0 && amount.scrap === 0) return;
    const last = state.intervals.at(-1);
    const found = state.intervals.find(({ end }) => at < end) ?? last;
    if (found) {
      found.parts += amount.parts;
      found.scrap += amount.scrap;
      Object.assign(found, bothCategories(found, amount));
      return;
    }
    const start = Math.max(Math.floor(at / SECOND) * SECOND, toldUntil);
    state.intervals.push({ start, end: start + SECOND, ...amount, blind: false });
  };
  const believed = (counter: CounterState) => counter.doubted.map(one => ({ ...one, at: one.moment }));
  const scrapped = Object.entries(scrap).flatMap(([name, counter]) => {
    const category = byCategory ? name : null;
    return believed(counter).map(one => ({ ...one, category }));
  });
  addTo(moments, quantity ? believed(quantity) : [], scrapped, Number.NaN, { now: null, doubt: beforeDoubt });
  for (const { at, count, per, blindFrom, before, after, ...one } of moments.toSorted((a, b) => a.at - b.at)) {
    if (per === null && count > 0) waiting.push({ at, count, blindFrom, before });
    const parts = count * (per ?? 0);
    const scrapped = { scrap: one.scrap, ...(one.categories && { categories: one.categories }) };
    if (before === null || uncertaintyOf(before, after) === null) add(at, { parts, ...scrapped });
    else {
      state.judging ??= { from: blindFrom ?? at, since: at, before, entries: [] };
      state.judging.entries.push({ at, count, per: per ?? 0, ...scrapped, blindFrom, before });
    }
  }
}

/** Sends every interval up to the last seen time. Counts without parts per count can't be sent. */
export function endLine(name: string, state: ProductionState, lastAlive: number, at: number, step: Step): void {
  place(state);
  const { quantity, held, intervals, waiting, judging } = state;
  const seenUntil = Math.min(knownUntil(quantity?.at ?? null, held, lastAlive), quantity?.blindFrom ?? Infinity);
  for (const interval of intervals) {
    const seen = Math.max(Math.floor(seenUntil / SECOND) * SECOND, interval.start + SECOND);
    const closed = { ...interval, end: Math.min(interval.end, seen) };
    makeRecordSet(state, closed, formerAuthor(name), { where: `counted; ${REMOVED}` }, at, step);
  }
  if (judging !== null) {
    // No rule reads the product of that line any more.
    const { span, amount } = totalOf(judging);
    const uncertain = uncertaintyOf(judging.before, null);
    const start = Math.max(Math.floor(span.from / SECOND) * SECOND, state.toldUntil, intervals.at(-1)?.end ?? 0);
    const end = Math.max(Math.ceil(span.to / SECOND) * SECOND, start + SECOND);
    const closed = { start, end, ...amount, blind: true, ...(uncertain && { uncertain }) };
    makeRecordSet(state, closed, formerAuthor(name), { where: `counted; ${REMOVED}` }, at, step);
  }
  const counts = waiting.reduce((sum, { count }) => sum + count, 0);
  if (counts === 0) return;
  const lost = `${counts} counts without parts per count`;
  report(step, { name }, at, 'removed', `${REMOVED}; ${lost} were never sent and are forgotten now`);
}
