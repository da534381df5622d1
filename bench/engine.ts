import { formatProblem } from '../src/core/errors.ts';
import type { SampleBatch, SignalDefinition, Value } from '../src/core/sample.ts';
import { compileRules } from '../src/rules/compile.ts';
import { createEngine } from '../src/rules/engine.ts';
import type { Program } from '../src/rules/program.ts';
import { RuleDefaults, Rules } from '../src/rules/schema.ts';

export type EngineSpeed = {
  readonly rules: number;
  readonly signals: number;
  /** Every signal changes in turn. */
  readonly samplesPerSecond: number;
  /** Only the first 200 signals change: what the rules that don't read them cost. */
  readonly sameSignalsPerSecond: number;
};

const SAMPLES = 200_000;
const START = Date.UTC(2026, 2, 2, 6);

/**
 * Samples per second on one core, every sample a change, for 100, 1,000 and 10,000 rules over twice as many signals:
 * 80 % dispatch rules (`not run unless manual`, 2 s delays), 15 % cycle counts, 5 % production. Median of `runs`.
 */
export function benchEngine(runs = 5): EngineSpeed[] {
  return [100, 1000, 10_000].map(rules => {
    const median = (changing: number) => {
      const speeds = Array.from({ length: runs }, () => measure(rules, changing)).sort((a, b) => a - b);
      return Math.round(speeds[Math.floor(runs / 2)] ?? 0);
    };
    const signals = 2 * rules;
    return { rules, signals, samplesPerSecond: median(signals), sameSignalsPerSecond: median(200) };
  });
}

function measure(rules: number, changing: number): number {
  const program = plant(rules);
  const engine = createEngine(program, new Map());
  engine.step({ kind: 'restart', at: START, lastAlive: START });
  engine.step({ kind: 'source', source: 'plc', state: 'connected', at: START });
  const batches = stream([...program.signals.values()].slice(0, changing));
  const begin = performance.now();
  for (const batch of batches) {
    const { wakeAt } = engine.step({ kind: 'samples', batch });
    if (wakeAt !== null && wakeAt <= batch.at) engine.step({ kind: 'tick', at: batch.at });
  }
  return (SAMPLES / (performance.now() - begin)) * 1000;
}

/** One changed value after the other, each signal once a second on average, in a fixed shuffled order. */
function stream(signals: readonly SignalDefinition[]): SampleBatch[] {
  const counts = new Float64Array(signals.length);
  let pick = 1;
  return Array.from({ length: SAMPLES }, (_, index) => {
    pick = (pick * 48271) % 2147483647;
    const at = START + (index * 1000) / signals.length;
    const which = pick % signals.length;
    const count = (counts[which] ?? 0) + 1;
    counts[which] = count;
    const signal = signals[which];
    const value: Value = signal?.counter ? count : count % 2 === 0;
    const samples = [{ signal: signal?.name ?? '', value, quality: 'good' as const }];
    return { source: 'plc', at, receivedAt: at, time: 'source' as const, samples };
  });
}

/** Rules as an engineer writes them, compiled: the expression language is part of what is measured. */
function plant(rules: number): Program {
  const signals = new Map<string, SignalDefinition>();
  const define = (name: string, type: SignalDefinition['type']) => {
    const counter = type === 'number' ? { counter: { wrapsAt: 4294967295, maxRate: 10 } } : {};
    const plain = { name, source: 'plc', type, fingerprint: name, restorable: false, acceptUncertain: false };
    signals.set(name, { ...plain, ...counter });
  };
  const written = Array.from({ length: rules }, (_, index) => {
    const [one, other] = [`m${index}.one`, `m${index}.other`];
    const part = index % 20;
    define(one, part < 4 ? 'number' : 'bool');
    define(other, part === 0 ? 'number' : 'bool');
    if (part === 0) {
      return { production: { line: `L-${index}`, total: one, scrap: other, product: 'autodetect', every: '1m' } };
    }
    if (part < 4) return { cycles: { machine: `M-${index}`, counter: one, every: '1m' } };
    const dispatch = { machine: `M-${index}`, type: 'DOWN', description: 'stopped' };
    return { when: `not ${one}`, unless: other, on_delay: '2s', off_delay: '2s', dispatch };
  });
  const compiled = compileRules({
    rules: Rules.parse(Object.fromEntries(written.map((rule, index) => [`rule${index}`, rule]))),
    defaults: RuleDefaults.parse({}),
    signals,
    sources: ['plc'],
    lookups: new Map(),
    mode: 'live',
    freezeLimit: 900_000,
    placeOf: path => ({ file: path.join('/'), line: 1, column: 1 }),
  });
  if ('problems' in compiled) throw new Error(compiled.problems.map(formatProblem).join('\n'));
  return compiled.program;
}

if (import.meta.main) {
  console.table(benchEngine());
}
