import { describe, expect, it } from 'vitest';
import {
  above,
  below,
  dispatch,
  either,
  is,
  isActive,
  isAway,
  isNot,
  lookup,
  program,
  signal,
  standsStill,
  template,
} from '../support/program.ts';
import { lines, on, paramsOf, plant, shortKey } from '../support/rule-plant.ts';

const running = signal('press1.running');
const manual = signal('press1.manual');
const waiting = signal('press1.waiting');

const stop = dispatch('press1_down', isNot('press1.running'), {
  unless: either(is('press1.manual'), is('press1.waiting')),
  offDelay: 30_000,
});
const press = program([stop], [running, manual, waiting]);
const normal = { 'press1.running': true, 'press1.manual': false, 'press1.waiting': false };

describe('dispatch rule', () => {
  it('a dispatch rule opens nothing for a short stop', () => {
    const line = plant(press);
    line.set('06:00', normal);
    line.set('06:01', { 'press1.running': false });
    line.set('06:02:50', { 'press1.running': true });
    line.until('06:10');
    expect(line.actions).toEqual([]);
    expect(line.events.map(event => event.kind)).toEqual(['known', 'pending', 'returned']);
    expect(line.events[2]?.detail).toBe('press1.running = true after 1m50s, before on_delay (2m) ended: no dispatch');
  });

  it('a dispatch opens after on_delay with the time of the stop, and closes after off_delay with the time of the next run', () => {
    const line = plant(press);
    line.set('06:00', normal);
    line.set('06:01', { 'press1.running': false });
    line.set('06:09', { 'press1.running': true });
    line.until('06:14');
    expect(lines(line.actions)).toEqual([
      '06:03:00 open press1_down reported 06:01:00',
      '06:09:30 close press1_down completed 06:09:00',
    ]);
    const chain = `press1_down#1@${on('06:01')}`;
    expect(line.actions.map(({ key, chain, lane, mode }) => ({ key, chain, lane, mode }))).toEqual([
      { key: `${chain}:open`, chain, lane: 'dispatch:PRESS-01', mode: 'live' },
      { key: `${chain}:close`, chain, lane: 'dispatch:PRESS-01', mode: 'live' },
    ]);
  });

  it('the cause of a dispatch is a plain sentence with its values', () => {
    const line = plant(program([dispatch('stopped', isNot('press1.running'))], [running]));
    line.set('06:01', { 'press1.running': false });
    line.until('06:05');
    expect(line.actions[0]?.cause).toEqual({
      rule: 'stopped',
      where: 'gateway.yaml:1',
      text: 'press1.running was false for 2m',
      values: [{ signal: 'press1.running', value: false, quality: 'good', at: on('06:01') }],
    });
    line.set('06:06', { 'press1.running': true });
    expect(line.actions[1]?.cause.text).toBe('press1.running = true');
  });

  it('an open stop stays open over a break, and a break opens nothing', () => {
    const line = plant(press, '08:54');
    line.set('08:54', normal);
    line.set('08:55', { 'press1.running': false });
    line.set('09:00', { 'press1.waiting': true });
    line.set('09:15', { 'press1.waiting': false });
    line.set('09:20', { 'press1.running': true });
    line.until('09:24');
    expect(lines(line.actions)).toEqual([
      '08:57:00 open press1_down reported 08:55:00',
      '09:20:30 close press1_down completed 09:20:00',
    ]);
  });

  it('a stop that outlasts a break is reported from the end of the break', () => {
    const line = plant(press, '09:00');
    line.set('09:00', { ...normal, 'press1.waiting': true });
    line.set('09:05', { 'press1.running': false });
    line.set('09:15', { 'press1.waiting': false });
    line.until('09:20');
    expect(lines(line.actions)).toEqual(['09:17:00 open press1_down reported 09:15:00']);
  });

  it('an unknown unless opens nothing and closes nothing', () => {
    const line = plant(press);
    line.set('06:00', normal);
    line.set('06:01', { 'press1.running': false, 'press1.manual': 'bad' });
    line.until('06:10');
    expect(line.actions).toEqual([]);
    line.set('06:10', { 'press1.manual': false });
    line.set('06:13', { 'press1.manual': true });
    line.until('06:20');
    expect(lines(line.actions)).toEqual(['06:12:00 open press1_down reported 06:10:00']);
  });

  it('a dispatch with until stays open between the two limits', () => {
    const oven = program(
      [dispatch('oven_hot', above('oven.temp', 240), { until: below('oven.temp', 235), onDelay: 30_000 })],
      [signal('oven.temp', { type: 'number' })],
    );
    const line = plant(oven);
    line.set('06:00', { 'oven.temp': 245 });
    line.set('06:05', { 'oven.temp': 238 });
    line.set('06:06', { 'oven.temp': 242 });
    line.set('06:07', { 'oven.temp': 234 });
    line.until('06:10');
    expect(lines(line.actions)).toEqual([
      '06:00:30 open oven_hot reported 06:00:00',
      '06:07:00 close oven_hot completed 06:07:00',
    ]);
    expect(line.actions[1]?.cause.text).toBe('oven.temp < 235 was true');
  });

  it('without delays each press of the button is one episode at once', () => {
    const line = plant(program([dispatch('call', is('call.lamp'), { onDelay: 0 })], [signal('call.lamp')]));
    line.set('06:00', { 'call.lamp': true });
    line.set('06:01', { 'call.lamp': false });
    line.set('06:02', { 'call.lamp': true });
    expect(line.actions.map(shortKey)).toEqual(['call#1:open', 'call#1:close', 'call#2:open']);
  });

  it('the rule writes texts when the action is made, from the last good values', () => {
    const fault = signal('fault', { type: 'number' });
    const rule = dispatch('stopped', isNot('press1.running'), {
      onDelay: 10_000,
      description: template('fault {{ fault }}'),
      reason: lookup('fault', { '31': 'HYDR' }),
    });
    const line = plant(program([rule], [running, fault]));
    line.set('06:00', { 'press1.running': true, fault: 0 });
    line.set('06:01', { 'press1.running': false });
    line.set('06:01:01', { fault: 31 });
    line.set('06:01:02', { fault: 'bad' });
    line.until('06:02');
    expect(paramsOf(line.actions, 'open_dispatch')[0]).toMatchObject({ description: 'fault 31', reason: 'HYDR' });
  });

  it('a dispatch without a reason code opens without a reason, and an event records it', () => {
    const fault = signal('fault', { type: 'number' });
    const rule = dispatch('stopped', isNot('press1.running'), { onDelay: 0, reason: lookup('fault', {}) });
    const line = plant(program([rule], [running, fault]));
    line.set('06:00', { 'press1.running': false, fault: 7 });
    expect(paramsOf(line.actions, 'open_dispatch')[0]).not.toHaveProperty('reason');
    expect(line.actions[0]?.cause.text).toBe('press1.running was false; no reason: codes has no 7');
  });

  it('uncertain values count only where the signal allows them', () => {
    const rules = [dispatch('strict', is('a'), { onDelay: 0 }), dispatch('lenient', is('b'), { onDelay: 0 })];
    const line = plant(program(rules, [signal('a'), signal('b', { acceptUncertain: true })]));
    line.set('06:00', {}, { samples: ['a', 'b'].map(name => ({ signal: name, value: true, quality: 'uncertain' })) });
    expect(line.actions.map(action => action.rule)).toEqual(['lenient']);
  });

  it('no rule sees half a message', () => {
    const rule = dispatch('both', isNot('press1.running'), { unless: is('press1.manual'), onDelay: 0 });
    const line = plant(program([rule], [running, manual]));
    line.set('06:00', { 'press1.running': true, 'press1.manual': false });
    line.set('06:01', { 'press1.running': false, 'press1.manual': true });
    expect(line.actions).toEqual([]);
  });

  it('two values of one signal in one message count one after the other', () => {
    const line = plant(program([dispatch('call', is('lamp'), { onDelay: 0 })], [signal('lamp')]));
    const samples = [true, false, true].map(value => ({ signal: 'lamp', value, quality: 'good' as const }));
    line.set('06:00', {}, { samples });
    expect(line.actions.map(shortKey)).toEqual(['call#1:open', 'call#1:close', 'call#2:open']);
  });
});

