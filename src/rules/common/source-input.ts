import type { SourceState } from '../../core/sample.ts';
import type { Evaluation } from './evaluation.ts';
import type { FirstSight } from './first-sight.ts';
import type { RuleGraph } from './rule-graph.ts';
import { awayWords, forgetAbsence, loseSignal, type SourceCell } from './signal-table.ts';

/** Takes the states of sources. When a source is away its signals are unknown, and during its catch-up the timers of its rules wait. */
export function sourceInput(
  { sources }: RuleGraph,
  evaluation: Evaluation,
  firstSight: FirstSight,
): (name: string, state: SourceState, at: number) => void {
  const { step } = evaluation;

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
      // Signals without a value since the start have a reason now.
      if (cell.good || cell.reason !== null) continue;
      cell.reason = reason;
      evaluation.collect(cell.readers);
    }
    evaluation.fireDue(evaluation.collected, knownUntil, lag);
    for (const cell of lost) loseSignal(cell, step.serial, reason);
    step.at = knownUntil;
    evaluation.look(knownUntil, lag);
  }

  /** Evaluates the rules that read `NAME.connected`. */
  function showState(source: SourceCell, state: SourceState, connected: boolean, at: number): void {
    evaluation.begin(at);
    source.state = state;
    if (state !== 'connecting' && !source.seen) {
      source.seen = true;
      firstSight.seen(source.readers);
    }
    if (connected !== source.connected) {
      evaluation.fireDue(source.readers, at, 0);
      source.connected = connected;
      evaluation.collect(source.readers);
    }
    evaluation.look(at, 0);
  }

  return (name, state, at) => {
    const source = sources.get(name);
    if (source === undefined || source.state === state) return;
    const connected = state === 'connected' || state === 'catching_up';
    step.ending = state === 'stopped';
    const wasCatchingUp = source.state === 'catching_up';
    // A source that is lost during its catch-up is known until its last message, not until now.
    const knownUntil = wasCatchingUp && source.lastAt > -Infinity ? Math.min(at, source.lastAt) : at;
    if (connected) forgetAbsence(source);
    else loseSource(source, awayWords(name, state), at, knownUntil);
    showState(source, state, connected, at);
    step.ending = false;
    if (wasCatchingUp === (state === 'catching_up')) return;
    for (const rule of source.holds) evaluation.hold(rule, wasCatchingUp ? -1 : 1);
  };
}
