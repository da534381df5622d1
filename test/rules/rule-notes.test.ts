import { describe, expect, it } from 'vitest';
import { defaultNotes, ruleNotes } from '../../src/rules/about-rules.ts';
import { compileRules } from '../../src/rules/compile-rules.ts';
import { RuleDefaults, Rules } from '../../src/rules/schema.ts';
import { counter, cycles as cyclesRule, dispatch, is, signal } from './support/program.ts';

/** The notes of one rule, as the compiler understands it. */
function notes(rule: object, dispatchDefaults: object = {}): readonly string[] {
  const defaults = RuleDefaults.parse({ dispatch: dispatchDefaults });
  const compiled = compileRules({
    rules: Rules.parse({ r: rule }),
    defaults,
    signals: new Map([
      ['running', signal('running')],
      ['parts', counter('parts')],
    ]),
    sources: ['plc'],
    lookups: new Map(),
    mode: 'live',
    freezeLimit: 600_000,
    placeOf: () => ({ file: 'gateway.yaml', line: 1, column: 1 }),
  });
  const [one] = 'program' in compiled ? compiled.program.rules : [];
  if (!one) throw new Error(JSON.stringify(compiled));
  return ruleNotes(one, defaults);
}

const down = (dispatch: object = {}, rule: object = {}) => ({
  when: 'not running',
  on_delay: '2m',
  dispatch: { machine: 'M', type: 'DOWN', description: 'd', ...dispatch },
  ...rule,
});
const cycles = (rule: object = {}) => ({ cycles: { machine: 'M', counter: 'parts' }, ...rule });
const production = (rule: object = {}) => ({ production: { line: 'L', good: 'parts', product: 'P' }, ...rule });

describe('the notes of a rule', () => {
  it.each([
    ['dispatch', down()],
    ['dispatch that writes what it would do anyway', down({ if_found_open: 'leave', if_missed: 'open_and_close' })],
    ['cycles', cycles()],
    ['production', production()],
  ])('a plain rule has no notes: %s', (_kind, rule) => {
    expect(notes(rule)).toEqual([]);
  });

  it.each([
    [down({ if_found_open: 'adopt' }), 'a person has an open dispatch: the gateway uses it, and people close it'],
    [
      down({ if_found_open: 'adopt', close_adopted: true }),
      'a person has an open dispatch: the gateway uses it, and ends it',
    ],
    [down({ if_found_open: 'open' }), 'a person has an open dispatch: another one opens beside it'],
    [down({ if_missed: 'add' }), 'the stop is over before the open is sent: L2L gets one finished dispatch'],
    [down({ if_missed: 'nothing' }), 'the stop is over before the open is sent: L2L gets nothing'],
    [down({ if_closed_by_person: 'reopen' }), 'a person closes the dispatch early: another opens after on_delay'],
    [down({}, { max_age: '8h' }), 'an action older than 8h is not sent any more'],
    [production({ max_age: '1d' }), 'an action older than 1d is not sent any more'],
    [
      down({}, { on_unknown: 'repeat' }),
      'nobody knows whether L2L took a call: it is sent again, and may be in L2L twice',
    ],
    [
      cycles({ on_unknown: 'drop' }),
      'nobody knows whether L2L took a call: it is not sent again, and may be missing in L2L',
    ],
    [cycles({ renamed_from: 'former' }), 'keeps the state of its former name former'],
    [down({}, { on_remove: 'close' }), 'when the rule is removed, its open dispatch is closed'],
    [
      down({ when_cleared: 'note' }, { on_remove: 'close' }),
      'when the rule is removed, its open dispatch is noted as over',
    ],
  ])('the notes of a rule say how it differs from a plain one: %o', (rule, words) => {
    expect(notes(rule)).toEqual([words]);
  });

  it('the notes of a rule repeat those of the defaults only when the rule differs from them', () => {
    const defaults = { if_found_open: 'adopt', close_adopted: true, if_missed: 'add', max_age: '8h' };

    expect(notes(down(), defaults)).toEqual([]);
    expect(notes(down({ if_missed: 'open_and_close', if_found_open: 'leave' }), defaults)).toEqual([
      'a person has an open dispatch: no other one opens, and people close it',
      'the stop is over before the open is sent: L2L gets both',
    ]);
    expect(notes(down({}, { max_age: '1h' }), defaults)).toEqual(['an action older than 1h is not sent any more']);
    // The defaults are those of dispatches.
    expect(notes(cycles(), defaults)).toEqual([]);
  });
});

describe('the notes of the defaults', () => {
  const stop = dispatch('stop', is('running'));

  it.each([
    [
      { if_closed_by_person: 'reopen', max_age: '8h' },
      [
        'a person closes the dispatch early: another opens after on_delay',
        'an action older than 8h is not sent any more',
      ],
    ],
  ])('the notes of the defaults say what they change for every dispatch: %o', (written, notes) => {
    expect(defaultNotes([stop], RuleDefaults.parse({ dispatch: written }))).toEqual([{ kind: 'dispatch', notes }]);
  });

  it.each([{}, { dispatch: {} }, { dispatch: { trade: 'MAINT', when_cleared: 'note', if_found_open: 'leave' } }])(
    'defaults that change nothing have no notes: %o',
    written => {
      expect(defaultNotes([stop], RuleDefaults.parse(written))).toEqual([]);
    },
  );

  it('the notes of the defaults name no kind without a rule', () => {
    const defaults = RuleDefaults.parse({ dispatch: { max_age: '8h' } });

    expect(defaultNotes([cyclesRule('c', counter('parts'))], defaults)).toEqual([]);
  });
});