describe('dispatch rule over other rules and sources', () => {
  it('a rule does not open downstream of an active rule', () => {
    const upstream = dispatch('upstream', is('a'), { onDelay: 60_000 });
    const downstream = dispatch('downstream', is('b'), { onDelay: 60_000, unless: isActive('upstream') });
    const line = plant(program([upstream, downstream], [signal('a'), signal('b', { source: 'other' })]));
    line.set('06:00', { a: false });
    line.set('06:00', { b: false }, { source: 'other' });
    line.set('06:01', { a: true });
    line.set('06:01:30', { b: true }, { source: 'other' });
    line.set('06:10', { a: false });
    line.until('06:20');
    expect(lines(line.actions)).toEqual([
      '06:02:00 open upstream reported 06:01:00',
      '06:10:00 close upstream completed 06:10:00',
      '06:11:00 open downstream reported 06:10:00',
    ]);
  });

  it('the timer of a rule fires before the rules that depend on it are evaluated', () => {
    const upstream = dispatch('upstream', is('a'), { onDelay: 60_000 });
    const downstream = dispatch('downstream', is('b'), { onDelay: 0, unless: isActive('upstream') });
    const line = plant(program([upstream, downstream], [signal('a'), signal('b')]));
    line.set('06:00', { a: true, b: false });
    // There is no tick in between: the sample itself brings the time.
    line.engine.step({
      kind: 'samples',
      batch: {
        source: 'plc',
        at: on('06:05'),
        receivedAt: on('06:05'),
        time: 'source',
        samples: [{ signal: 'b', value: true, quality: 'good' }],
      },
    });
    expect(line.engine.rules().map(rule => rule.phase)).toEqual(['active', 'inactive']);
  });

  it('a dispatch rule can report that a source is away', () => {
    const line = plant(program([dispatch('blind', isAway('plc'), { onDelay: 300_000 })], [running]));
    line.source('06:10', 'disconnected');
    line.source('06:11', 'connecting');
    line.source('06:30', 'connected');
    line.until('06:40');
    expect(lines(line.actions)).toEqual([
      '06:15:00 open blind reported 06:10:00',
      '06:30:00 close blind completed 06:30:00',
    ]);
  });
});

