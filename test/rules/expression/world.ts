import type { SignalDefinition, SignalType, Value } from '../../../src/core/sample.ts';
import { compileCondition } from '../../../src/rules/expression/condition.ts';
import type { Names } from '../../../src/rules/expression/names.ts';
import type { Condition, ExpressionScope } from '../../../src/rules/program.ts';

export const PLACE = { file: 'gateway.yaml', line: 1, column: 1 };

export function signal(name: string, type: SignalType, isCounter = false): SignalDefinition {
  return {
    name,
    source: 'press_plc',
    type,
    fingerprint: name,
    restorable: false,
    acceptUncertain: false,
    ...(isCounter ? { counter: { wrapsAt: null, maxRate: 0.001 } } : {}),
  };
}

export function signalMap(...signals: SignalDefinition[]): ReadonlyMap<string, SignalDefinition> {
  return new Map(signals.map(one => [one.name, one]));
}

export const NAMES: Names = {
  signals: signalMap(
    signal('press1.running', 'bool'),
    signal('press1.manual', 'bool'),
    signal('press1.faults', 'number'),
    signal('oven2.temp', 'number'),
    signal('oven2.state', 'string'),
    signal('a', 'bool'),
    signal('b', 'bool'),
    signal('c', 'bool'),
    signal('n', 'number'),
    signal('m', 'number'),
    signal('t', 'string'),
  ),
  sources: new Set(['press_plc']),
  rules: new Map([
    ['press1_down', 'dispatch'],
    ['press1_cycles', 'cycles'],
  ]),
  withActive: ['dispatch'],
};

/** Compiles a condition, or fails with its problems. */
export function condition(text: string, names: Names = NAMES): Condition {
  const compiled = compileCondition(text, names, PLACE);
  if ('problems' in compiled) throw new Error(compiled.problems.map(problem => problem.message).join('\n'));
  return compiled.condition;
}

/** The problems of a text as `offset: message`. */
export function problems(text: string, names: Names = NAMES): readonly string[] {
  const compiled = compileCondition(text, names, PLACE);
  return 'problems' in compiled ? compiled.problems.map(({ offset, message }) => `${offset}: ${message}`) : [];
}

/** A scope. A signal without a value is unknown, other sources are disconnected, and other rules are inactive. */
export function scope(
  values: Readonly<Record<string, Value>>,
  facts: {
    readonly still?: readonly string[];
    readonly connected?: readonly string[];
    readonly active?: readonly string[];
  } = {},
): ExpressionScope {
  return {
    value: name => values[name],
    good: name => values[name] !== undefined,
    still: name => (values[name] === undefined ? undefined : (facts.still?.includes(name) ?? false)),
    connected: source => facts.connected?.includes(source) ?? false,
    active: rule => facts.active?.includes(rule) ?? false,
  };
}
