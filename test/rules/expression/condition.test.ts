import { describe, expect, it } from 'vitest';
import type { Value } from '../../../src/core/sample.ts';
import type { Truth } from '../../../src/rules/program.ts';
import { condition, NAMES, problems, scope, signal, signalMap } from './world.ts';

describe('compileCondition', () => {
  it('a condition lists every signal, source and rule that it depends on', () => {
    const text =
      'press_plc.connected and press1_down.active and still(n) and good(m) and press1.faults.3 and a and not a';

    expect(condition(text)).toMatchObject({
      text,
      sources: ['press_plc'],
      rules: ['press1_down'],
      still: ['n'],
      signals: ['n', 'm', 'press1.faults', 'a'],
    });
  });

  describe('evaluates', () => {
    const world = scope(
      { a: true, b: false, n: 31, m: 2, t: 'RUN', 'press1.faults': 0b1001, 'oven2.temp': 240.5 },
      { still: ['n'], connected: ['press_plc'], active: ['press1_down'] },
    );

    it.each([
      ['a', true],
      ['not a', false],
      ['a and not b', true],
      ['a AND b OR a', true],
      ['not (a and b)', true],
      ['not not a', true],
      ['a <> b', true],
      ['not a or n = 31', true],
      ['not b and n = 31', true],
      ['not (b) and (not a or n = 31)', true],
      ['a = true', true],
      ['n = 31', true],
      ['n = 16#1F', true],
      ['n <> 31', false],
      ['n / m = 15.5', true],
      ['n mod m = 1', true],
      ['-n < 0', true],
      ['n - m * 2 + 1 = 28', true],
      ['(n - m) * 2 = 58', true],
      ['n / (m - 1) / 2 = 15.5', true],
      ['oven2.temp > 240', true],
      ['oven2.temp >= 240.5 and oven2.temp <= 240.5', true],
      ["t = 'RUN'", true],
      ['t <> "RUN"', false],
      ['press1.faults.0', true],
      ['press1.faults.1', false],
      ['press1.faults.3 and not press1.faults.4', true],
      ['good(n)', true],
      ['good(press1.running)', false],
      ['still(n) and not still(m)', true],
      ['press_plc.connected', true],
      ['not press1_down.active', false],
    ])('the condition %s is %s', (text, expected) => {
      expect(condition(text).evaluate(world)).toBe(expected);
    });
  });

  it.each([
    ['n / 0 > 1'],
    ['n mod 0 = 1'],
    ['n / (m - m) > 1'],
    ['press1.running'],
    ['not press1.running'],
    ['still(press1.running)'],
    ['press1.running = b'],
  ])('the condition %s is unknown', text => {
    expect(condition(text).evaluate(scope({ n: 1, m: 1, b: false }))).toBe('unknown');
  });

  it.each([
    ['false and unknown', 'b and press1.running', false],
    ['unknown and false', 'press1.running and b', false],
    ['true or unknown', 'a or press1.running', true],
    ['unknown or true', 'press1.running or a', true],
    ['true and unknown', 'a and press1.running', 'unknown'],
    ['unknown or false', 'press1.running or b', 'unknown'],
    ['a division by zero beside a decided side', 'n / 0 > 1 or a', true],
  ])('the condition of %s: %s is %s', (_, text, expected) => {
    expect(condition(text).evaluate(scope({ a: true, b: false, n: 1 }))).toBe(expected);
  });

  it.each([
    ['a 64-bit counter as a number', 'n > 5', 9_007_199_254_740_993n, true],
    ['bits of a 64-bit counter', 'n.63', 1n << 63n, true],
    ['bits of a negative number as two’s complement', 'n.15', -1, true],
    ['bits above 32', 'n.40', 2 ** 40 + 1, true],
    ['no bits in a number with a fraction', 'n.0', 1.5, 'unknown'],
    ['NaN as unknown', 'n > 5', Number.NaN, 'unknown'],
    ['a value of another type as unknown', 'n > 5', 'RUN', 'unknown'],
  ])('a condition takes %s', (_, text, value, expected) => {
    expect(condition(text).evaluate(scope({ n: value }))).toBe(expected);
  });

  describe('calculates and compares as people do', () => {
    const BIG = 9_007_199_254_740_993n;

    it.each<[string, Value, Value, Truth]>([
      ['n + m = 0.3', 0.1, 0.2, true],
      ['n + m <= 0.3', 0.1, 0.2, true],
      ['n + m > 0.3', 0.1, 0.2, false],
      ['n = 0.1 + 0.2', 0.3, 0, true],
      ['n * 3 = 0.3', 0.1, 0, true],
      ['n - m = 0.1', 100.1, 100, true],
      ['n - 0.1 - 0.2 = 0', 0.3, 0, true],
      ['n / 0.1 = 3', 0.3, 0, true],
      ['n / 3 * 3 = n', 1, 0, true],
      ['n mod 0.1 = 0', 0.3, 0, true],
      ['n mod 0.2 = 0.1', 0.7, 0, true],
      ['n mod 3 = -1', -7, 0, true],
      ['-n = 0.1', -0.1, 0, true],
      ['n / -m > 0', 1, 0, 'unknown'],
      ['n = m', 0.1, 0.10000000149011612, false],
      ['n + 1 > n', 10_000_000_000_000, 0, true],
      ['n = m', BIG, BIG, true],
      ['n = m', BIG, BIG - 1n, false],
      ['n <> m', BIG, BIG - 1n, true],
      ['n > m', BIG, BIG - 1n, true],
      ['n > m', BIG, 9_007_199_254_740_992, true],
      ['n = m', BIG, 9_007_199_254_740_992, false],
      ['n - m = 1', BIG, BIG - 1n, true],
      ['n + 0.5 > m', BIG, 5, true],
      ['-n < 0', BIG, 0, true],
      ['n > 16#1FFFFFFFFFFFFF', BIG, 0, true],
      ['n * n > 0', 1e308, 0, 'unknown'],
      ['n > 5', Number.POSITIVE_INFINITY, 0, 'unknown'],
      ['n = 1', true, 0, 'unknown'],
      ['n.63', -1, 0, true],
      ['n.31', -2_147_483_648, 0, true],
      ['n.0', -2, 0, false],
      ['n.40', -(2 ** 40), 0, true],
      ['n.39', -(2 ** 40), 0, false],
      ['n.0', BIG, 0, true],
      ['n.53', BIG, 0, true],
      ['n.63', -BIG, 0, true],
      ['n.0', 1e20, 0, 'unknown'],
    ])('the condition %s with n = %s and m = %s is %s', (text, n, m, expected) => {
      const compiled = condition(text);
      const world = scope({ n, m });

      expect(compiled.evaluate(world)).toBe(expected);
      expect(compiled.explain(world).map(({ truth }) => truth)).toEqual([expected]);
    });
  });

  it('one condition can be evaluated in many scopes', () => {
    const compiled = condition('a and n > 1');

    expect([scope({ a: true, n: 2 }), scope({ a: true }), scope({ a: false })].map(compiled.evaluate)).toEqual([
      true,
      'unknown',
      false,
    ]);
  });

  describe('refuses, at the column of the text', () => {
    it.each([
      ['', '0: there is no condition; write one, such as `not press1.running`'],
      ['a and', '2: something is missing after `and`'],
      ['and a', '0: a signal or a value is missing before `and`'],
      ['a and or b', '6: a signal or a value is missing after `and`'],
      ['a b', '2: an operator, such as `and`, is missing before `b`'],
      ['a not b', '2: `and` or `or` is missing before `not`'],
      ['(a and b', '0: this bracket is not closed'],
      ['a and b)', '7: no bracket was opened for this `)`'],
      ['()', '1: there is nothing between these brackets'],
      ['(a and )', '7: a signal or a value is missing after `and`'],
      ['max(a)', '3: `max` is not a function; the functions are `good(signal)` and `still(signal)`'],
      ['good(n > 1)', '0: good() takes one signal: write `good(press1.running)`'],
      ['still(', '0: still() takes one signal: write `still(press1.running)`'],
      ['a = not b = c', '4: `not` beside `=` needs brackets: write `not (a = b)`, or `(not a) = b`'],
      ['b or not a <> c', '5: `not` beside `<>` needs brackets: write `not (a <> b)`, or `(not a) <> b`'],
    ])('a wrong order of words is refused: %j', (text, problem) => {
      expect(problems(text)).toEqual([problem]);
    });

    it.each([
      ['press1.runing', '0: unknown signal `press1.runing`; did you mean `press1.running`?'],
      ['not Press1.Running', '4: unknown signal `Press1.Running`; did you mean `press1.running`?'],
      ['t = RUN', "4: unknown signal `RUN`; a text is written in quotes: 'RUN'"],
      ['press_pcl.connected', '0: unknown source `press_pcl`; did you mean `press_plc.connected`?'],
      ['press1_dwn.active', '0: unknown rule `press1_dwn`; did you mean `press1_down.active`?'],
      ['press1_cycles.active', '0: `press1_cycles` is a cycles rule; only dispatch rules have `.active`'],
      ['not line1.scheduled', '4: unknown signal `line1.scheduled`; calendars are not built yet'],
      ['a.3', '0: `a` is yes/no and has no bits'],
      ['n.64', '0: a word has the bits 0 to 63, bit 0 is the lowest; there is no bit 64'],
      ['good(n.3)', '5: good() takes a whole signal; write `good(n)`'],
      [
        'good(press_plc.connected)',
        '5: good() takes a signal; `press_plc.connected` is never unknown, write it without good()',
      ],
      ['still(oven2.tmp)', '6: unknown signal `oven2.tmp`; did you mean `oven2.temp`?'],
      [
        'press-one',
        '0: unknown signal `press`; a dash is a minus, names are written with _',
        "6: unknown signal `one`; a text is written in quotes: 'one'",
      ],
    ])('a name that cannot be resolved is refused: %j', (text, ...expected) => {
      expect(problems(text)).toEqual(expected);
    });

    it.each([
      ['n', '0: `n` is a number, a condition is yes/no; compare it, such as `n <> 0`'],
      ['t', "0: `t` is a text, a condition is yes/no; compare it, such as `t = 'RUN'`"],
      ['n + 1', '0: this is a number, a condition is yes/no; compare it, such as `… <> 0`'],
      ['a and n', '6: `n` is a number, `and` takes yes/no; compare it, such as `n <> 0`'],
      ['a and not (n)', '11: `n` is a number, `not` takes yes/no; compare it, such as `n <> 0`'],
      ['press1.running = 1', '0: press1.running is yes/no; write press1.running'],
      ['press1.running = 0', '0: press1.running is yes/no; write not press1.running'],
      ['press1.running <> 1', '0: press1.running is yes/no; write not press1.running'],
      ['1 = press1.running', '0: press1.running is yes/no; write press1.running'],
      ['a = 5', "0: `a` is yes/no, `5` is a number: they can't be compared"],
      ["n = '31'", '0: n is a number; write n = 31'],
      ['t <> 31', "0: t is a text; write t <> '31'"],
      ['n = a', "0: `n` is a number, `a` is yes/no: they can't be compared"],
      ['a < b', '0: `a` is yes/no, `<` takes numbers', '4: `b` is yes/no, `<` takes numbers'],
      ["t > 'A'", '0: `t` is a text, `>` takes numbers', "4: `'A'` is a text, `>` takes numbers"],
      ['n / a > 1', '4: `a` is yes/no, `/` takes numbers'],
      [
        'not -a',
        '4: this is a number, `not` takes yes/no; compare it, such as `… <> 0`',
        '5: `a` is yes/no, `-` takes numbers',
      ],
      ['(n + 1) * 2 and a', '0: this is a number, `and` takes yes/no; compare it, such as `… <> 0`'],
      ['n mod t > 1', '6: `t` is a text, `mod` takes numbers'],
      ['1 < n < 5', '2: write 1 < n and n < 5'],
      ['1 = 1', '0: this condition never changes; it has to name a signal'],
      ['true', '0: this condition never changes; it has to name a signal'],
    ])('types that do not fit are refused: %j', (text, ...expected) => {
      expect(problems(text)).toEqual(expected);
    });

    it('all mistakes of a text are reported at once, in the order of the text', () => {
      expect(problems('!a && press1.runing == b')).toEqual([
        '0: write `not` instead of `!`',
        '3: write `and` instead of `&&`',
        '6: unknown signal `press1.runing`; did you mean `press1.running`?',
        '20: write `=` instead of `==`',
      ]);
    });

    it('a name with two meanings is refused', () => {
      const names = {
        ...NAMES,
        signals: signalMap(signal('word', 'number'), signal('word.5', 'bool'), signal('press_plc.connected', 'bool')),
      };

      expect(problems('word.5 or press_plc.connected', names)).toEqual([
        '0: `word.5` has two meanings: a signal and bit 5 of `word`; rename one of them',
        '10: `press_plc.connected` has two meanings: a signal and the connection of source `press_plc`; rename one of them',
      ]);
    });
  });
});
