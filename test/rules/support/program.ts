import type { CounterDefinition, SignalDefinition, SignalType, Value } from '../../../src/core/sample.ts';
import type { CyclesRule } from '../../../src/rules/counting/cycles-rule.ts';
import type { ProductionRule } from '../../../src/rules/counting/production-rule.ts';
import type { DispatchRule } from '../../../src/rules/dispatch/dispatch-rule.ts';
import type {
  CodeTemplate,
  CompiledRule,
  Condition,
  ExpressionScope,
  Program,
  Template,
  Truth,
} from '../../../src/rules/program.ts';

const place = { file: 'gateway.yaml', line: 1, column: 1 };

/** The defaults of a rule. */
export const PLAIN = { place, maxAge: null, onUnknown: 'park', renamedFrom: null } as const;

export const UINT32 = 4294967295;
/** 60 per minute. */
export const ONE_PER_SECOND = 1 / 1000;

type References = Partial<Pick<Condition, 'signals' | 'still' | 'sources' | 'rules'>>;

function condition(text: string, references: References, evaluate: (scope: ExpressionScope) => Truth): Condition {
  const { signals = [], sources = [], rules = [] } = references;
  return {
    text,
    place,
    still: [],
    ...references,
    signals,
    sources,
    rules,
    evaluate,
    explain(scope) {
      const operands = [
        ...signals.map(name => ({ name, value: plain(scope.value(name)), signal: name })),
        ...sources.map(name => ({ name: `${name}.connected`, value: scope.connected(name), signal: null })),
        ...rules.map(name => ({ name: `${name}.active`, value: scope.active(name), signal: null })),
      ];
      return [{ text, truth: evaluate(scope), operands }];
    },
  };
}

const plain = (value: Value | undefined) => (typeof value === 'bigint' ? Number(value) : value);

function test(signal: string, text: string, holds: (value: Value) => boolean): Condition {
  return condition(text, { signals: [signal] }, scope => {
    const value = scope.value(signal);
    return value === undefined ? 'unknown' : holds(value);
  });
}

export const is = (signal: string) => test(signal, signal, value => value === true);
export const isNot = (signal: string) => test(signal, `not ${signal}`, value => value !== true);
export const above = (signal: string, limit: number) =>
  test(signal, `${signal} > ${limit}`, value => Number(value) > limit);
export const below = (signal: string, limit: number) =>
  test(signal, `${signal} < ${limit}`, value => Number(value) < limit);
export const standsStill = (signal: string) =>
  condition(`still(${signal})`, { signals: [signal], still: [signal] }, scope => scope.still(signal) ?? 'unknown');
export const isActive = (rule: string) => condition(`${rule}.active`, { rules: [rule] }, scope => scope.active(rule));
export const isAway = (source: string) =>
  condition(`not ${source}.connected`, { sources: [source] }, scope => !scope.connected(source));

export function either(a: Condition, b: Condition): Condition {
  return condition(
    `${a.text} or ${b.text}`,
    {
      signals: [...a.signals, ...b.signals],
      still: [...a.still, ...b.still],
      sources: [...a.sources, ...b.sources],
      rules: [...a.rules, ...b.rules],
    },
    scope => {
      const truths = [a.evaluate(scope), b.evaluate(scope)];
      return truths.includes(true) ? true : truths.includes('unknown') ? 'unknown' : false;
    },
  );
}

/** A text whose `{{ signal }}` parts are filled with the last good values. */
export function template(text: string): Template {
  const signals = [...text.matchAll(/\{\{ (\S+) \}\}/g)].map(match => match[1] ?? '');
  return {
    text,
    signals,
    render: lastGood => text.replaceAll(/\{\{ (\S+) \}\}/g, (_, name: string) => String(lastGood(name) ?? 'unknown')),
  };
}

/** A code that a table gives for a signal's value. */
export function lookup(signal: string, table: Readonly<Record<string, string>>): CodeTemplate {
  return {
    text: `{{ codes[${signal}] }}`,
    signals: [signal],
    codes: Object.values(table),
    resolve(lastGood) {
      const code = table[String(lastGood(signal))];
      return code === undefined ? { missing: `codes has no ${String(lastGood(signal))}` } : { code };
    },
  };
}

export function signal(name: string, over: Partial<SignalDefinition> = {}): SignalDefinition {
  const type: SignalType = 'bool';
  return { name, source: 'plc', type, fingerprint: name, restorable: false, acceptUncertain: false, ...over };
}

export function counter(
  name: string,
  definition: CounterDefinition = { wrapsAt: UINT32, maxRate: ONE_PER_SECOND },
  over: Partial<SignalDefinition> = {},
): SignalDefinition {
  return signal(name, { type: 'number', counter: definition, ...over });
}

export function dispatch(name: string, when: Condition, over: Partial<DispatchRule> = {}): DispatchRule {
  return {
    kind: 'dispatch',
    note: null,
    comment: null,
    name,
    ...PLAIN,
    when,
    unless: null,
    until: null,
    onDelay: 120_000,
    offDelay: 0,
    machine: 'PRESS-01',
    type: 'DOWN',
    trade: null,
    reason: null,
    description: template('Press 1 stopped'),
    whenCleared: 'close',
    ifFoundOpen: 'leave',
    closeAdopted: false,
    ifMissed: 'open_and_close',
    ifClosedByPerson: 'wait',
    onRemove: 'leave',
    ...over,
  };
}

export function cycles(name: string, of: SignalDefinition, over: Partial<CyclesRule> = {}): CyclesRule {
  return {
    kind: 'cycles',
    name,
    ...PLAIN,
    machine: 'PRESS-01',
    counter: of,
    every: 900_000,
    mode: 'increment',
    firstSight: 'base',
    ...over,
  };
}

export function production(name: string, of: SignalDefinition, over: Partial<ProductionRule> = {}): ProductionRule {
  return {
    kind: 'production',
    name,
    ...PLAIN,
    line: 'LINE-1',
    quantity: { of: 'total', counter: of },
    perCount: 1,
    scrap: [],
    byCategory: false,
    operators: null,
    product: null,
    every: 300_000,
    lateness: 1000,
    afterGap: 'one',
    blindProduct: 'old',
    ...over,
  };
}

export function program(
  rules: readonly CompiledRule[],
  signals: readonly SignalDefinition[],
  over: Partial<Program> = {},
): Program {
  return {
    rules,
    signals: new Map(signals.map(definition => [definition.name, definition])),
    sources: [...new Set(signals.map(definition => definition.source))],
    mode: 'live',
    freezeLimit: 900_000,
    ...over,
  };
}
