import type { SignalDefinition } from '../../core/sample.ts';
import { type RuleMachine, WITHOUT_CONDITION } from '../engine/rule-machine.ts';
import type { SignalCell } from '../engine/signal-table.ts';
import { type Step, tell } from '../engine/step.ts';
import { tellerOf } from '../engine/teller.ts';
import type { ProductionRule } from '../program.ts';
import { type CounterState, createCounter, knownUntil } from './counters.ts';
import { followCounter } from './followed-counter.ts';
import { type Amount, createIntervals, type Span } from './intervals.ts';
import { createProductRuns } from './product-runs.ts';
import { newProductionState, type ProductionState } from './production-state.ts';
import { tellInterval } from './record-set.ts';

/** After a standstill a counter that moved meanwhile is read within so long (ms): a poll, or what the server had queued. */
const LATEST_READING = 10_000;

export type ProductionOptions = {
  readonly rule: ProductionRule;
  /** The cell of every signal the rule names. */
  readonly cells: ReadonlyMap<string, SignalCell>;
  readonly restored: ProductionState | null;
};

/**
 * Counts a line's parts into clock-aligned intervals and tells each after its end and `lateness`.
 *
 * - Every counted part is in exactly one set; sets never overlap; an interval without parts and scrap is no set.
 * - `total` counts: good = total − scrap. Scrap beyond the total, and what rounding to two decimals leaves, is carried on.
 * - A count is multiplied by `per_count` as it is at that moment; while that is unknown the counts wait for it.
 * - A new product cuts the interval. Parts of a blind time belong to the product before it. Without a code the interval is
 *   parked: never sent under a wrong product.
 * - A blind time across the end of an interval is one set of its own (`one`), or divided over the intervals (`spread`).
 *   A scrap counter that is blind alone counts where it comes back.
 */
