import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Lookups, RuleDefaults, Rules } from '../../src/rules/schema.ts';

const DISPATCH = { machine: 'PRESS-01', type: 'DOWN', description: 'Press 1' };

const problems = (schema: z.ZodType, written: unknown) =>
  schema.safeParse(written).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

describe('Rules', () => {
  it('the schema reads each kind of rule, with its defaults', () => {
    const rules = Rules.parse({
      press1_down: { when: 'not press1.running', on_delay: '2m', dispatch: DISPATCH },
      press1_cycles: { cycles: { machine: 'PRESS-01', counter: 'press1.strokes' } },
      line1: {
        production: { line: 'LINE-1', total: 'press1.strokes', scrap: { CRACK: 'reject1.crack' }, product: 'P-100' },
      },
    });

    expect(rules).toEqual({
      press1_down: { when: 'not press1.running', on_delay: 120_000, dispatch: DISPATCH },
      press1_cycles: {
        cycles: {
          machine: 'PRESS-01',
          counter: 'press1.strokes',
          every: 900_000,
          mode: 'increment',
          first_sight: 'base',
        },
      },
      line1: {
        production: {
          line: 'LINE-1',
          total: 'press1.strokes',
          per_count: 1,
          scrap: { CRACK: 'reject1.crack' },
          product: 'P-100',
          every: 300_000,
          lateness: 10_000,
          after_gap: 'one',
          blind_product: 'old',
        },
      },
    });
  });

  it.each([
    ['nothing to do', {}, [': this rule does nothing; write dispatch, close, cycles or production']],
    [
      'two things to do',
      { dispatch: DISPATCH, when: 'a', on_delay: '0s', cycles: { machine: 'M', counter: 'c' } },
      [': a rule does one thing, this one has dispatch and cycles; make a rule of each'],
    ],
    [
      'a dispatch without condition and delay',
      { dispatch: DISPATCH },
      [
        'when: write the condition, such as when: not press1.running',
        'on_delay: write how long it has to hold, such as on_delay: 2m, or 0s for at once',
      ],
    ],
    [
      'conditions where nothing is conditional',
      { cycles: { machine: 'M', counter: 'c' }, until: 'a', on_delay: '1m' },
      [
        'until: until belongs to dispatch and close rules; a cycles rule always counts',
        'on_delay: on_delay belongs to dispatch and close rules; a cycles rule always counts',
      ],
    ],
    [
      'neither total nor good',
      { production: { line: 'L', product: 'P' } },
      [
        'production: write either total or good: total counts all parts and scrap is taken off, good counts good parts only',
      ],
    ],
    [
      'both total and good',
      { production: { line: 'L', product: 'P', total: 't', good: 'g' } },
      [
        'production: write either total or good: total counts all parts and scrap is taken off, good counts good parts only',
      ],
    ],
    [
      'a bare number as time',
      { when: 'a', on_delay: 120, dispatch: DISPATCH },
      ['on_delay: write a time with its unit, such as 90s, 2m or 1h30m'],
    ],
    ['a rule that is not built yet', { changeover: {} }, ['changeover: changeover is not built yet; take it out']],
    [
      'keys that are not built yet',
      { when: 'a', on_delay: '0s', dispatch: DISPATCH, cause: {}, short_stops: {} },
      ['cause: cause is not built yet; take it out', 'short_stops: short_stops is not built yet; take it out'],
    ],
    [
      'words that are not built yet',
      {
        when: 'a',
        on_delay: '0s',
        dispatch: { ...DISPATCH, if_closed_by_person: { reopen: '15m' } },
      },
      ['dispatch.if_closed_by_person: {"reopen":"15m"} is not built yet; write one of wait, reopen'],
    ],
    [
      'max_age in the dispatch',
      { when: 'a', on_delay: '0s', dispatch: { ...DISPATCH, max_age: '8h' } },
      ['dispatch.max_age: max_age is written in the rule itself, beside dispatch; move it one level up'],
    ],
    [
      'keys of the rule in its dispatch',
      { when: 'a', dispatch: { ...DISPATCH, on_delay: '0s', on_unknown: 'drop' } },
      [
        'dispatch.on_unknown: on_unknown is written in the rule itself, beside dispatch; move it one level up',
        'dispatch.on_delay: on_delay is written in the rule itself, beside dispatch; move it one level up',
      ],
    ],
    [
      'keys of the rule in its count',
      { cycles: { machine: 'M', counter: 'c', renamed_from: 'old' } },
      ['cycles.renamed_from: renamed_from is written in the rule itself, beside cycles; move it one level up'],
    ],
    [
      'keys of the dispatch in the rule',
      { when: 'a', on_delay: '0s', if_missed: 'add', dispatch: DISPATCH },
      ['if_missed: if_missed belongs to the dispatch; move it one level down, into dispatch: { … }'],
    ],
    [
      'a dispatch setting where nothing is dispatched',
      { cycles: { machine: 'M', counter: 'c' }, on_remove: 'close' },
      ['on_remove: on_remove belongs to dispatch rules; a cycles rule always counts'],
    ],
    [
      'words it does not have',
      { when: 'a', on_delay: '0s', dispatch: { ...DISPATCH, if_missed: 'skip' }, on_unknown: 'retry' },
      ['dispatch.if_missed: write one of open_and_close, add, nothing', 'on_unknown: write one of park, repeat, drop'],
    ],
  ])('the schema refuses %s', (_, rule, expected) => {
    expect(problems(Rules, { one: rule })).toEqual(
      expected.map(problem => `one${problem.startsWith(':') ? '' : '.'}${problem}`),
    );
  });

  it.each(['Press1', 'press-1', '1press', 'press.down'])('the schema refuses the rule name %s', name => {
    const rule = { when: 'a', on_delay: '0s', dispatch: DISPATCH };

    expect(Rules.safeParse({ [name]: rule }).error?.issues).toMatchObject([{ code: 'invalid_key', path: [name] }]);
  });

  it('the schema refuses unknown keys', () => {
    const rule = { when: 'a', on_delay: '0s', dispatch: { ...DISPATCH, maschine: 'X' } };

    expect(Rules.safeParse({ one: rule }).error?.issues).toMatchObject([
      { code: 'unrecognized_keys', keys: ['maschine'] },
    ]);
  });
});

