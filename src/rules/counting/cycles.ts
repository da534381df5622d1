import { authorOf } from '../common/action-author.ts';
import { type RunningRule, WITHOUT_CONDITION } from '../common/running-rule.ts';
import type { SignalCell } from '../common/signal-table.ts';
import type { Step } from '../common/step.ts';
import type { Counted } from './counter-track.ts';
import { createCounter, knownUntil } from './counters.ts';
import { makeCount } from './cycle-count.ts';
import type { CyclesRule } from './cycles-rule.ts';
import { type CyclesState, newCyclesState, sightChain } from './cycles-state.ts';
import { followCounter } from './followed-counter.ts';

/**
 * Counts a machine's cycles and sends them at clock-aligned times: the movement since the last time (increment), or all of
 * it since the counter was first seen (total). Nothing moved: nothing is sent.
 */
export function createCycles(rule: CyclesRule, cell: SignalCell, restored: CyclesState | null): RunningRule {
  const followed = followCounter(rule, cell, createCounter(rule.counter, restored?.counter ?? null, rule.firstSight));
  const { counter } = followed;
  const author = authorOf(rule, [cell]);
  const state = restored ? { ...restored, mode: restored.mode ?? rule.mode } : newCyclesState(rule);

  function take(all: readonly Counted[], now: number, step: Step): void {
    for (const counted of all) {
      if (counted.kind === 'first_sight') sight(counted.at, step);
      if (counted.moved > 0) add(counted, now, step);
      followed.report(counted, step);
    }
  }

  function add(counted: Counted, now: number, step: Step): void {
    const { at } = counted;
    if (state.pending === 0) {
      state.from = counted.from;
      state.due = boundaryAfter(Math.max(at, state.to, now), rule.every);
    }
    state.pending += counted.moved;
    state.total += counted.moved;
    state.to = Math.max(at, state.to);
    state.time = step.time;
  }

  function flush(at: number, step: Step): void {
    makeCount(state, author, `${state.pending} counted on ${rule.counter.name}`, at, step);
  }

  /** Sends the count so far before a counter with another address, machine or way of sending begins. */
  function sight(at: number, step: Step): void {
    if (state.pending > 0) flush(at, step);
    state.total = 0;
    state.sights++;
    state.sightAt = Math.floor(at);
    state.chain = sightChain(rule.name, state);
  }

  return {
    rule,
    ...WITHOUT_CONDITION,
    get due() {
      return Math.min(state.due ?? Infinity, followed.believedAt());
    },
    evaluate(at, step) {
      take(followed.read(at, step), at, step);
    },
    fire(at, step) {
      if (followed.believedAt() <= at) take(followed.believeAll(step), at, step);
      if (state.due !== null && state.due <= at) flush(at, step);
    },
    restart(lastAlive, at, step) {
      // A count for a machine is sent for that machine, also when the config names another one now. A count in
      // shadow mode is never sent, and a count in live mode is sent, also when the gateway has another mode now [C3].
      const otherMode = state.countedIn !== null && state.countedIn !== step.mode;
      if (state.machine !== rule.machine || state.mode !== rule.mode || otherMode) {
        take(followed.believeAll(step), at, step);
        sight(at, step);
        state.machine = rule.machine;
        state.mode = rule.mode;
        step.changed.add(rule.name);
      }
      if (state.countedIn !== step.mode && counter.at !== null) step.changed.add(rule.name);
      state.countedIn = step.mode;
      followed.restart(knownUntil(counter.at, state.held, lastAlive), step);
      state.held = false;
    },
    // The next reading shows what the counter counted meanwhile.
    standstill() {},
    hold(held, step) {
      if (state.held !== held && counter.at !== null) step.changed.add(rule.name);
      state.held = held;
    },
    state: () => ({ ...state, counter: counter.state() }),
    view() {
      const waits = counter.waiting === null ? '' : `, ${counter.waiting.count} wait for the next reading`;
      const skipped = counter.quarantined > 0 ? `, ${counter.quarantined} implausible ones not counted` : '';
      const known = counter.at === null ? ' (not seen yet)' : counter.blindFrom === null ? '' : ' (unknown now)';
      const text = `${state.total} counted on ${rule.counter.name}${known}, ${state.pending} to be sent${waits}${skipped}`;
      return { rule: rule.name, kind: 'cycles', phase: 'counting', since: counter.at, due: state.due, text };
    },
  };
}

/** The next multiple of `every` after `at`, counted from 1970. So lengths that divide an hour are aligned with the clock. */
function boundaryAfter(at: number, every: number): number {
  return (Math.floor(at / every) + 1) * every;
}