export function createProduction({ rule, cells, restored }: ProductionOptions): RuleMachine {
  const { every, lateness, quantity, perCount, product } = rule;
  const follow = (definition: SignalDefinition, kept: CounterState | undefined | null) =>
    followCounter(rule, cells.get(definition.name), createCounter(definition, kept ?? null, 'base'));
  const parts = follow(quantity.counter, restored?.quantity);
  const scraps = rule.scrap.map(({ category, counter }) => ({
    category,
    ...follow(counter, restored?.scrap[category]),
  }));
  const counters = [parts, ...scraps];
  const { counter } = parts;
  const state = restored
    ? { ...structuredClone(restored), of: quantity.of, product: product?.text ?? null }
    : newProductionState(rule);
  const runs = createProductRuns(product, cells, state.runs);
  const { changes } = runs;
  const intervals = createIntervals({ every, restored: state.intervals, toldUntil: state.toldUntil, changes });
  const teller = tellerOf(rule, [...cells.values()]);

  function partsPerCount(): number | undefined {
    if (typeof perCount === 'number') return perCount;
    const cell = cells.get(perCount);
    const value = cell?.good ? Number(cell.value) : Number.NaN;
    return Number.isFinite(value) && value >= 0 ? value : undefined;
  }

  function followProduct(at: number, step: Step): void {
    const product = runs.change(step.serial);
    if (product === undefined) return;
    // The first product ever known is also that of the parts counted just before it was known.
    runs.begin(runs.isEmpty ? 0 : intervals.cutAt(Math.max(at, state.time ?? at)), product);
    step.changed.add(rule.name);
  }

  /** Products that ended before anything still waiting are not needed any more. */
  function forgetRuns(): void {
    const first = Math.min(
      intervals.oldest()?.start ?? Infinity,
      counter.blindFrom ?? Infinity,
      state.waiting[0]?.blindFrom ?? state.waiting[0]?.at ?? Infinity,
      (state.time ?? 0) - every - lateness,
    );
    runs.forget(Math.max(first, intervals.toldUntil));
  }

  /** The blind time a movement spans, when it goes across the end of an interval. */
  function blindSpan(from: number | null, to: number): Span | null {
    return from !== null && from < to && Math.floor(from / every) !== Math.floor(to / every) ? { from, to } : null;
  }

  function place(count: number, scrap: number, blindFrom: number | null, at: number, per: number): void {
    if (count === 0 && scrap === 0) return;
    const span = blindSpan(blindFrom, at);
    const amount: Amount = { parts: count * per, scrap };
    if (span === null) intervals.add(at, amount);
    else if (rule.afterGap === 'one') intervals.addSpan(span, amount);
    else intervals.spread(span, { parts: count, scrap }, per);
  }

  function keepWaiting(count: number, at: number, blindFrom: number | null): void {
    const last = state.waiting.at(-1);
    const sameInterval = last && Math.floor(last.at / every) === Math.floor(at / every);
    if (last && sameInterval && last.blindFrom === null && blindFrom === null) last.count += count;
    else state.waiting.push({ at, count, blindFrom });
  }

  function placeWaiting(per: number, step: Step): void {
    if (state.waiting.length === 0) return;
    for (const { at, count, blindFrom } of state.waiting) place(count, 0, blindFrom, at, per);
    state.waiting = [];
    step.changed.add(rule.name);
  }

  /** The oldest interval is told after its end and the lateness; what a blind time can still add to waits for its end. */
  function dueNow(): number {
    const oldest = intervals.oldest();
    if (oldest === undefined) return Infinity;
    const { blindFrom } = counter;
    const waits = blindFrom !== null && oldest.end > blindFrom && blindFrom - oldest.start < 1000;
    return waits ? Infinity : oldest.end + lateness;
  }

  function closeOldest(at: number, step: Step): void {
    const { blindFrom } = counter;
    if (blindFrom !== null && (intervals.oldest()?.end ?? 0) > blindFrom) intervals.shorten(blindFrom);
    const interval = intervals.take();
    if (interval === undefined) return;
    tellInterval(state, interval, teller, `counted on ${quantity.counter.name}`, at, step);
    forgetRuns();
    step.changed.add(rule.name);
  }

  /** All that was counted is recorded now, for the line and in the mode it was counted for, and no time in which nobody counted. */
  function endIntervals(knownUntil: number, at: number, step: Step): void {
    for (let oldest = intervals.oldest(); oldest !== undefined; oldest = intervals.oldest()) {
      intervals.shorten(Math.max(knownUntil, oldest.start + 1000));
      closeOldest(at, step);
    }
  }

  /** What belongs to the other mode and can't be recorded any more: it must not change what this mode records. */
  function dropRest(at: number, step: Step): void {
    const counts = sum(state.waiting, one => one.count);
    state.waiting = [];
    state.carry = 0;
    if (counts === 0) return;
    const words = `the gateway's mode was changed: ${counts} counts wait for ${perCount} from before; they are not recorded`;
    tell(step, rule, at, 'removed', words);
  }

  return {
    rule,
    ...WITHOUT_CONDITION,
    get due() {
      return dueNow();
    },
    evaluate(at, step) {
      followProduct(at, step);
      const counted = parts.read(at, step);
      if (counted !== null) parts.tell(counted, at, step);
      let scrap = 0;
      for (const one of scraps) {
        const scrapped = one.read(at, step);
        if (scrapped === null) continue;
        one.tell(scrapped, at, step);
        scrap += scrapped.moved;
      }
      const per = partsPerCount();
      if (per !== undefined) placeWaiting(per, step);
      const moved = counted?.moved ?? 0;
      const blindFrom = counted?.blindFrom ?? null;
      if (per !== undefined || moved === 0) place(moved, scrap, blindFrom, at, per ?? 1);
      else {
        keepWaiting(moved, at, blindFrom);
        place(0, scrap, null, at, 1);
      }
      if (moved > 0 || scrap > 0) {
        state.time = Math.max(at, state.time ?? at);
        state.clock = step.time;
      }
    },
    fire(at, step) {
      // While nothing is known time stands still, so that queued messages can still tell when the product changed.
      const knownUntil = Math.min(at, counter.blindFrom ?? at);
      state.time = Math.max(knownUntil, state.time ?? knownUntil);
      closeOldest(at, step);
    },
    restart(lastAlive, at, step) {
      const otherMode = state.countedIn !== null && state.countedIn !== step.mode;
      if (state.line !== rule.line || otherMode) {
        endIntervals(knownUntil(counter.at, state.held, lastAlive), at, step);
        if (otherMode) dropRest(at, step);
        state.line = rule.line;
        step.changed.add(rule.name);
      }
      if (state.countedIn !== step.mode && counter.at !== null) step.changed.add(rule.name);
      state.countedIn = step.mode;
      for (const one of counters) one.restart(knownUntil(one.counter.at, state.held, lastAlive), step);
      state.held = false;
    },
    standstill(from, to, step) {
      for (const one of counters) one.lose(from, step, to + LATEST_READING);
    },
    hold(held, step) {
      if (state.held !== held && counter.at !== null) step.changed.add(rule.name);
      state.held = held;
    },
    state() {
      const scrap: ProductionState['scrap'] = { ...state.scrap };
      for (const one of scraps) {
        const kept = one.counter.state();
        if (kept) scrap[one.category] = kept;
      }
      const { toldUntil, all } = intervals;
      return structuredClone({ ...state, quantity: counter.state(), scrap, intervals: [...all], toldUntil });
    },
    view() {
      const made = sum(intervals.all, interval => interval.parts);
      const scrap = sum(intervals.all, interval => interval.scrap);
      const skipped = sum(counters, one => one.counter.quarantined);
      const implausible = skipped > 0 ? `; ${skipped} implausible counts left out` : '';
      const waiting = sum(state.waiting, one => one.count);
      const held = waiting > 0 ? `; ${waiting} counts wait for ${perCount}` : '';
      const text = `${made} parts, ${scrap} scrap not told yet${held}${implausible}`;
      const due = dueNow();
      return {
        rule: rule.name,
        kind: 'production',
        phase: 'counting',
        since: intervals.oldest()?.start ?? null,
        due: Number.isFinite(due) ? due : null,
        text,
      };
    },
  };
}

function sum<Of>(all: readonly Of[], amount: (one: Of) => number): number {
  return all.reduce((total, one) => total + amount(one), 0);
}
