import type { SignalDefinition } from '../../core/sample.ts';
import { authorOf } from '../common/action-author.ts';
import { type RuleMachine, WITHOUT_CONDITION } from '../common/rule-machine.ts';
import type { SignalCell } from '../common/signal-table.ts';
import { report, type Step } from '../common/step.ts';
import type { ProductionRule } from '../program.ts';
import type { CounterState } from './counter-state.ts';
import { type Counted, createCounter, knownUntil } from './counters.ts';
import { type FollowedCounter, followCounter } from './followed-counter.ts';
import { createIntervals } from './intervals.ts';
import { addTo, type Moment, momentAt } from './moments.ts';
import { createPlacing } from './placing.ts';
import { createProductRuns, type Product, withProducts } from './product-runs.ts';
import { keepWaiting, newProductionState, type ProductionState } from './production-state.ts';
import { productionWords, sum } from './production-words.ts';
import { makeRecordSet } from './record-set.ts';

/** After a standstill a counter that moved meanwhile is read within so long (ms): a poll, or what the server had queued. */
const LATEST_READING = 10_000;

export type ProductionOptions = {
  readonly rule: ProductionRule;
  /** The cell of every signal the rule names. */
  readonly cells: ReadonlyMap<string, SignalCell>;
  readonly restored: ProductionState | null;
};