describe('a rule with still()', () => {
  const parts = signal('weld3.parts', { type: 'number' });
  const rule = dispatch('weld3_stopped', standsStill('weld3.parts'), { onDelay: 180_000, offDelay: 30_000 });
  const weld = program([rule], [parts]);

  it('a still dispatch begins at the last part and ends at the first one', () => {
    const line = plant(weld);
    line.set('06:00', { 'weld3.parts': 10 });
    line.set('06:01', { 'weld3.parts': 11 });
    line.set('06:02', { 'weld3.parts': 12 });
    line.set('06:03', { 'weld3.parts': 12 });
    line.set('06:10', { 'weld3.parts': 13 });
    line.set('06:10:20', { 'weld3.parts': 14 });
    line.until('06:13');
    expect(lines(line.actions)).toEqual([
      '06:05:00 open weld3_stopped reported 06:02:00',
      '06:10:30 close weld3_stopped completed 06:10:00',
    ]);
    expect(line.actions.map(action => action.cause.text)).toEqual([
      'weld3.parts stood still for 3m',
      'weld3.parts moved again for 30s',
    ]);
  });

  it('the next stop begins at the last part before the end of the first one', () => {
    const line = plant(weld);
    line.set('06:00', { 'weld3.parts': 10 });
    line.set('06:05', { 'weld3.parts': 11 });
    line.set('06:05:20', { 'weld3.parts': 12 });
    line.until('06:20');
    expect(lines(line.actions)).toEqual([
      '06:03:00 open weld3_stopped reported 06:00:00',
      '06:05:30 close weld3_stopped completed 06:05:00',
      '06:08:20 open weld3_stopped reported 06:05:20',
    ]);
  });

  it('a single part does not end a stop when off_delay is longer than on_delay', () => {
    const slow = dispatch('slow', standsStill('weld3.parts'), { onDelay: 60_000, offDelay: 300_000 });
    const line = plant(program([slow], [parts]));
    line.set('06:00', { 'weld3.parts': 10 });
    line.set('06:10', { 'weld3.parts': 11 });
    line.until('06:30');
    expect(lines(line.actions)).toEqual(['06:01:00 open slow reported 06:00:00']);
  });

  it('parts that were made during a restart are noticed', () => {
    const line = plant(weld);
    line.set('06:00', { 'weld3.parts': 10 });
    line.restart('06:01', '06:02');
    line.source('06:02', 'connected');
    line.set('06:02', { 'weld3.parts': 11 });
    line.until('06:10');
    expect(lines(line.actions)).toEqual(['06:05:00 open weld3_stopped reported 06:02:00']);
  });

  it('a part that opens nothing is committed lazily', () => {
    const line = plant(weld);
    line.set('06:00', { 'weld3.parts': 10 });
    const result = line.set('06:01', { 'weld3.parts': 11 });
    expect(result).toMatchObject({ changed: [], moved: ['weld3_stopped'] });
  });
});

