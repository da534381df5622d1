import type { SampleBatch } from '../../core/sample.ts';
import type { Program } from '../program.ts';
import type { RuleClocks } from './rule-clocks.ts';
import type { RuleNode } from './rule-graph.ts';
import type { RunningRule } from './running-rule.ts';
import { createStep, type Step } from './step.ts';
import { createTimers } from './timers.ts';

/**
 * Evaluates rules and fires their timers: each rule by its own clock, timers that are due before new samples [T1], and
 * each rule after the rules whose `.active` it reads. Rules are named by their index in the program.
 */
export interface Evaluation {
  readonly step: Step;
  /** Begins a step of this time (ms since 1970). `undated`: the age of its samples is unknown. */
  begin(at: number, batch?: SampleBatch, undated?: boolean): void;
  /** Adds rules to evaluate in this step. */
  collect(rules: readonly number[]): void;
  readonly collected: readonly number[];
  /** Fires the timers up to `at` of these rules and of those they depend on, in order of time. `lag`: of the clock of `at`. */
  fireDue(rules: readonly number[], at: number, lag: number): void;
  /** Evaluates the collected rules, and then the rules that depend on changed ones. */
  look(at: number, lag: number): void;
  /** Acts on one rule at `at`, by a clock with this lag. `act` gets the time by the rule's own clock. */
  visit(rule: number, at: number, lag: number, act: (running: RunningRule, own: number) => void): void;
  /** Fires every timer that is due by the gateway's clock. */
  tick(at: number): void;
  /** When the next timer is due by the gateway's clock; Infinity: no timer runs. */
  nextDue(): number;
  /** The due time of a rule has changed. */
  reschedule(rule: number): void;
  /** A source of a rule began (1) or ended (-1) its catch-up. The rule's timers wait while any of its sources catches up. */
  hold(rule: number, change: 1 | -1): void;
  isHeld(rule: number): boolean;
  /** After a start no source is catching up any more. */
  release(rule: number): void;
}

const NOTHING: readonly never[] = [];

/** `runningRules` and `nodes`: one of each for every rule, in the order of the program. */
export function createEvaluation(
  program: Program,
  nodes: readonly RuleNode[],
  runningRules: readonly RunningRule[],
  { lagOf, timeFor }: RuleClocks,
): Evaluation {
  const step = createStep(program);
  const timers = createTimers(runningRules.length);
  /** The number of sources in catch-up that a rule's timers wait for. */
  const holds = new Int32Array(runningRules.length);
  /** The step in which a rule was collected last. */
  const collectedIn = new Int32Array(runningRules.length);
  const collected: number[] = [];

  function runningAt(rule: number): RunningRule {
    const running = runningRules[rule];
    if (running === undefined) throw new RangeError(`no rule ${rule}`);
    return running;
  }

  /** Timers wait for the gateway's clock. */
  function reschedule(rule: number): void {
    timers.set(rule, (holds[rule] ?? 0) > 0 ? Infinity : runningAt(rule).due + lagOf(rule));
  }

  function begin(at: number, batch?: SampleBatch, undated = false): void {
    step.serial++;
    step.at = at;
    step.time = batch?.time ?? 'received';
    step.retained = batch?.retained ?? false;
    step.kept = batch?.kept ?? false;
    step.undated = undated;
    collected.length = 0;
  }

  function fire(rule: number): void {
    visit(rule, runningAt(rule).due, lagOf(rule), (running, own) => running.fire(own, step));
  }

  function visit(rule: number, at: number, lag: number, act: (running: RunningRule, own: number) => void): void {
    const running = runningAt(rule);
    const own = timeFor(rule, at, lag);
    const { active } = running;
    step.lag = lagOf(rule);
    step.shift = at - own;
    act(running, own);
    reschedule(rule);
    if (running.active !== active) lookAt(nodes[rule]?.readers ?? NOTHING, at, lag);
  }

  /** Evaluates rules in the order of the program, in which the readers of a rule come after it. */
  function lookAt(rules: readonly number[], at: number, lag: number): void {
    let queue = rules;
    for (let next = 0; next < queue.length; next++) {
      const rule = queue[next] ?? 0;
      const running = runningAt(rule);
      const own = timeFor(rule, at, lag);
      while (running.due <= own) fire(rule);
      const { active } = running;
      step.lag = lagOf(rule);
      step.shift = at - own;
      running.evaluate(own, step);
      reschedule(rule);
      if (running.active !== active) queue = withReaders(queue, next, nodes[rule]?.readers ?? NOTHING);
    }
  }

  for (const rule of runningRules.keys()) reschedule(rule);

  return {
    step,
    begin,
    collect(rules) {
      for (const rule of rules) {
        if (collectedIn[rule] === step.serial) continue;
        collectedIn[rule] = step.serial;
        collected.push(rule);
      }
    },
    collected,
    fireDue(rules, at, lag) {
      const isDue = (rule: number) => runningAt(rule).due <= timeFor(rule, at, lag);
      if (!rules.some(rule => isDue(rule) || (nodes[rule]?.upstream ?? NOTHING).some(isDue))) return;
      const overdue = rules.flatMap(rule => [rule, ...(nodes[rule]?.upstream ?? NOTHING)]).filter(isDue);
      const dueOf = (rule: number) => runningAt(rule).due + lagOf(rule);
      overdue.sort((a, b) => dueOf(a) - dueOf(b) || a - b);
      for (const rule of overdue) while (isDue(rule)) fire(rule);
    },
    look(at, lag) {
      if (collected.length === 0) return;
      if (collected.length > 1) collected.sort((a, b) => a - b);
      lookAt(collected, at, lag);
    },
    visit,
    tick(at) {
      begin(at);
      while (timers.next() <= at) {
        const rule = timers.first();
        if (rule === undefined) return;
        fire(rule);
      }
    },
    nextDue: timers.next,
    reschedule,
    hold(rule, change) {
      const count = (holds[rule] ?? 0) + change;
      holds[rule] = count;
      visit(rule, step.at, 0, running => running.hold(count > 0, step));
    },
    isHeld: rule => (holds[rule] ?? 0) > 0,
    release(rule) {
      holds[rule] = 0;
      reschedule(rule);
    },
  };
}

/** The rules still to evaluate, and the readers of the changed rule, which all come later in the program. */
function withReaders(queue: readonly number[], next: number, readers: readonly number[]): readonly number[] {
  if (readers.length === 0) return queue;
  const later = new Set([...queue.slice(next + 1), ...readers]);
  return [...queue.slice(0, next + 1), ...[...later].sort((a, b) => a - b)];
}
