import { formatProblem } from '../src/core/errors.ts';
import type { SignalDefinition, Value } from '../src/core/sample.ts';
import { compileRules } from '../src/rules/compile-rules.ts';
import type { ExpressionScope } from '../src/rules/program.ts';
import { RuleDefaults, Rules } from '../src/rules/schema.ts';
import type { Figure, Options } from './report.ts';
import { median } from './statistics.ts';

const RULES = 10_000;
const EVALUATIONS = 3_000_000;
/** Different states of the plant. The evaluations use them in turn. */
const WORLDS = 8;

/** Conditions as engineers write them; each is one rule of each machine `m`. */
const CONDITIONS = [
  'not m.running',
  'm.running and m.temp > 240',
  'm.manual or m.waiting',
  'm.faults.3 or m.faults.4 or m.faults.7',
  'm.running and still(m.parts) and not m.manual',
  'm.temp - m.ambient > 80 and good(m.ambient)',
  "m.state <> 'RUN' and plc.connected",
  'not (m.running or m.manual) and m.temp >= 20.5 and m.temp <= 300',
  'm.speed * 0.1 + 2 < m.temp / 3',
  'm.faults > 16#0F and not m.faults.0',
];
const TYPES: Readonly<Record<string, SignalDefinition['type']>> = {
  running: 'bool',
  manual: 'bool',
  waiting: 'bool',
  temp: 'number',
  ambient: 'number',
  speed: 'number',
  parts: 'number',
  faults: 'number',
  state: 'string',
};

export type ConditionRun = { readonly compileTime: number; readonly evaluations: number };

/** Compiles 10,000 rules (ms of CPU time), and evaluates their conditions (evaluations in a second of CPU time). */
function runConditions(part: number): ConditionRun {
  const { rules, signals } = plant(RULES * part);
  const count = EVALUATIONS * part;
  const begin = cpuTime();
  const compiled = compileRules({
    rules,
    defaults: RuleDefaults.parse({}),
    signals,
    sources: ['plc'],
    lookups: new Map(),
    mode: 'live',
    freezeLimit: 900_000,
    placeOf: path => ({ file: path.join('/'), line: 1, column: 1 }),
  });
  const compileTime = cpuTime() - begin;
  if ('problems' in compiled) throw new Error(compiled.problems.map(formatProblem).join('\n'));
  const conditions = compiled.program.rules.flatMap(rule => (rule.kind === 'dispatch' ? [rule.when] : []));
  const worlds = Array.from({ length: WORLDS }, (_, index) => world([...signals.values()], index));

  const start = cpuTime();
  let holding = 0;
  for (let done = 0; done < count; done += conditions.length) {
    const scope = worlds[(done / conditions.length) % WORLDS] as ExpressionScope;
    for (const condition of conditions) if (condition.evaluate(scope) === true) holding++;
  }
  const evaluations = (count / (cpuTime() - start)) * 1000;
  if (holding === 0 || holding === count) throw new Error('the conditions of the bench never change');
  return { compileTime, evaluations };
}

/** CPU time of this thread (ms). It does not include what other programs do meanwhile. */
function cpuTime(): number {
  return process.threadCpuUsage().user / 1000;
}

function plant(count: number) {
  const signals = new Map<string, SignalDefinition>();
  const written = Array.from({ length: count }, (_, index) => {
    const machine = `m${Math.floor(index / CONDITIONS.length)}`;
    for (const [part, type] of Object.entries(TYPES)) {
      const name = `${machine}.${part}`;
      signals.set(name, { name, source: 'plc', type, fingerprint: name, restorable: false, acceptUncertain: false });
    }
    const when = CONDITIONS[index % CONDITIONS.length]?.replaceAll('m.', `${machine}.`);
    const dispatch = { machine: `M-${index}`, type: 'DOWN', description: 'stopped' };
    return [`rule${index}`, { when, on_delay: '2s', dispatch }];
  });
  return { rules: Rules.parse(Object.fromEntries(written)), signals };
}

/** About one signal in sixteen is unknown. */
function world(signals: readonly SignalDefinition[], seed: number): ExpressionScope {
  let pick = seed + 1;
  const values = new Map<string, Value>();
  for (const { name, type } of signals) {
    pick = (pick * 48271) % 2147483647;
    if (pick % 16 === 0) continue;
    const number = name.endsWith('.faults') ? pick % 256 : (pick % 4000) / 10;
    values.set(name, type === 'bool' ? pick % 2 === 0 : type === 'number' ? number : pick % 3 === 0 ? 'HELD' : 'RUN');
  }
  return {
    value: signal => values.get(signal),
    good: signal => values.has(signal),
    still: signal => (values.has(signal) ? signal.length % 2 === 0 : undefined),
    connected: () => true,
    active: () => false,
  };
}

/** Measures the language of the conditions alone. */
export function measureConditions({ runs, part }: Options): Figure[] {
  runConditions(part); // Warms the compiler up.
  const all = Array.from({ length: runs }, () => runConditions(part));
  const [evaluations, times] = [all.map(run => run.evaluations), all.map(run => run.compileTime)];
  return [
    { name: 'conditions evaluated', unit: '/s', value: median(evaluations), runs: evaluations },
    { name: '10,000 rules compiled', unit: 'ms', value: median(times), runs: times },
  ];
}
