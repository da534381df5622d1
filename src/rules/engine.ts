import type { SampleBatch, SourceState } from '../core/sample.ts';
import { createRuleGraph } from './engine/rule-graph.ts';
import type { RuleMachine, RuleView } from './engine/rule-machine.ts';
import {
  applySample,
  differs,
  forgetSignal,
  isGood,
  loseSignal,
  type SignalCell,
  type SourceCell,
} from './engine/signal-table.ts';
import { createStep, takeResult } from './engine/step.ts';
import { createTimers } from './engine/timers.ts';
import { type WatchedEpisode, watchedEpisode } from './engine/watched-episode.ts';
import { createMachine } from './machines.ts';
import type { EngineInput, Program, StepResult, WorldScope } from './program.ts';
import { type SignalView, signalView } from './signal-view.ts';
import { createInheritance } from './stored/inheritance.ts';

/** The rules at work: deterministic, without clock or IO. The same inputs always give the same results. */
export interface Engine {
  step(input: EngineInput): StepResult;
  /** A rule's state as plain JSON; an engine restored from all of them goes on as if it had never stopped. */
  stateOf(rule: string): object | undefined;
  signal(name: string): SignalView | undefined;
  signals(): SignalView[];
  rules(): RuleView[];
  /** Open episodes for which it matters that a person closes their dispatch. */
  watchedEpisodes(): readonly WatchedEpisode[];
  /** Stored states of rules the program does not have (any more), after `restart` those still open: name to JSON text. */
  readonly orphans: ReadonlyMap<string, string>;
}

const NOTHING: readonly never[] = [];

/** A clock's lag is followed when it has changed by more (ms): less is how long its messages are under way. */
const LAG_STEP = 250;

/**
 * `states`: JSON text by rule, as an earlier engine's `stateOf` gave it. Throws StartError for a state it can't read.
 * A new engine knows nothing until it is told `restart`.
 */
