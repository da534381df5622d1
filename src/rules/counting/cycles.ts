import { z } from 'zod';
import type { RuleMachine } from '../engine/rule-machine.ts';
import type { SignalCell } from '../engine/signal-table.ts';
import { type Step, tell } from '../engine/step.ts';
import { expiryOf, type Teller, tellerOf, unknownOf } from '../engine/teller.ts';
import type { CyclesRule, RuleEvent } from '../program.ts';
import { laneOf } from '../program.ts';
import { type Counted, CounterState, createCounter } from './counters.ts';

export const CyclesState = z.object({
  kind: z.literal('cycles'),
  machine: z.string(),
  counter: CounterState.nullable(),
  /** Counted and not told yet, with the span it was counted over. */
  pending: z.number(),
  from: z.number(),
  to: z.number(),
  time: z.enum(['source', 'received']),
  /** When pending is told; null: nothing is pending. */
  due: z.number().nullable(),
  /** Flushes so far. */
  flushes: z.number(),
  /** Everything counted since the counter was last seen for the first time. */
  total: z.number(),
  /** How often that was: another address or machine is another counter. */
  sights: z.number(),
  /** When it was last. */
  sightAt: z.number().default(0),
  /** What L2L's count at that time is kept by. Empty in states written before it was kept: `withSight` fills it in. */
  chain: z.string().default(''),
  /** How what is pending is told; null in states written before it was kept. */
  mode: z.enum(['increment', 'total']).nullable().default(null),
  held: z.boolean(),
});
export type CyclesState = z.infer<typeof CyclesState>;

/** `state` as the rule of this name left it. */
export function withSight(rule: string, state: CyclesState): CyclesState {
  return state.chain === '' ? { ...state, chain: chainOf(rule, state) } : state;
}

function chainOf(rule: string, { sights, sightAt }: Pick<CyclesState, 'sights' | 'sightAt'>): string {
  return `${rule}#${sights}@${sightAt}`;
}

/** Tells what is pending, for the machine and in the way it was counted for. */
export function tellPending(state: CyclesState, teller: Teller, text: string, at: number, step: Step): void {
  const { machine, pending: count, from, to, chain } = state;
  state.flushes++;
  state.pending = 0;
  state.due = null;
  // The time keeps it apart from what was told before a lost state, with which the numbers began anew.
  const key = `${teller.name}#${state.flushes}@${Math.floor(to)}`;
  const common = { rule: teller.name, at, time: state.time, mode: step.mode, cause: teller.cause(text) };
  step.actions.push(
    state.mode === 'total'
      ? {
          ...common,
          key: `${key}:total`,
          kind: 'set_cycles',
          chain,
          lane: laneOf('set_cycles', machine),
          params: { machine, movement: state.total, at: to },
          ...unknownOf(teller),
        }
      : {
          ...common,
          key: `${key}:increment`,
          kind: 'increment_cycles',
          chain: null,
          lane: laneOf('increment_cycles', machine),
          params: { machine, count, from, to },
          ...expiryOf(teller, at),
          ...unknownOf(teller),
        },
  );
  tell(step, teller, at, 'counted', text);
}

const EVENT: Partial<Record<Counted['kind'], RuleEvent['kind']>> = {
  first_sight: 'first_sight',
  rollover: 'rollover',
  reset: 'counter_reset',
  quarantine: 'quarantined',
};

/** Tells what a reading was when it was more than a plain step; true when it did. */
export function tellCounted(step: Step, rule: RuleMachine['rule'], at: number, counted: Counted): boolean {
  const kind = EVENT[counted.kind];
  if (kind === undefined) return false;
  tell(step, rule, at, kind, counted.words ?? '');
  return true;
}

/**
 * Counts a machine's cycles and tells them at clock-aligned times: the movement since the last time (increment), or all of
 * it since the counter was first seen (total). Nothing moved: nothing is told.
 */