describe('RuleDefaults and Lookups', () => {
  it('the schema reads the defaults and lookups of the example', () => {
    const defaults = {
      dispatch: {
        trade: 'MAINT',
        when_cleared: 'note',
        if_found_open: 'adopt',
        close_adopted: true,
        if_missed: 'add',
        if_closed_by_person: 'reopen',
      },
    };
    const lookups = { press_faults: { key: 'bit', file: 'press_faults.csv', default: { reason: 'OTHER' } } };

    expect(RuleDefaults.parse(defaults)).toEqual(defaults);
    expect(Lookups.parse(lookups)).toEqual(lookups);
  });

  it.each([
    [RuleDefaults, { flood: { dispatches: 10 } }, ['flood: flood is not built yet; take it out']],
    [
      RuleDefaults,
      { dispatch: { close_adopted: true } },
      [
        "dispatch.close_adopted: a person's dispatch is only ever closed where it was adopted; write if_found_open: adopt too, or take close_adopted out",
      ],
    ],
    [
      Lookups,
      { r: { key: 'bits', file: '' } },
      ['r.key: write one of number, text, bit', 'r.file: write the name of a CSV file'],
    ],
  ])('defaults and lookups refuse wrong values', (schema, written, expected) => {
    expect(problems(schema, written)).toEqual(expected);
  });
});

describe('the JSON Schema of rules', () => {
  const properties = (schema: unknown): [string, { description?: string }][] => {
    if (typeof schema !== 'object' || schema === null) return [];
    const own =
      'properties' in schema ? Object.entries(schema.properties as Record<string, { description?: string }>) : [];
    return [...own, ...Object.values(schema).flatMap(properties)];
  };

  it.each([
    ['rules', Rules],
    ['defaults', RuleDefaults],
    ['lookups', Lookups],
  ])('the JSON Schema describes every key of %s', (_, schema) => {
    const keys = properties(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));

    expect(keys.length).toBeGreaterThan(2);
    expect(keys.filter(([, key]) => !key.description)).toEqual([]);
  });
});
