import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../src/core/errors.ts';
import { compileRules } from '../../src/rules/compile-rules.ts';
import { parseLookup } from '../../src/rules/lookup.ts';
import { RuleDefaults, Rules } from '../../src/rules/schema.ts';
import { scope, signal, signalMap } from './expression/world.ts';

const SIGNALS = signalMap(
  signal('press1.running', 'bool'),
  signal('press1.manual', 'bool'),
  signal('press1.recipe', 'number'),
  signal('press1.cavities', 'number'),
  signal('press1.strokes', 'number', true),
  signal('reject1.crack', 'number', true),
  signal('weld3.parts', 'number', true),
  signal('oven2.state', 'string'),
);

function lookups() {
  const parsed = parseLookup(Buffer.from('recipe;product\n17;P-17'), {
    name: 'recipes',
    file: 'recipes.csv',
    key: 'number',
  });
  if ('problems' in parsed) throw new Error('the lookup is broken');
  return new Map([['recipes', parsed.table]]);
}

function compile(rules: Record<string, object>, defaults: object = {}) {
  return compileRules({
    rules: Rules.parse(rules),
    defaults: RuleDefaults.parse(defaults),
    signals: SIGNALS,
    sources: ['press_plc'],
    lookups: lookups(),
    mode: 'live',
    freezeLimit: 600_000,
    placeOf: (path, offset) => ({ file: path.join('/'), line: 1, column: 1 + (offset ?? 0) }),
  });
}

function program(rules: Record<string, object>, defaults?: object) {
  const compiled = compile(rules, defaults);
  if ('problems' in compiled) throw new Error(compiled.problems.map(formatProblem).join('\n'));
  return compiled.program;
}

function problems(rules: Record<string, object>) {
  const compiled = compile(rules);
  return 'problems' in compiled ? compiled.problems.map(formatProblem) : [];
}

const dispatch = (more: object = {}) => ({ machine: 'PRESS-01', type: 'DOWN', description: 'Press 1', ...more });
const down = (more: object = {}) => ({ when: 'not press1.running', on_delay: '2m', dispatch: dispatch(), ...more });
const production = (more: object = {}) => ({
  production: { line: 'LINE-1', total: 'press1.strokes', product: 'P-1', ...more },
});
const cycles = (more: object = {}) => ({ cycles: { machine: 'PRESS-01', counter: 'press1.strokes', ...more } });