export function createEngine(program: Program, states: ReadonlyMap<string, string>): Engine {
  const { sources, cells, indexes, nodes } = createRuleGraph(program);
  const timers = createTimers(program.rules.length);
  /** Sources catching up, and signals and sources not seen since the start, that a rule's timers wait for. */
  const holds = new Int32Array(program.rules.length);
  const unseen = new Int32Array(program.rules.length);
  const collectedIn = new Int32Array(program.rules.length);
  let affected: number[] = [];

  const step = createStep(program);

  const world: WorldScope = {
    value(signal) {
      const cell = cells.get(signal);
      return cell?.good ? (cell.value ?? undefined) : undefined;
    },
    good: signal => cells.get(signal)?.good ?? false,
    connected: source => sources.get(source)?.connected ?? false,
    active: (rule): boolean => machines[indexes.get(rule) ?? -1]?.active ?? false,
  };

  const inheritance = createInheritance(program.rules, states);
  const machines = program.rules.map(rule => createMachine(rule, inheritance.of(rule.name), cells, world));
  machines.forEach((_, index) => {
    reschedule(index);
  });

  function machineAt(index: number): RuleMachine {
    const machine = machines[index];
    if (machine === undefined) throw new RangeError(`no rule ${index}`);
    return machine;
  }

  /** How far the clock that a rule goes by is behind the gateway's (ms). */
  function lagOfRule(index: number): number {
    return nodes[index]?.leader?.lag ?? 0;
  }

  /** A time by a clock that is `lag` behind the gateway's, as the rule's clock shows it; exactly the same by the same clock. */
  function timeFor(index: number, at: number, lag: number): number {
    const own = lagOfRule(index);
    return own === lag ? at : at + lag - own;
  }

  /** Timers wait for the gateway's clock. */
  function reschedule(index: number): void {
    timers.set(index, (holds[index] ?? 0) > 0 ? Infinity : machineAt(index).due + lagOfRule(index));
  }

  function collect(index: number): void {
    if (collectedIn[index] === step.serial) return;
    collectedIn[index] = step.serial;
    affected.push(index);
  }

  function collectAll(indexes: readonly number[]): void {
    for (const index of indexes) collect(index);
  }

  function begin(at: number, batch?: SampleBatch, undated = false): void {
    step.serial++;
    step.at = at;
    step.time = batch?.time ?? 'received';
    step.retained = batch?.retained ?? false;
    step.kept = batch?.kept ?? false;
    step.undated = undated;
    affected.length = 0;
  }

  /** Fires one due timer and lets the rules that read this rule look. */
  function fire(index: number): void {
    const machine = machineAt(index);
    const { due, active } = machine;
    step.lag = lagOfRule(index);
    step.shift = 0;
    machine.fire(due, step);
    reschedule(index);
    if (machine.active !== active) look(nodes[index]?.readers ?? NOTHING, due, lagOfRule(index));
  }

  /** Timers due up to `at`, of the rules a batch concerns and of those they depend on, in order of time. */
  function firePast(concerned: readonly number[], at: number, lag: number): void {
    const isDue = (index: number) => machineAt(index).due <= timeFor(index, at, lag);
    if (!concerned.some(index => isDue(index) || (nodes[index]?.upstream ?? NOTHING).some(isDue))) return;
    const overdue = concerned.flatMap(index => [index, ...(nodes[index]?.upstream ?? [])]).filter(isDue);
    const dueOf = (index: number) => machineAt(index).due + lagOfRule(index);
    overdue.sort((a, b) => dueOf(a) - dueOf(b) || a - b);
    for (const index of overdue) while (isDue(index)) fire(index);
  }

  /** Lets rules look at the world as it is, in order of dependence, and those that depend on what changes then. */
  function look(rules: readonly number[], at: number, lag: number): void {
    let queue = rules;
    for (let next = 0; next < queue.length; next++) {
      const index = queue[next] ?? 0;
      const machine = machineAt(index);
      const own = timeFor(index, at, lag);
      while (machine.due <= own) fire(index);
      const { active } = machine;
      step.lag = lagOfRule(index);
      step.shift = at - own;
      machine.evaluate(own, step);
      reschedule(index);
      if (machine.active !== active) queue = withReaders(queue, next, nodes[index]?.readers ?? []);
    }
  }

  function samples(batch: SampleBatch): void {
    const source = sources.get(batch.source);
    const lag = source ? clockLag(source, batch) : 0;
    const undated = batch.time === 'received' && source?.state === 'catching_up';
    let from = 0;
    while (from < batch.samples.length) {
      begin(batch.at, batch, undated);
      from = moment(batch, from, lag);
    }
  }

  /** Follows the clock that gave the batch its time; returns how far it is behind the gateway's (ms). */
  function clockLag(source: SourceCell, batch: SampleBatch): number {
    source.lastAt = Math.max(source.lastAt, batch.at);
    if (batch.time === 'received' && !batch.kept) return 0;
    const known = cells.get(batch.samples[0]?.signal ?? '')?.lag ?? 0;
    const isLive = batch.time === 'source' && source.state !== 'catching_up' && !batch.retained;
    if (!isLive) return known;
    const seen = Math.round(batch.receivedAt - batch.at);
    if (!source.dated) {
      source.dated = true;
      for (const cell of source.signals) setLag(cell, seen, true);
      return seen;
    }
    const lag = Math.abs(seen - known) > LAG_STEP ? seen : known;
    for (const { signal } of batch.samples) {
      const cell = cells.get(signal);
      if (cell !== undefined && cell.lag !== lag) setLag(cell, lag, false);
    }
    return lag;
  }

  function setLag(cell: SignalCell, lag: number, first: boolean): void {
    cell.lag = lag;
    for (const index of cell.followers) {
      if (first) machineAt(index).setBack(lag);
      reschedule(index);
    }
  }

  /** Applies the samples from `from` on; a second sample of the same signal is a moment of its own. Returns where it stopped. */
  function moment(batch: SampleBatch, from: number, lag: number): number {
    const { samples } = batch;
    let to = from;
    for (; to < samples.length; to++) {
      const sample = samples[to];
      const cell = sample && cells.get(sample.signal);
      if (!cell) continue;
      if (cell.named === step.serial) break;
      cell.named = step.serial;
      if (cell.readers.length > 0 && differs(cell, sample)) collectAll(cell.readers);
      if (cell.counters.length > 0) collectAll(cell.counters);
    }
    if (affected.length > 0) firePast(affected, batch.at, lag);
    for (let index = from; index < to; index++) {
      const sample = samples[index];
      const cell = sample && cells.get(sample.signal);
      if (!cell) continue;
      applySample(cell, sample, batch, step.serial);
      if (!cell.seen && isGood(cell, sample)) {
        cell.seen = true;
        noLongerAwaited(cell.waiters);
      }
    }
    lookAtAffected(batch.at, lag);
    return to;
  }

  function lookAtAffected(at: number, lag = 0): void {
    if (affected.length === 0) return;
    if (affected.length > 1) affected.sort((a, b) => a - b);
    const rules = affected;
    affected = [];
    look(rules, at, lag);
    affected = rules;
  }

  function noLongerAwaited(waiters: readonly number[]): void {
    for (const index of waiters) {
      const left = (unseen[index] ?? 0) - 1;
      unseen[index] = Math.max(0, left);
      if (left !== 0) continue;
      machineAt(index).awaitSignals(-Infinity);
      collect(index);
    }
  }

  function sourceState(name: string, state: SourceState, at: number): void {
    const source = sources.get(name);
    if (source === undefined || source.state === state) return;
    const connected = state === 'connected' || state === 'catching_up';
    const wasCatchingUp = source.state === 'catching_up';
    // A source lost while catching up is known until its last message, not until now.
    const knownUntil = wasCatchingUp && source.lastAt > -Infinity ? Math.min(at, source.lastAt) : at;
    const lag = knownUntil < at ? (source.signals[0]?.lag ?? 0) : 0;
    begin(at);
    const lost = connected ? [] : source.signals.filter(cell => cell.good);
    for (const cell of lost) {
      collectAll(cell.readers);
      collectAll(cell.counters);
    }
    firePast(affected, knownUntil, lag);
    for (const cell of lost) loseSignal(cell, step.serial, `${name} is ${state.replace('_', ' ')}`);
    step.at = knownUntil;
    lookAtAffected(knownUntil, lag);

    begin(at);
    source.state = state;
    if (state !== 'connecting' && !source.seen) {
      source.seen = true;
      noLongerAwaited(source.readers);
    }
    if (connected !== source.connected) {
      firePast(source.readers, at, 0);
      source.connected = connected;
      collectAll(source.readers);
    }
    lookAtAffected(at);
    if (wasCatchingUp !== (state === 'catching_up')) hold(source, wasCatchingUp ? -1 : 1);
  }

  function hold(source: SourceCell, change: 1 | -1): void {
    for (const index of source.holds) {
      const count = (holds[index] ?? 0) + change;
      holds[index] = count;
      machineAt(index).hold(count > 0, step);
      reschedule(index);
    }
  }

  function tick(at: number): void {
    begin(at);
    while (timers.next() <= at) {
      const index = timers.first();
      if (index === undefined) return;
      fire(index);
    }
  }

  function restart(at: number, lastAlive: number): void {
    begin(at);
    for (const cell of cells.values()) forgetSignal(cell);
    for (const source of sources.values()) {
      source.state = 'connecting';
      source.connected = false;
      source.seen = false;
      source.lastAt = -Infinity;
      source.dated = false;
    }
    const knownUntil = Math.min(lastAlive, at);
    inheritance.settle(knownUntil, at, step);
    machines.forEach((machine, index) => {
      const refs = nodes[index]?.references;
      machine.restart(knownUntil, at, step);
      holds[index] = 0;
      unseen[index] = refs ? refs.signals.length + refs.sources.length : 0;
      machine.awaitSignals((unseen[index] ?? 0) > 0 ? at + program.freezeLimit : -Infinity);
      reschedule(index);
      if (refs && (refs.sources.length > 0 || refs.rules.length > 0)) collect(index);
    });
    lookAtAffected(at);
  }

  /** Time of its own stands still anyway for a rule whose source is catching up. */
  function standstill(from: number, to: number): void {
    tick(from);
    machines.forEach((machine, index) => {
      if ((holds[index] ?? 0) > 0) return;
      const lag = lagOfRule(index);
      step.lag = lag;
      step.shift = 0;
      machine.standstill(from - lag, to - lag, step);
      reschedule(index);
    });
  }

  /** The person's time is by the gateway's clock; the rule's own may be further by now. */
  function closedByPerson(chain: string, at: number): void {
    tick(at);
    const index = machines.findIndex(machine => machine.episode?.chain === chain);
    if (index < 0) return;
    begin(at);
    const machine = machineAt(index);
    const own = timeFor(index, at, 0);
    step.lag = lagOfRule(index);
    step.shift = at - own;
    machine.closedByPerson(own, step);
    reschedule(index);
    if (!machine.active) look(nodes[index]?.readers ?? NOTHING, at, 0);
  }

  return {
    step(input) {
      switch (input.kind) {
        case 'samples':
          samples(input.batch);
          break;
        case 'source':
          sourceState(input.source, input.state, input.at);
          break;
        case 'tick':
          tick(input.at);
          break;
        case 'restart':
          restart(input.at, input.lastAlive);
          break;
        case 'standstill':
          standstill(input.from, input.to);
          break;
        case 'closed_by_person':
          closedByPerson(input.chain, input.at);
          break;
      }
      const next = timers.next();
      return takeResult(step, next === Infinity ? null : next);
    },
    stateOf(rule) {
      const index = indexes.get(rule);
      return index === undefined ? undefined : machineAt(index).state();
    },
    signal(name) {
      const cell = cells.get(name);
      return cell && signalView(cell);
    },
    signals: () => [...cells.values()].map(signalView),
    rules: () => machines.map(machine => machine.view()),
    watchedEpisodes: () => machines.flatMap(machine => watchedEpisode(machine) ?? []),
    orphans: inheritance.orphans,
  };
}

/** The rules still to look at, and the readers of the one that changed: they all come later in the program. */
function withReaders(queue: readonly number[], next: number, readers: readonly number[]): readonly number[] {
  if (readers.length === 0) return queue;
  const later = new Set([...queue.slice(next + 1), ...readers]);
  return [...queue.slice(0, next + 1), ...[...later].sort((a, b) => a - b)];
}
