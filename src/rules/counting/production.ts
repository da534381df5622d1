import { type RunningRule, WITHOUT_CONDITION } from '../common/running-rule.ts';
import { knownUntil } from './counters.ts';
import { believeDue, countReady, countStep, judge, noteLoss } from './production-counts.ts';
import { dropRest, sendAll, sendOldest, setDue } from './production-sets.ts';
import { productionWords } from './production-words.ts';
import { type ProductionOptions, runProduction, stateOfProduction } from './running-production.ts';

/** After a standstill a counter is read again within so long (ms), by a poll or from the server's queue. */
const LATEST_READING = 10_000;

/**
 * Counts a line's parts into clock-aligned intervals and sends each after its end and `lateness`.
 *
 * - Every counted part is in exactly one set; sets never overlap; an interval without parts and scrap is no set [P4].
 * - `total` counts: good = total − scrap. Scrap beyond the total, and the rest of the rounding to two decimals, is carried over.
 * - A count is multiplied by `per_count` as it is at that moment; while that is unknown the counts wait for it.
 * - A new product cuts the interval. Without a code the set is parked, so it is never sent under a wrong product [C7].
 * - Parts of a blind time wait until the product after it is read. If the product changed, they become a flagged set of their own:
 *   under the product before the blind time, or parked.
 * - A blind time across the end of an interval is one set of its own (`one`), or divided over the intervals (`spread`).
 *   When only the scrap counter was blind, its scrap counts at its first reading.
 */
export function createProduction(options: ProductionOptions): RunningRule {
  const run = runProduction(options);
  const { rule, state, parts, counters, runs, intervals, placing } = run;
  const { counter } = parts;
  /** By this time after a standstill, a changed product is read. */
  let productUnreadUntil = -Infinity;

  return {
    rule,
    ...WITHOUT_CONDITION,
    get due() {
      return Math.min(setDue(run), placing.judgedBy(), ...counters.map(one => one.believedAt()));
    },
    evaluate(at, step) {
      countStep(run, at, runs.isRead && at >= productUnreadUntil, step);
    },
    fire(at, step) {
      // While the state is unknown, the rule's time stands still, so that queued messages can still show when the product changed.
      const until = Math.min(at, counter.blindFrom ?? at);
      state.time = Math.max(until, state.time ?? until);
      believeDue(run, at, step);
      if (at >= placing.judgedBy()) judge(run, runs.isRead ? (runs.current ?? null) : null, step);
      if (at >= setDue(run)) sendOldest(run, at, step);
    },
    restart(lastAlive, at, step) {
      const otherMode = state.countedIn !== null && state.countedIn !== step.mode;
      if (state.judging !== null) state.judging.since = Math.max(at, state.judging.since);
      if (state.line !== rule.line || otherMode) {
        believeDue(run, Infinity, step);
        judge(run, null, step);
        sendAll(run, knownUntil(counter.at, state.held, lastAlive), at, step);
        if (otherMode) dropRest(run, at, step);
        state.line = rule.line;
        step.changed.add(rule.name);
      }
      if (state.countedIn !== step.mode && counter.at !== null) step.changed.add(rule.name);
      state.countedIn = step.mode;
      for (const one of counters) one.restart(knownUntil(one.counter.at, state.held, lastAlive), step);
      state.held = false;
      countReady(run, [], [], at, step);
      noteLoss(run);
    },
    standstill(from, to, step) {
      productUnreadUntil = to + LATEST_READING;
      for (const one of counters) one.lose(from, step, productUnreadUntil);
      noteLoss(run);
    },
    hold(held, step) {
      if (state.held !== held && counter.at !== null) step.changed.add(rule.name);
      state.held = held;
    },
    state: () => stateOfProduction(run),
    view() {
      const due = setDue(run);
      return {
        rule: rule.name,
        kind: 'production',
        phase: 'counting',
        since: intervals.oldest()?.start ?? null,
        due: Number.isFinite(due) ? due : null,
        text: productionWords(state, intervals.all, counters, rule.perCount),
      };
    },
  };
}