export function createCycles(rule: CyclesRule, cell: SignalCell, restored: CyclesState | null): RuleMachine {
  const counter = createCounter(rule.counter, restored?.counter ?? null, rule.firstSight);
  const teller = tellerOf(rule, [cell]);
  const state: CyclesState = restored
    ? { ...restored, mode: restored.mode ?? rule.mode }
    : {
        kind: 'cycles',
        machine: rule.machine,
        counter: null,
        pending: 0,
        from: 0,
        to: 0,
        time: 'received',
        due: null,
        flushes: 0,
        total: 0,
        sights: 0,
        sightAt: 0,
        chain: chainOf(rule.name, { sights: 0, sightAt: 0 }),
        mode: rule.mode,
        held: false,
      };

  function add(counted: Counted, at: number, step: Step): void {
    if (state.pending === 0) {
      state.from = counted.from;
      state.due = boundaryAfter(Math.max(at, state.to), rule.every);
    }
    state.pending += counted.moved;
    state.total += counted.moved;
    state.to = Math.max(at, state.to);
    state.time = step.time;
  }

  function flush(at: number, step: Step): void {
    tellPending(state, teller, `${state.pending} counted on ${rule.counter.name}`, at, step);
  }

  /** What was counted so far is told before another counter, one for another machine or another way to tell it begins. */
  function sight(at: number, step: Step): void {
    if (state.pending > 0) flush(at, step);
    state.total = 0;
    state.sights++;
    state.sightAt = Math.floor(at);
    state.chain = chainOf(rule.name, state);
  }

  return {
    rule,
    active: false,
    episode: null,
    get due() {
      return state.due ?? Infinity;
    },
    evaluate(at, step) {
      if (cell.fresh !== step.serial) return;
      if (!cell.good) {
        if (counter.lose(at)) step.changed.add(rule.name);
        return;
      }
      const wasBlind = counter.blindFrom !== null;
      const counted = counter.read(cell.value, step);
      if (wasBlind !== (counter.blindFrom !== null)) step.changed.add(rule.name);
      if (counted === null) return;
      if (counted.kind === 'first_sight') sight(at, step);
      if (counted.moved > 0) {
        add(counted, at, step);
        step.moved.add(rule.name);
      }
      tellCounted(step, rule, at, counted);
    },
    fire: (at, step) => flush(at, step),
    restart(lastAlive, at, step) {
      // What was counted for a machine is told for that machine, also when the config names another one now.
      if (state.machine !== rule.machine || state.mode !== rule.mode) {
        sight(at, step);
        state.machine = rule.machine;
        state.mode = rule.mode;
        step.changed.add(rule.name);
      }
      const knownUntil = state.held ? (counter.at ?? lastAlive) : lastAlive;
      state.held = false;
      if (counter.lose(knownUntil)) step.changed.add(rule.name);
    },
    // A counter tells afterwards what it counted meanwhile.
    standstill() {},
    closedByPerson() {},
    hold(held, step) {
      if (state.held !== held && counter.at !== null) step.changed.add(rule.name);
      state.held = held;
    },
    setBack() {},
    awaitSignals() {},
    state: () => ({ ...state, counter: counter.state() }),
    view() {
      const skipped = counter.quarantined > 0 ? `, ${counter.quarantined} implausible ones not counted` : '';
      const known = counter.at === null ? ' (not seen yet)' : counter.blindFrom === null ? '' : ' (unknown now)';
      const text = `${state.total} counted on ${rule.counter.name}${known}, ${state.pending} to be told${skipped}`;
      return { rule: rule.name, kind: 'cycles', phase: 'counting', since: counter.at, due: state.due, text };
    },
  };
}

/** The next multiple of `every` after `at`, counted from 1970: on the clock for every length that divides an hour. */
function boundaryAfter(at: number, every: number): number {
  return (Math.floor(at / every) + 1) * every;
}
