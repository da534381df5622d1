import { formatProblem } from '../src/core/errors.ts';
import type { SampleBatch, SignalDefinition, Value } from '../src/core/sample.ts';
import { compileRules } from '../src/rules/compile-rules.ts';
import { createEngine } from '../src/rules/engine.ts';
import type { Program } from '../src/rules/program.ts';
import { RuleDefaults, Rules } from '../src/rules/schema.ts';

const START = Date.UTC(2026, 2, 2, 6);

export type EngineLoad = {
  /** 80 % dispatch rules (`not run unless manual`, 2 s delays), 15 % cycle counts, 5 % production; two signals each. */
  readonly rules: number;
  /** How many signals change; they are the first ones, and each changes once a second. */
  readonly changing: number;
  /** Length of the intervals of cycle counts and production, such as 1m. */
  readonly every: string;
  readonly samples: number;
};

/** Measures samples a second on one core. Every sample is a change. */
export function engineSpeed({ rules, changing, every, samples }: EngineLoad): number {
  const program = plant(rules, every);
  const engine = createEngine(program, new Map());
  engine.step({ kind: 'restart', at: START, lastAlive: START });
  engine.step({ kind: 'source', source: 'plc', state: 'connected', at: START });
  const batches = stream([...program.signals.values()].slice(0, changing), samples);
  const begin = performance.now();
  for (const batch of batches) {
    const { wakeAt } = engine.step({ kind: 'samples', batch });
    if (wakeAt !== null && wakeAt <= batch.at) engine.step({ kind: 'tick', at: batch.at });
  }
  return (samples / (performance.now() - begin)) * 1000;
}

/** Changes one value after the other in a fixed, shuffled order. On average each signal changes once a second. */
function stream(signals: readonly SignalDefinition[], count: number): SampleBatch[] {
  const counts = new Float64Array(signals.length);
  let pick = 1;
  return Array.from({ length: count }, (_, index) => {
    pick = (pick * 48271) % 2147483647;
    const at = START + (index * 1000) / signals.length;
    const which = pick % signals.length;
    const moved = (counts[which] ?? 0) + 1;
    counts[which] = moved;
    const signal = signals[which];
    const value: Value = signal?.counter ? moved : moved % 2 === 0;
    const samples = [{ signal: signal?.name ?? '', value, quality: 'good' as const }];
    return { source: 'plc', at, receivedAt: at, time: 'source' as const, samples };
  });
}

/** Compiles rules as an engineer writes them: the measurement includes the expression language. */
function plant(rules: number, every: string): Program {
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
      return { production: { line: `L-${index}`, total: one, scrap: other, product: 'autodetect', every } };
    }
    if (part < 4) return { cycles: { machine: `M-${index}`, counter: one, every } };
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