/**
 * Counts a line's parts into clock-aligned intervals and sends each after its end and `lateness`.
 *
 * - Every counted part is in exactly one set; sets never overlap; an interval without parts and scrap is no set.
 * - `total` counts: good = total − scrap. Scrap beyond the total, and what rounding to two decimals leaves, is carried on.
 * - A count is multiplied by `per_count` as it is at that moment; while that is unknown the counts wait for it.
 * - A new product cuts the interval. Without a code the interval is parked: never sent under a wrong product.
 * - Parts of a blind time wait until the product is read that runs after it. When it is another one than before, they are a set
 *   of their own, flagged: under the product before it, or parked.
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
    ? {
        ...withProducts(structuredClone(restored), product),
        of: quantity.of,
        product: product?.text ?? null,
        blindProduct: rule.blindProduct,
      }
    : newProductionState(rule);
  const runs = createProductRuns(product, cells, state.runs);
  const { changes } = runs;
  const intervals = createIntervals({ every, restored: state.intervals, toldUntil: state.toldUntil, changes });
  const placing = createPlacing(rule, state, intervals);
  const { place, judgedBy } = placing;
  /** A product that depends on no signal is the same after a blind time. */
  const canChange = product !== null && product.signals.length > 0;
  /** After a standstill a product that changed meanwhile is read by then. */
  let stillUnread = -Infinity;
  const author = authorOf(rule, [...cells.values()]);

  function partsPerCount(): number | undefined {
    if (typeof perCount === 'number') return perCount;
    const cell = cells.get(perCount);
    const value = cell?.good ? Number(cell.value) : Number.NaN;
    return Number.isFinite(value) && value >= 0 ? value : undefined;
  }

  function begin(product: Product | undefined, at: number, step: Step): void {
    if (product === undefined) return;
    // The first product ever known is also that of the parts counted just before it was known.
    runs.begin(runs.isEmpty ? 0 : intervals.cutAt(Math.max(at, state.time ?? at)), at, product);
    step.changed.add(rule.name);
  }

  /** Products that ended before anything still waiting are not needed any more. */
  function forgetRuns(): void {
    const first = Math.min(
      intervals.oldest()?.start ?? Infinity,
      counter.blindFrom ?? Infinity,
      state.judging?.from ?? Infinity,
      ...[...state.waiting, ...state.moments].map(one => one.blindFrom ?? one.at),
      (state.time ?? 0) - every - lateness,
    );
    runs.forget(Math.max(first, intervals.toldUntil));
  }

  /** Takes in what was counted; returns the readings that no counter waits in any more, oldest first. */
  function gather(made: readonly Counted[], scrapped: readonly Counted[], at: number, lost: Product | null): Moment[] {
    addTo(state.moments, made, scrapped, at, { now: lost, doubt: state.beforeDoubt });
    if (counter.doubts === 0) state.beforeDoubt = null;
    const waits = (one: Moment) => counters.some(({ counter: its }) => its.waitsIn(one.at));
    const ready = state.moments.filter(one => !waits(one)).toSorted((a, b) => a.at - b.at);
    state.moments = state.moments.filter(waits);
    return ready;
  }

  /** Counts wait while parts per count are unknown. */
  function count({ at, count, scrap, blindFrom, before, after, ...moment }: Moment, step: Step): void {
    if (count === 0 && scrap === 0) return;
    const per = moment.per ?? partsPerCount();
    const isJudged = state.judging === null;
    if (count === 0) place({ at, count, per: 1, scrap, blindFrom: null, before: null });
    else if (per !== undefined) place({ at, count, per, scrap, blindFrom, before });
    else {
      keepWaiting(state.waiting, every, { at, count, blindFrom, before });
      place({ at, count: 0, per: 1, scrap, blindFrom: null, before: null });
    }
    if (isJudged && after !== null) judge(after, step);
    state.time = Math.max(at, state.time ?? at);
    state.clock = step.time;
    step.changed.add(rule.name);
  }

  /** Counts that wait for the next reading are believed, should none come. */
  function settle(at: number, step: Step): void {
    const believe = (which: readonly FollowedCounter[]) =>
      which
        .filter(one => one.believedAt() <= at)
        .flatMap(one => {
          const settled = one.settle(step);
          for (const counted of settled) one.report(counted, step);
          return settled;
        });
    for (const one of gather(believe([parts]), believe(scraps), Number.NaN, null)) count(one, step);
  }

  /** `after`: the product that runs after the blind time; null: it was not read soon enough. */
  function judge(after: Product | null, step: Step): void {
    if (placing.judge(after)) step.changed.add(rule.name);
  }

  /** Keeps the product that runs when the sight is lost. What a broker kept meanwhile is read later: nothing is lost. */
  function noteLoss(): void {
    if (counter.blindFrom !== null && canChange) state.beforeBlind ??= runs.current ?? null;
  }

  /** The product that ran before the reading of this step, when nothing was read before that. */
  function takeLoss(): Product | null {
    if (counter.blindFrom !== null) return null;
    const before = state.held ? null : state.beforeBlind;
    state.beforeBlind = null;
    return before;
  }

  function placeWaiting(per: number, step: Step): void {
    if (state.waiting.length === 0) return;
    for (const one of state.waiting) place({ ...one, per, scrap: 0 });
    state.waiting = [];
    step.changed.add(rule.name);
  }

  /** The oldest interval is sent after its end and the lateness; what can still be added to it waits for that. */
  function dueNow(): number {
    const oldest = intervals.oldest();
    const waitsSince = Math.min(...state.moments.map(one => one.blindFrom ?? one.at));
    if (oldest === undefined || waitsSince < oldest.end) return Infinity;
    const { blindFrom } = counter;
    const waits = blindFrom !== null && oldest.end > blindFrom && blindFrom - oldest.start < 1000;
    const isJudged = state.judging === null || oldest.end <= state.judging.from;
    return waits || !isJudged ? Infinity : oldest.end + lateness;
  }

  function closeOldest(at: number, step: Step): void {
    const { blindFrom } = counter;
    if (blindFrom !== null && (intervals.oldest()?.end ?? 0) > blindFrom) intervals.shorten(blindFrom);
    const interval = intervals.take();
    if (interval === undefined) return;
    makeRecordSet(state, interval, author, `counted on ${quantity.counter.name}`, at, step);
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
    report(step, rule, at, 'removed', words);
  }

  return {
    rule,
    ...WITHOUT_CONDITION,
    get due() {
      return Math.min(dueNow(), judgedBy(), ...counters.map(one => one.believedAt()));
    },
    evaluate(at, step) {
      const next = runs.change(step.serial);
      const { doubts, blindFrom } = counter;
      const counted = parts.read(at, step);
      noteLoss();
      const lost = takeLoss();
      if (counter.doubts > doubts) state.beforeDoubt ??= lost;
      for (const one of counted) parts.report(one, step);
      const scrapped = scraps.flatMap(one => {
        const read = one.read(at, step);
        for (const counted of read) one.report(counted, step);
        return read;
      });
      const isRead = runs.isRead && at >= stillUnread;
      const now = state.moments.find(one => one.at === at) ?? momentAt(at, partsPerCount() ?? null);
      if (!state.moments.includes(now)) state.moments.push(now);
      const ready = gather(counted, scrapped, at, lost);
      if (state.moments.includes(now)) {
        now.after ??= isRead ? (next ?? runs.current ?? null) : null;
        if (counter.waitsIn(at)) now.blindFrom ??= blindFrom;
        step.changed.add(rule.name);
      }
      // What is counted with the first reading of a new product is of that product, unless nothing was read before it.
      const isBlind = state.judging !== null || ready.some(one => one.before !== null);
      if (!isBlind) begin(next, at, step);
      const per = partsPerCount();
      if (per !== undefined) placeWaiting(per, step);
      for (const one of ready) count(one, step);
      if (state.judging !== null) step.changed.add(rule.name);
      if (isRead) judge(next ?? runs.current ?? null, step);
      if (isBlind) begin(next, at, step);
    },
    fire(at, step) {
      // While nothing is known time stands still, so that queued messages can still show when the product changed.
      const knownUntil = Math.min(at, counter.blindFrom ?? at);
      state.time = Math.max(knownUntil, state.time ?? knownUntil);
      settle(at, step);
      if (at >= judgedBy()) judge(runs.isRead ? (runs.current ?? null) : null, step);
      if (at >= dueNow()) closeOldest(at, step);
    },
    restart(lastAlive, at, step) {
      const otherMode = state.countedIn !== null && state.countedIn !== step.mode;
      if (state.judging !== null) state.judging.since = Math.max(at, state.judging.since);
      if (state.line !== rule.line || otherMode) {
        settle(Infinity, step);
        judge(null, step);
        endIntervals(knownUntil(counter.at, state.held, lastAlive), at, step);
        if (otherMode) dropRest(at, step);
        state.line = rule.line;
        step.changed.add(rule.name);
      }
      if (state.countedIn !== step.mode && counter.at !== null) step.changed.add(rule.name);
      state.countedIn = step.mode;
      for (const one of counters) one.restart(knownUntil(one.counter.at, state.held, lastAlive), step);
      state.held = false;
      for (const one of gather([], [], at, null)) count(one, step);
      noteLoss();
    },
    standstill(from, to, step) {
      stillUnread = to + LATEST_READING;
      for (const one of counters) one.lose(from, step, stillUnread);
      noteLoss();
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
      const text = productionWords(state, intervals.all, counters, perCount);
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
