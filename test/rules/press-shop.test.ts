import { beforeEach, describe, expect, it } from 'vitest';
import { formatProblem } from '../../src/core/errors.ts';
import { compileRules } from '../../src/rules/compile-rules.ts';
import type { Program } from '../../src/rules/program.ts';
import { RuleDefaults, Rules } from '../../src/rules/schema.ts';
import { counter, signal } from './support/program.ts';
import { lines, type Plant, plant } from './support/rule-plant.ts';

/** The rules of a press shop as an engineer writes them, from the text to the actions. */
function pressShop(): Program {
  const signals = [
    signal('press1.running'),
    signal('press1.manual'),
    signal('press1.scheduled'),
    signal('press1.faults', { type: 'number' }),
    counter('press1.strokes'),
    counter('weld3.parts'),
  ];
  const compiled = compileRules({
    rules: Rules.parse({
      weld3_stopped: {
        when: 'still(weld3.parts)',
        unless: 'not press1.scheduled or press1_down.active',
        on_delay: '3m',
        off_delay: '30s',
        dispatch: { machine: 'WELD-03', type: 'DOWN', description: 'Weld 3 makes no parts' },
      },
      press1_down: {
        when: 'not press1.running',
        unless: 'press1.manual or not press1.scheduled',
        on_delay: '2m',
        off_delay: '30s',
        dispatch: { machine: 'PRESS-01', type: 'DOWN', description: 'Press 1: fault {{ press1.faults }}' },
      },
      press1_fault: {
        when: 'press1.faults.5 and press1.faults <> 16#FFFF',
        on_delay: '0s',
        dispatch: { machine: 'PRESS-01', type: 'FAULT', description: 'Hydraulics' },
      },
      plc_blind: {
        when: 'not plc.connected',
        on_delay: '5m',
        dispatch: { machine: 'PLC-01', type: 'IT', description: 'No contact with the press PLC' },
      },
      press1_cycles: { cycles: { machine: 'PRESS-01', counter: 'press1.strokes', every: '15m' } },
    }),
    defaults: RuleDefaults.parse({}),
    signals: new Map(signals.map(one => [one.name, one])),
    sources: ['plc'],
    lookups: new Map(),
    mode: 'live',
    freezeLimit: 900_000,
    placeOf: path => ({ file: path.join('/'), line: 1, column: 1 }),
  });
  if ('problems' in compiled) throw new Error(compiled.problems.map(formatProblem).join('\n'));
  return compiled.program;
}

describe('a press shop', () => {
  let shop: Plant;
  beforeEach(() => {
    shop = plant(pressShop());
    shop.set('06:00', {
      'press1.running': true,
      'press1.manual': false,
      'press1.scheduled': true,
      'press1.faults': 0,
      'press1.strokes': 800,
      'weld3.parts': 0,
    });
  });
  const of = (...rules: string[]) => lines(shop.actions.filter(action => rules.includes(action.rule)));

  it('a press shop opens nothing for a short stop', () => {
    shop.set('06:01', { 'press1.running': false });
    shop.set('06:02:50', { 'press1.running': true });
    shop.until('06:10');
    expect(of('press1_down')).toEqual([]);
  });

  it('a press shop opens and closes a stop with its true times and the fault text of that moment', () => {
    shop.set('06:01', { 'press1.running': false });
    shop.set('06:01:01', { 'press1.faults': 0x20 });
    shop.set('06:09', { 'press1.running': true, 'press1.faults': 0 });
    shop.until('06:14');
    expect(of('press1_down', 'press1_fault')).toEqual([
      '06:01:01 open press1_fault reported 06:01:01',
      '06:03:00 open press1_down reported 06:01:00',
      '06:09:00 close press1_fault completed 06:09:00',
      '06:09:30 close press1_down completed 06:09:00',
    ]);
    expect(shop.actions[1]).toMatchObject({ params: { description: 'Press 1: fault 32' } });
  });

  it('a press shop closes no open stop at a break', () => {
    shop.set('06:01', { 'press1.running': false });
    shop.set('06:05', { 'press1.scheduled': false });
    shop.set('06:20', { 'press1.scheduled': true });
    shop.set('06:25', { 'press1.running': true });
    shop.until('06:30');
    expect(of('press1_down')).toEqual([
      '06:03:00 open press1_down reported 06:01:00',
      '06:25:30 close press1_down completed 06:25:00',
    ]);
  });

  it('a press shop opens nothing during a download and counts only real strokes', () => {
    shop.source('06:01', 'disconnected');
    shop.source('06:03', 'connected');
    shop.set('06:03', { 'press1.running': 'bad', 'press1.strokes': 'bad' });
    shop.set('06:03:30', { 'press1.running': true, 'press1.strokes': 812 });
    shop.until('06:20');
    expect(of('press1_down', 'press1_cycles', 'plc_blind')).toEqual(['06:15:00 press1_cycles +12']);
  });

  it('a press shop does not report the welder while the press before it is down', () => {
    shop.set('06:00:30', { 'press1.running': false });
    shop.until('06:20');
    shop.set('06:20', { 'press1.running': true });
    shop.until('06:30');
    expect(of('weld3_stopped')).toEqual(['06:23:30 open weld3_stopped reported 06:20:30']);
  });
});
