import type { SampleBatch, SourceState } from '../core/sample.ts';
import { createEvaluation } from './common/evaluation.ts';
import { createRuleClocks } from './common/rule-clocks.ts';
import { createRuleGraph } from './common/rule-graph.ts';
import type { RunningRule } from './common/running-rule.ts';
import {
  applySample,
  awayWords,
  differs,
  forgetAbsence,
  forgetSignal,
  forgetSource,
  isAnotherWord,
  isGood,
  loseSignal,
  type SourceCell,
} from './common/signal-table.ts';
import { takeResult } from './common/step.ts';
import { type WatchedEpisode, watchedEpisode } from './common/watched-episode.ts';
import type { EngineInput, Program, StepResult, WorldScope } from './program.ts';
import type { RuleView } from './rule-view.ts';
import { type SignalView, signalView } from './signal-view.ts';
import { startRule } from './start-rule.ts';
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

/**
 * `states`: JSON text by rule, as an earlier engine's `stateOf` gave it. Throws StartError for a state it can't read.
 * A new engine knows nothing until it gets `restart`.
 */
export function createEngine(program: Program, states: ReadonlyMap<string, string>): Engine {
  const graph = createRuleGraph(program);
  const { sources, cells, indexes, nodes } = graph;
  const world: WorldScope = {
    value(signal) {
      const cell = cells.get(signal);
      return cell?.good ? (cell.value ?? undefined) : undefined;
    },
    good: signal => cells.get(signal)?.good ?? false,
    connected: source => sources.get(source)?.connected ?? false,
    active: (rule): boolean => runningRules[indexes.get(rule) ?? -1]?.active ?? false,
  };
  const inheritance = createInheritance(program.rules, states);
  const runningRules: readonly RunningRule[] = program.rules.map(rule =>
    startRule(rule, inheritance.of(rule.name), cells, world),
  );
  const keptLags = program.rules.map(rule => inheritance.of(rule.name)?.lag ?? null);
  const clocks = createRuleClocks(graph, keptLags, {
    onLag(rule, later) {
      runningRules[rule]?.setBack(later);
      evaluation.reschedule(rule);
    },
    onKept(rule) {
      step.moved.add(program.rules[rule]?.name ?? '');
    },
  });
  const evaluation = createEvaluation(program, nodes, runningRules, clocks);
  const { step } = evaluation;
  /** Signals and sources not seen since the start that a rule's timers wait for. */
  const unseen = new Int32Array(program.rules.length);

  function samples(batch: SampleBatch): void {
    const source = sources.get(batch.source);
    if (source) source.lastAt = Math.max(source.lastAt, batch.at);
    const lag = source ? clocks.follow(source, batch) : 0;
    const undated = batch.time === 'received' && source?.state === 'catching_up';
    let from = 0;
    while (from < batch.samples.length) {
      evaluation.begin(batch.at, batch, undated);
      from = moment(batch, from, lag);
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
      // A word that it is unknown, and why: the rules that wait for it can say so.
      if (cell.readers.length > 0 && (differs(cell, sample) || isAnotherWord(cell, sample)))
        evaluation.collect(cell.readers);
      if (cell.counters.length > 0) evaluation.collect(cell.counters);
    }
    evaluation.fireDue(evaluation.collected, batch.at, lag);
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
    evaluation.look(batch.at, lag);
    return to;
  }

  function noLongerAwaited(waiters: readonly number[]): void {
    for (const rule of waiters) {
      const left = (unseen[rule] ?? 0) - 1;
      unseen[rule] = Math.max(0, left);
      if (left !== 0) continue;
      runningRules[rule]?.awaitSignals(-Infinity);
      evaluation.collect([rule]);
    }
  }

  function sourceState(name: string, state: SourceState, at: number): void {
    const source = sources.get(name);
    if (source === undefined || source.state === state) return;
    const connected = state === 'connected' || state === 'catching_up';
    step.ending = state === 'stopped';
    const wasCatchingUp = source.state === 'catching_up';
    // A source lost while catching up is known until its last message, not until now.
    const knownUntil = wasCatchingUp && source.lastAt > -Infinity ? Math.min(at, source.lastAt) : at;
    if (connected) forgetAbsence(source);
    else loseSource(source, awayWords(name, state), at, knownUntil);

    evaluation.begin(at);
    source.state = state;
    if (state !== 'connecting' && !source.seen) {
      source.seen = true;
      noLongerAwaited(source.readers);
    }
    if (connected !== source.connected) {
      evaluation.fireDue(source.readers, at, 0);
      source.connected = connected;
      evaluation.collect(source.readers);
    }
    evaluation.look(at, 0);
    step.ending = false;
    if (wasCatchingUp === (state === 'catching_up')) return;
    for (const rule of source.holds) evaluation.hold(rule, wasCatchingUp ? -1 : 1);
  }

  /** All its signals are unknown from `knownUntil` on. */
  function loseSource(source: SourceCell, reason: string, at: number, knownUntil: number): void {
    const lag = knownUntil < at ? (source.signals[0]?.lag ?? 0) : 0;
    const lost = source.signals.filter(cell => cell.good);
    evaluation.begin(at);
    for (const cell of lost) {
      evaluation.collect(cell.readers);
      evaluation.collect(cell.counters);
    }
    for (const cell of source.signals) {
      // Not read since the start: now there is a reason.
      if (cell.good || cell.reason !== null) continue;
      cell.reason = reason;
      evaluation.collect(cell.readers);
    }
    evaluation.fireDue(evaluation.collected, knownUntil, lag);
    for (const cell of lost) loseSignal(cell, step.serial, reason);
    step.at = knownUntil;
    evaluation.look(knownUntil, lag);
  }

  function restart(at: number, lastAlive: number, doubted: boolean): void {
    evaluation.begin(at);
    step.doubted = doubted;
    for (const cell of cells.values()) forgetSignal(cell);
    for (const source of sources.values()) forgetSource(source);
    clocks.restart();
    const knownUntil = Math.min(lastAlive, at);
    inheritance.settle(knownUntil, at, step);
    runningRules.forEach((running, rule) => {
      const references = nodes[rule]?.references;
      running.restart(knownUntil, at, step);
      unseen[rule] = references ? references.signals.length + references.sources.length : 0;
      running.awaitSignals((unseen[rule] ?? 0) > 0 ? at + program.freezeLimit : -Infinity);
      evaluation.release(rule);
      if (references && (references.sources.length > 0 || references.rules.length > 0)) evaluation.collect([rule]);
    });
    evaluation.look(at, 0);
  }

  /** Time of its own stands still anyway for a rule whose source is catching up. */
  function standstill(from: number, to: number): void {
    evaluation.tick(from);
    for (const rule of runningRules.keys()) {
      if (evaluation.isHeld(rule)) continue;
      const lag = clocks.lagOf(rule);
      evaluation.visit(rule, from - lag, lag, (running, own) => running.standstill(own, to - lag, step));
    }
  }

  /**
   * The person's time is by the gateway's clock; the rule's own may be further by now. While the gateway's clock is not believed, a time
   * of L2L is the true one, so it stays when the clock is set.
   */
  function closedByPerson(chain: string, at: number, byL2l: boolean): void {
    evaluation.tick(at);
    const rule = runningRules.findIndex(running => running.episode?.chain === chain);
    if (rule < 0) return;
    evaluation.begin(at);
    if (byL2l && step.doubted) step.time = 'source';
    evaluation.visit(rule, at, 0, (running, own) => running.closedByPerson(own, step));
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
          evaluation.tick(input.at);
          break;
        case 'restart':
          restart(input.at, input.lastAlive, input.doubted ?? false);
          break;
        case 'standstill':
          standstill(input.from, input.to);
          break;
        case 'closed_by_person':
          closedByPerson(input.chain, input.at, input.byL2l ?? false);
          break;
      }
      const next = evaluation.nextDue();
      return takeResult(step, next === Infinity ? null : next);
    },
    stateOf(rule) {
      const index = indexes.get(rule) ?? -1;
      const running = runningRules[index];
      return running && { ...running.state(), lag: clocks.keptOf(index) };
    },
    signal(name) {
      const cell = cells.get(name);
      return cell && signalView(cell);
    },
    signals: () => [...cells.values()].map(signalView),
    rules: () => runningRules.map(running => running.view()),
    watchedEpisodes: () => runningRules.flatMap(running => watchedEpisode(running) ?? []),
    orphans: inheritance.orphans,
  };
}
