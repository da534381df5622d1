import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Value } from '../../../src/core/sample.ts';
import type { Part } from '../../../src/rules/program.ts';
import { condition, scope } from './world.ts';

const shown = (parts: readonly Part[]) =>
  parts.map(
    ({ text, truth, operands }) => `${text} is ${truth}: ${operands.map(o => `${o.name}=${o.value}`).join(' ')}`,
  );
const explain = (text: string, values: Readonly<Record<string, Value>>, facts = {}) =>
  shown(condition(text).explain(scope(values, facts)));

describe('what decides a condition', () => {
  it.each<[string, Record<string, Value>, string[]]>([
    ['a or b or not c', { a: false, b: true, c: true }, ['b is true: b=true']],
    ['a or b or not c', { a: false, b: false, c: false }, ['c is false: c=false']],
    [
      'a or b or not c',
      { a: false, b: false, c: true },
      ['a is false: a=false', 'b is false: b=false', 'c is true: c=true'],
    ],
    ['a and (b or n > 5)', { a: true, b: false, n: 7 }, ['a is true: a=true', 'n > 5 is true: n=7']],
    ['a and b', { a: true }, ['b is unknown: b=undefined']],
    ['a and b', { a: false }, ['a is false: a=false']],
    ['not (a or b)', { b: false }, ['a is unknown: a=undefined']],
    ['n / m > 2', { n: 6, m: 0 }, ['n / m > 2 is unknown: n=6 m=0']],
    ['b or ((n + m) * 2 = (4))', { b: false, n: 1, m: 1 }, ['(n + m) * 2 = (4) is true: n=1 m=1']],
    [
      "t = 'RUN' or press1.faults.3",
      { t: 'STOP', 'press1.faults': 8 },
      ['press1.faults.3 is true: press1.faults.3=true'],
    ],
    ['still(n) and good(m)', { n: 1 }, ['still(n) is false: still(n)=false', 'good(m) is false: good(m)=false']],
    [
      'press_plc.connected or press1_down.active',
      {},
      [
        'press_plc.connected is false: press_plc.connected=false',
        'press1_down.active is false: press1_down.active=false',
      ],
    ],
  ])('the explanation of %s with %j names the parts that decide', (text, values, parts) => {
    expect(explain(text, values)).toEqual(parts);
  });

  const atom = fc.constantFrom(
    'a',
    'b',
    'c',
    'n > 2',
    'n = m',
    'n / m < 1',
    'n mod m = 1',
    '-n < m',
    "t = 'x'",
    'still(n)',
    'a <> b',
  );
  const { text: expression } = fc.letrec<{ text: string }>(tie => ({
    text: fc.oneof(
      { depthSize: 'small' },
      atom,
      fc.tuple(tie('text'), fc.constantFrom('and', 'or'), tie('text')).map(([x, op, y]) => `(${x} ${op} ${y})`),
      tie('text').map(x => `not (${x})`),
    ),
  }));
  const world = fc.record(
    { a: fc.boolean(), b: fc.boolean(), c: fc.boolean(), n: fc.nat(4), m: fc.nat(4), t: fc.constantFrom('x', 'y') },
    { requiredKeys: [] },
  );

  it('the explanation agrees with the evaluation, and its parts alone decide the outcome', () => {
    fc.assert(
      fc.property(expression, world, (text, values) => {
        const known = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
        const compiled = condition(text);
        const truth = compiled.evaluate(scope(known));
        const parts = compiled.explain(scope(known));
        expect(parts.length).toBeGreaterThan(0);
        for (const part of parts) expect(part.truth).toBe(condition(part.text).evaluate(scope(known)));
        expect(parts.some(part => part.truth === 'unknown')).toBe(truth === 'unknown');
        if (truth === 'unknown') return;
        // These parts decide the outcome, whatever the other parts are.
        const decided = new Set(
          parts.flatMap(part => part.operands.map(({ name }) => name.replace(/^still\((.)\)$/, '$1'))),
        );
        const rest = Object.fromEntries(Object.entries(known).filter(([name]) => decided.has(name)));
        expect(compiled.evaluate(scope(rest))).toBe(truth);
      }),
      { numRuns: 500 },
    );
  });
});
