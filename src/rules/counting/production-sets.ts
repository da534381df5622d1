import { report, type Step } from '../common/step.ts';
import { sum } from './production-words.ts';
import { makeRecordSet } from './record-set.ts';
import type { RunningProduction } from './running-production.ts';

/**
 * When the oldest interval is sent (ms since 1970): after its end and the lateness, and when no waiting count can belong to it. Infinity:
 * nothing can be sent yet.
 */
export function setDue({ rule, state, parts, intervals }: RunningProduction): number {
  const oldest = intervals.oldest();
  const waitsSince = Math.min(...state.moments.map(one => one.blindFrom ?? one.at));
  if (oldest === undefined || waitsSince < oldest.end) return Infinity;
  const { blindFrom } = parts.counter;
  const waits = blindFrom !== null && oldest.end > blindFrom && blindFrom - oldest.start < 1000;
  const isJudged = state.judging === null || oldest.end <= state.judging.from;
  return waits || !isJudged ? Infinity : oldest.end + rule.lateness;
}

/** Makes the set of the oldest interval. */
export function sendOldest(run: RunningProduction, at: number, step: Step): void {
  const { rule, state, parts, intervals, author } = run;
  const { blindFrom } = parts.counter;
  if (blindFrom !== null && (intervals.oldest()?.end ?? 0) > blindFrom) intervals.shorten(blindFrom);
  const interval = intervals.take();
  if (interval === undefined) return;
  const where = `counted on ${rule.quantity.counter.name}`;
  makeRecordSet(state, interval, author, { where, operators: run.operators() }, at, step);
  forgetRuns(run);
  step.changed.add(rule.name);
}

/** Makes the sets of all intervals, for their line and in their mode, without the time after the last count [C3]. */
export function sendAll(run: RunningProduction, knownUntil: number, at: number, step: Step): void {
  const { intervals } = run;
  for (let oldest = intervals.oldest(); oldest !== undefined; oldest = intervals.oldest()) {
    intervals.shorten(Math.max(knownUntil, oldest.start + 1000));
    sendOldest(run, at, step);
  }
}

/** Drops counts of the gateway's other mode that can't be recorded any more, so that they do not change this mode's sets. */
export function dropRest({ rule, state }: RunningProduction, at: number, step: Step): void {
  const counts = sum(state.waiting, one => one.count);
  state.waiting = [];
  state.carry = 0;
  if (counts === 0) return;
  const words = `the gateway's mode was changed: ${counts} counts wait for ${rule.perCount} from before; they are not recorded`;
  report(step, rule, at, 'removed', words);
}

/** Drops products that ended before every waiting count. */
function forgetRuns({ rule, state, parts, runs, intervals }: RunningProduction): void {
  const first = Math.min(
    intervals.oldest()?.start ?? Infinity,
    parts.counter.blindFrom ?? Infinity,
    state.judging?.from ?? Infinity,
    ...[...state.waiting, ...state.moments].map(one => one.blindFrom ?? one.at),
    (state.time ?? 0) - rule.every - rule.lateness,
  );
  runs.forget(Math.max(first, intervals.toldUntil));
}