describe('compileRules', () => {
  it('the compiler resolves a dispatch rule', () => {
    const { rules } = program({
      press1_down: {
        when: 'not press1.running',
        unless: 'press1.manual',
        until: 'press1.running and press_plc.connected',
        on_delay: '2m',
        off_delay: '30s',
        dispatch: dispatch({ reason: '{{ recipes[press1.recipe].product }}', when_cleared: 'complete' }),
      },
    });
    const [rule] = rules;

    expect(rule).toMatchObject({
      kind: 'dispatch',
      name: 'press1_down',
      place: { file: 'rules/press1_down' },
      when: { text: 'not press1.running', place: { file: 'rules/press1_down/when' }, signals: ['press1.running'] },
      unless: { signals: ['press1.manual'] },
      until: { signals: ['press1.running'], sources: ['press_plc'] },
      onDelay: 120_000,
      offDelay: 30_000,
      machine: 'PRESS-01',
      type: 'DOWN',
      trade: null,
      whenCleared: 'complete',
      ifFoundOpen: 'leave',
      closeAdopted: false,
      ifMissed: 'open_and_close',
      ifClosedByPerson: 'wait',
      onRemove: 'leave',
      maxAge: null,
      onUnknown: 'park',
      renamedFrom: null,
    });
    expect(rule?.kind === 'dispatch' && rule.when.evaluate(scope({ 'press1.running': false }))).toBe(true);
    expect(rule?.kind === 'dispatch' && rule.reason?.resolve(() => 17)).toEqual({ code: 'P-17' });
  });

  it('a rule takes a setting from the defaults when it does not have its own', () => {
    const defaults = {
      dispatch: {
        trade: 'MAINT',
        when_cleared: 'note',
        if_found_open: 'adopt',
        close_adopted: true,
        if_missed: 'nothing',
        if_closed_by_person: 'reopen',
        max_age: '8h',
      },
    };

    const { rules } = program(
      {
        one: down(),
        two: down({
          max_age: '1h',
          dispatch: dispatch({
            type: 'QUALITY',
            trade: 'PROC',
            when_cleared: 'close',
            if_found_open: 'leave',
            if_missed: 'add',
            if_closed_by_person: 'wait',
          }),
        }),
        three: cycles(),
      },
      defaults,
    );

    expect(rules).toMatchObject([
      {
        unless: null,
        until: null,
        offDelay: 0,
        reason: null,
        trade: 'MAINT',
        whenCleared: 'note',
        ifFoundOpen: 'adopt',
        closeAdopted: true,
        ifMissed: 'nothing',
        ifClosedByPerson: 'reopen',
        maxAge: 8 * 3_600_000,
      },
      {
        trade: 'PROC',
        whenCleared: 'close',
        ifFoundOpen: 'leave',
        closeAdopted: false,
        ifMissed: 'add',
        ifClosedByPerson: 'wait',
        maxAge: 3_600_000,
      },
      { kind: 'cycles', maxAge: null },
    ]);
  });

  it.each<[string, object]>([
    ['dispatch', down({ on_remove: 'close' })],
    ['cycles', cycles()],
    ['production', production()],
  ])('a %s rule keeps its max_age, its on_unknown and its former name', (kind, rule) => {
    const { rules } = program({ one: { ...rule, max_age: '8h', on_unknown: 'drop', renamed_from: 'zero' } });

    expect(rules).toMatchObject([{ kind, maxAge: 8 * 3_600_000, onUnknown: 'drop', renamedFrom: 'zero' }]);
  });

  it('two rules may open dispatches of one type on one machine', () => {
    expect(problems({ one: down(), two: down({ when: 'press1.manual' }) })).toEqual([]);
  });

  it('the compiler resolves cycles and production rules', () => {
    const { rules } = program({
      press1_cycles: cycles({ every: '1m', mode: 'total', first_sight: 'count' }),
      line1: production({
        per_count: 'press1.cavities',
        scrap: { CRACK: 'reject1.crack' },
        product: '{{ recipes[press1.recipe].product }}',
      }),
      line2: {
        production: {
          line: 'LINE-2',
          good: 'weld3.parts',
          scrap: 'reject1.crack',
          product: 'autodetect',
          after_gap: 'spread',
        },
      },
    });

    expect(rules).toMatchObject([
      {
        kind: 'cycles',
        machine: 'PRESS-01',
        counter: { name: 'press1.strokes' },
        every: 60_000,
        mode: 'total',
        firstSight: 'count',
      },
      {
        kind: 'production',
        line: 'LINE-1',
        quantity: { of: 'total', counter: { name: 'press1.strokes' } },
        perCount: 'press1.cavities',
        scrap: [{ category: 'CRACK', counter: { name: 'reject1.crack' } }],
        product: { signals: ['press1.recipe'] },
        every: 300_000,
        lateness: 10_000,
        afterGap: 'one',
      },
      {
        quantity: { of: 'good', counter: { name: 'weld3.parts' } },
        perCount: 1,
        scrap: [{ category: 'scrap', counter: { name: 'reject1.crack' } }],
        product: null,
        afterGap: 'spread',
      },
    ]);
  });

  it('a program has the other parts that the engine needs beside the rules', () => {
    expect(program({ one: down() })).toMatchObject({
      signals: SIGNALS,
      sources: ['press_plc'],
      mode: 'live',
      freezeLimit: 600_000,
    });
  });

  it('the compiler puts a rule behind the rules that it reads, and keeps the order of the others', () => {
    const of = (type: string, when: string) => down({ when, dispatch: dispatch({ type }) });

    const { rules } = program({
      first: of('A', 'second.active or fourth.active'),
      second: of('B', 'third.active'),
      third: of('C', 'press1.running'),
      counts: cycles(),
      fourth: of('D', 'press1.manual'),
    });

    expect(rules.map(rule => rule.name)).toEqual(['third', 'second', 'fourth', 'first', 'counts']);
  });

  it('the compiler reports every problem of the rules at once, each with its place', () => {
    const found = problems({
      press1_down: down({
        when: 'not press1.runing',
        unless: 'press1.manual && true',
        dispatch: dispatch({ description: 'at {{ oven2.temp }}' }),
      }),
      press1_cycles: cycles({ counter: 'press1.recipe', every: '7m' }),
      line1: production({
        total: 'press1.stroke',
        per_count: 'oven2.state',
        scrap: { CRACK: 'reject1.crak' },
        product: '{{ recipe[press1.recipe].product }}',
        every: '5s',
      }),
    });

    expect(found).toEqual([
      'rules/press1_down/when:1:5 press1_down.when: unknown signal `press1.runing`; did you mean `press1.running`?',
      'rules/press1_down/unless:1:15 press1_down.unless: write `and` instead of `&&`',
      'rules/press1_down/dispatch/description:1:7 press1_down.dispatch.description: unknown signal `oven2.temp`',
      'rules/press1_cycles/cycles/counter:1:1 press1_cycles.cycles.counter: `press1.recipe` is not declared as a counter; add counter: { wraps: full, max_rate: 60/min } to the signal',
      'rules/press1_cycles/cycles/every:1:1 press1_cycles.cycles.every: 7m does not divide a day into equal parts; write such as 5m, 15m or 1h',
      'rules/line1/production/total:1:1 line1.production.total: unknown signal `press1.stroke`; did you mean `press1.strokes`?',
      'rules/line1/production/per_count:1:1 line1.production.per_count: `oven2.state` is a text; a number is needed here',
      'rules/line1/production/scrap/CRACK:1:1 line1.production.scrap.CRACK: unknown signal `reject1.crak`; did you mean `reject1.crack`?',
      'rules/line1/production/product:1:4 line1.production.product: unknown lookup `recipe`; did you mean `recipes`?',
      'rules/line1/production/lateness:1:1 line1.production.lateness: has to be shorter than every (5s)',
    ]);
  });

  it.each<[string, Record<string, object>, string]>([
    [
      'still() at once',
      { one: down({ when: 'still(weld3.parts)', on_delay: '0s' }) },
      'rules/one/on_delay:1:1 one.on_delay: `still()` needs a time: write how long nothing has moved, such as 3m',
    ],
    [
      'something to fill in where nothing is filled in',
      { one: down({ dispatch: dispatch({ machine: '{{ press1.recipe }}' }) }) },
      'rules/one/dispatch/machine:1:1 one.dispatch.machine: nothing is filled in here; `{{ }}` works in reason, description and product',
    ],
    [
      'rules that wait for each other',
      {
        one: down({ unless: 'two.active' }),
        two: down({ unless: 'three.active', dispatch: dispatch({ type: 'B' }) }),
        three: down({ until: 'press1.running and not two.active', dispatch: dispatch({ type: 'C' }) }),
      },
      'rules/two:1:1 two: these rules wait for each other: two → three → two; take one `.active` out',
    ],
    [
      'a rule that waits for itself',
      { one: down({ unless: 'one.active' }) },
      'rules/one:1:1 one: these rules wait for each other: one → one; take one `.active` out',
    ],
    [
      'to close what is adopted where nothing is',
      { one: down({ dispatch: dispatch({ close_adopted: true }) }) },
      "rules/one/dispatch/close_adopted:1:1 one.dispatch.close_adopted: a person's dispatch is only ever closed where it was adopted; write if_found_open: adopt too, or take close_adopted out",
    ],
    [
      'to close at its removal what is always left to people',
      { one: down({ on_remove: 'close', dispatch: dispatch({ when_cleared: 'leave' }) }) },
      'rules/one/on_remove:1:1 one.on_remove: close ends a dispatch as when_cleared says, and that is leave; take it out',
    ],
    [
      'an age at which nothing could be told',
      { one: down({ max_age: '2m' }) },
      'rules/one/max_age:1:1 one.max_age: has to be longer than on_delay (2m): the dispatch is that old when it is opened',
    ],
    [
      'an age for a count of which the newest is told',
      { one: { ...cycles({ mode: 'total' }), max_age: '8h' } },
      'rules/one/max_age:1:1 one.max_age: does nothing with mode: total, where the newest count is always sent; take it out',
    ],
    [
      'a former name that is still a rule',
      { one: down(), two: cycles(), three: { ...down(), renamed_from: 'two' } },
      'rules/three/renamed_from:1:1 three.renamed_from: two is still a rule here and keeps what it has; take that rule out, or this key',
    ],
    [
      'its own name for a former one',
      { one: down({ renamed_from: 'one' }) },
      'rules/one/renamed_from:1:1 one.renamed_from: one is the name it has; write the one it had before, or take this key out',
    ],
    [
      'two rules with one former name',
      { one: down({ renamed_from: 'zero' }), two: down({ renamed_from: 'zero' }) },
      'rules/two/renamed_from:1:1 two.renamed_from: `one` goes on from zero already; only one rule can',
    ],
    [
      'adding and setting one count',
      { one: cycles(), two: cycles({ mode: 'total', counter: 'weld3.parts' }) },
      'rules/two/cycles/mode:1:1 two.cycles.mode: `one` keeps the cycles of PRESS-01 in mode increment; all rules of a machine need the same mode',
    ],
    [
      'setting one count twice',
      { one: cycles({ mode: 'total' }), two: cycles({ mode: 'total', counter: 'weld3.parts' }) },
      'rules/two/cycles/machine:1:1 two.cycles.machine: `one` sets the cycle count of PRESS-01 already; only one rule can',
    ],
    [
      'adding one counter twice',
      { one: cycles(), two: cycles({ every: '5m' }) },
      'rules/two/cycles/machine:1:1 two.cycles.machine: `one` adds press1.strokes to the cycles of PRESS-01 already; they would be counted twice',
    ],
    [
      'two production rules on one line',
      { one: production(), two: production({ total: 'weld3.parts' }) },
      'rules/two/production/line:1:1 two.production.line: `one` records the production of LINE-1 already; one rule per line',
    ],
  ])('the compiler refuses %s', (_, rules, problem) => {
    expect(problems(rules)).toEqual([problem]);
  });

  it('two counters may add up to the cycles of one machine', () => {
    expect(problems({ one: cycles(), two: cycles({ counter: 'weld3.parts' }) })).toEqual([]);
  });
});
