import { createEvaluation } from './common/evaluation.ts';
import { createFirstSight } from './common/first-sight.ts';
import { createRuleClocks } from './common/rule-clocks.ts';
import { createRuleGraph, type RuleGraph } from './common/rule-graph.ts';
import type { RunningRule } from './common/running-rule.ts';
import { sampleInput } from './common/sample-input.ts';
import { forgetSignal, forgetSource } from './common/signal-table.ts';
import { sourceInput } from './common/source-input.ts';
import { takeResult } from './common/step.ts';
import { type WatchedEpisode, watchedEpisode } from './common/watched-episode.ts';
import type { EngineInput, Program, StepResult, WorldScope } from './program.ts';
import type { RuleView } from './rule-view.ts';
import { type SignalView, signalView } from './signal-view.ts';
import { startRule } from './start-rule.ts';
import { createInheritance } from './stored/inheritance.ts';

/** Runs the rules. It has no clock and no IO: the same inputs always give the same results. */
export interface Engine {
  step(input: EngineInput): StepResult;
  /** A rule's state as plain JSON. An engine that gets all of them goes on as if it had never stopped. */
  stateOf(rule: string): object | undefined;
  signal(name: string): SignalView | undefined;
  signals(): SignalView[];
  rules(): RuleView[];
  /** Open episodes whose rules want to know when a person closes their dispatch. */
  watchedEpisodes(): readonly WatchedEpisode[];
  /** Stored states of rules that the program does not have, by name, as JSON text. After `restart`: only those with an open dispatch. */
  readonly orphans: ReadonlyMap<string, string>;
}

/**
 * `states`: what an earlier engine's `stateOf` returned, as JSON text by rule. Throws StartError for a state that it can't read.
 * A new engine knows no value until it gets `restart`.
 */
export function createEngine(program: Program, states: ReadonlyMap<string, string>): Engine {
  const graph = createRuleGraph(program);
  const { sources, cells, indexes, nodes } = graph;
  const world = worldOf(graph, (rule): boolean => runningRules[indexes.get(rule) ?? -1]?.active ?? false);
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
  const firstSight = createFirstSight(nodes, runningRules, evaluation);
  const takeSamples = sampleInput(graph, clocks, evaluation, firstSight);
  const takeSourceState = sourceInput(graph, evaluation, firstSight);

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
      firstSight.restart(rule, at + program.freezeLimit);
      evaluation.release(rule);
      if (references && (references.sources.length > 0 || references.rules.length > 0)) evaluation.collect([rule]);
    });
    evaluation.look(at, 0);
  }

  /** A rule whose source is catching up is left out: its own time stands still anyway. */
  function standstill(from: number, to: number): void {
    evaluation.tick(from);
    for (const rule of runningRules.keys()) {
      if (evaluation.isHeld(rule)) continue;
      const lag = clocks.lagOf(rule);
      evaluation.visit(rule, from - lag, lag, (running, own) => running.standstill(own, to - lag, step));
    }
  }

  /**
   * `at` is by the gateway's clock; the rule's own time may be later. While the gateway's clock is not believed, a time of L2L is the
   * true one: it stays as it is when the clock is set.
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
          takeSamples(input.batch);
          break;
        case 'source':
          takeSourceState(input.source, input.state, input.at);
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

function worldOf({ cells, sources }: RuleGraph, active: WorldScope['active']): WorldScope {
  return {
    value(signal) {
      const cell = cells.get(signal);
      return cell?.good ? (cell.value ?? undefined) : undefined;
    },
    good: signal => cells.get(signal)?.good ?? false,
    connected: source => sources.get(source)?.connected ?? false,
    active,
  };
}