describe('dispatch rule while something is unknown', () => {
  const simple = program([dispatch('stopped', isNot('press1.running'))], [running]);

  it.each([
    { what: 'goes on with its old start', sourceAt: '06:01:00', opened: '06:04:00', reported: '06:01:00' },
    {
      what: 'starts anew when the source tells of a change inside the gap',
      sourceAt: '06:02:10',
      opened: '06:05:00',
      reported: '06:03:00',
    },
  ])('after a short gap only known time counts: $what', ({ sourceAt, opened, reported }) => {
    const line = plant(simple);
    line.set('06:01', { 'press1.running': false });
    line.set('06:02', { 'press1.running': 'bad' });
    line.set('06:03', { 'press1.running': { value: false, sourceAt } });
    line.until('06:10');
    expect(lines(line.actions)).toEqual([`${opened} open stopped reported ${reported}`]);
  });

  it('a delay starts again after a gap longer than the freeze limit', () => {
    const line = plant(simple);
    line.set('06:01', { 'press1.running': false });
    line.set('06:02', { 'press1.running': 'bad' });
    line.set('06:30', { 'press1.running': false });
    line.until('06:40');
    expect(lines(line.actions)).toEqual(['06:32:00 open stopped reported 06:30:00']);
  });

  it('an unknown condition pauses the off_delay too', () => {
    const line = plant(program([dispatch('stopped', isNot('press1.running'), { offDelay: 60_000 })], [running]));
    line.set('06:01', { 'press1.running': false });
    line.set('06:10', { 'press1.running': true });
    line.source('06:10:30', 'disconnected');
    line.source('06:15', 'connected');
    line.set('06:15', { 'press1.running': true });
    line.until('06:20');
    expect(lines(line.actions)).toEqual([
      '06:03:00 open stopped reported 06:01:00',
      '06:15:30 close stopped completed 06:10:00',
    ]);
  });

  it('a dispatch rule opens and closes nothing while its source is away', () => {
    const line = plant(simple);
    line.set('06:01', { 'press1.running': false });
    line.source('06:02', 'disconnected');
    line.until('08:00');
    expect(line.actions).toEqual([]);
  });

  it('a good sample without a value is unknown', () => {
    const line = plant(program([dispatch('call', is('lamp'), { onDelay: 0 })], [signal('lamp')]));
    line.set('06:00', { lamp: true });
    line.set('06:01', {}, { samples: [{ signal: 'lamp', value: null, quality: 'good' }] });
    line.set('06:02', {}, { samples: [{ signal: 'lamp', value: Number.NaN, quality: 'good' }] });
    expect(line.actions.map(action => action.kind)).toEqual(['open_dispatch']);
  });
});
