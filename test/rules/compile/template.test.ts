import { describe, expect, it } from 'vitest';
import type { Value } from '../../../src/core/sample.ts';
import { compileCode, compileTemplate, printValue } from '../../../src/rules/compile/template.ts';
import { type LookupKey, type LookupTable, parseLookup } from '../../../src/rules/lookup.ts';
import { signal, signalMap } from '../expression/world.ts';

function lookup(name: string, key: LookupKey, text: string, otherwise?: Record<string, string>): [string, LookupTable] {
  const parsed = parseLookup(Buffer.from(text), {
    name,
    file: `${name}.csv`,
    key,
    ...(otherwise ? { default: otherwise } : {}),
  });
  if ('problems' in parsed) throw new Error(`${name} is broken`);
  return [name, parsed.table];
}

const NAMES = {
  signals: signalMap(
    signal('oven2.temp', 'number'),
    signal('press1.recipe', 'number'),
    signal('press1.faults', 'number'),
    signal('press1.running', 'bool'),
    signal('oven2.state', 'string'),
  ),
  lookups: new Map([
    lookup('recipes', 'number', 'recipe;product\n17;0123'),
    lookup('faults', 'bit', 'bit;reason;text\n2;HYDR;hydraulics', { reason: 'OTHER', text: 'no fault bit set' }),
    lookup('states', 'text', 'state;code\nRUN;R'),
  ]),
};

const lastGood = (values: Readonly<Record<string, Value>>) => (name: string) => values[name];

function template(text: string) {
  const compiled = compileTemplate(text, NAMES);
  if ('problems' in compiled) throw new Error('the template is refused');
  return compiled.template;
}

function code(text: string) {
  const compiled = compileCode(text, NAMES);
  if ('problems' in compiled) throw new Error('the code is refused');
  return compiled.code;
}

const WORLD = lastGood({
  'oven2.temp': 240.5,
  'press1.recipe': 17,
  'press1.faults': 4,
  'press1.running': true,
  'oven2.state': 'RUN',
});

describe('compileTemplate', () => {
  it.each([
    ['Operator call', 'Operator call'],
    ['Oven 2 at {{ oven2.temp }} °C', 'Oven 2 at 240.5 °C'],
    ['{{oven2.temp}}{{ oven2.state }}', '240.5RUN'],
    ['{{ recipes[press1.recipe].product }}', '0123'],
    ['{{ recipes [ press1.recipe ] . product }}', '0123'],
    ['{{ faults[press1.faults].text }}, {{ states[oven2.state].code }}', 'hydraulics, R'],
    ['{{ press1.running }}', 'true'],
    ['a { b } c', 'a { b } c'],
  ])('a template fills in %j', (text, expected) => {
    expect(template(text).render(WORLD)).toBe(expected);
  });

  it('a template prints a signal that was never good, and a key that a lookup does not have, as unknown', () => {
    const text = '{{ oven2.temp }} {{ recipes[press1.recipe].product }} {{ recipes[oven2.temp].product }}';

    expect(template(text).render(lastGood({ 'press1.recipe': 99 }))).toBe('unknown unknown unknown');
  });

  it('a template takes the default row of a lookup', () => {
    expect(template('{{ faults[press1.faults].text }}').render(lastGood({ 'press1.faults': 0 }))).toBe(
      'no fault bit set',
    );
  });

  it('a template names the signals that it reads', () => {
    expect(template('{{ oven2.temp }} {{ recipes[press1.recipe].product }} {{ oven2.temp }}').signals).toEqual([
      'oven2.temp',
      'press1.recipe',
    ]);
  });

  it.each([
    ['at {{ oven2.tmp }}', 6, 'unknown signal `oven2.tmp`; did you mean `oven2.temp`?'],
    ['{{ recipe[press1.recipe].product }}', 3, 'unknown lookup `recipe`; did you mean `recipes`?'],
    ['{{ recipes[press1.recip].product }}', 3, 'unknown signal `press1.recip`; did you mean `press1.recipe`?'],
    ['{{ recipes[press1.recipe].produkt }}', 3, 'lookup `recipes` has no field `produkt`; did you mean `product`?'],
    ['{{ recipes[press1.recipe].x }}', 3, 'lookup `recipes` has no field `x`; its fields are product'],
    ['{{ recipes[oven2.state].product }}', 3, '`oven2.state` is a text, the key of lookup `recipes` is a number'],
    ['{{ states[press1.recipe].code }}', 3, '`press1.recipe` is a number, the key of lookup `states` is a text'],
    [
      "{{ lookup('recipes', press1.recipe) }}",
      3,
      "`lookup('recipes', press1.recipe)` is neither a signal nor a lookup; write `{{ signal }}` or `{{ lookup[signal].field }}`",
    ],
    ['{{ }}', 3, '`` is neither a signal nor a lookup; write `{{ signal }}` or `{{ lookup[signal].field }}`'],
    ['{{ cause.reason }}', 3, '`cause` is not built yet; write `{{ lookup[signal].field }}`'],
    ['at {{ oven2.temp', 3, '`{{` has no closing `}}`'],
    ['at oven2.temp }} °C', 14, '`}}` has no opening `{{`'],
  ])('a template refuses %j', (text, offset, message) => {
    expect(compileTemplate(text, NAMES)).toEqual({ problems: [{ offset, message }] });
  });

  it('all mistakes of a template are reported', () => {
    const compiled = compileTemplate('{{ x }} and {{ y', NAMES);

    expect('problems' in compiled && compiled.problems.map(problem => problem.offset)).toEqual([3, 12]);
  });
});

describe('compileCode', () => {
  it.each([
    ['P-100', ['P-100']],
    ['{{ recipes[press1.recipe].product }}', ['0123']],
    ['{{ faults[press1.faults].reason }}', ['HYDR', 'OTHER']],
    ['{{ faults[press1.faults].reason }}-{{ states[oven2.state].code }}', ['HYDR-R', 'OTHER-R']],
    ['P-{{ press1.recipe }}', null],
  ])('the code %s lists all codes that it can give', (text, expected) => {
    expect(code(text).codes).toEqual(expected);
  });

  it.each([
    ['P-100', { code: 'P-100' }],
    ['{{ recipes[press1.recipe].product }}', { code: '0123' }],
    ['P-{{ press1.recipe }}', { code: 'P-17' }],
  ])('the template %s gives a code', (text, expected) => {
    expect(code(text).resolve(WORLD)).toEqual(expected);
  });

  it.each([
    [
      '{{ recipes[press1.recipe].product }}',
      { 'press1.recipe': 99 },
      'lookup recipes has no row for press1.recipe = 99',
    ],
    ['P-{{ press1.recipe }}', {}, 'press1.recipe never had a good value'],
    ['{{ oven2.state }}', { 'oven2.state': ' ' }, '`{{ oven2.state }}` came to an empty text'],
  ])('the template %s says why there is no code', (text, values, missing) => {
    expect(code(text).resolve(lastGood(values))).toEqual({ missing });
  });
});

describe('printValue', () => {
  it.each<[Value, string]>([
    [0, '0'],
    [-0, '0'],
    [50_000, '50000'],
    [1_234_567_890, '1234567890'],
    [240.123456789, '240.123'],
    [Math.fround(12.7), '12.7'],
    [1_234_567.25, '1234567'],
    [-0.000012345678, '-0.0000123457'],
    [1e21, '1000000000000000000000'],
    [18_446_744_073_709_551_615n, '18446744073709551615'],
    [false, 'false'],
    ['RUN', 'RUN'],
  ])('a template prints %s as %s', (value, expected) => {
    expect(printValue(value)).toBe(expected);
  });
});
