import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/rules/engine.ts';
import { counter, lookup, production, program, signal } from '../support/program.ts';
import { lines, on, paramsOf, plant } from '../support/rule-plant.ts';

const strokes = counter('strokes');
const scrap = counter('crack');
const cavities = signal('cavities', { type: 'number' });
const recipe = signal('recipe', { type: 'number' });
const simple = program([production('line1', strokes)], [strokes]);
const withScrap = program(
  [production('line1', strokes, { scrap: [{ category: 'CRACK', counter: scrap }] })],
  [strokes, scrap],
);

describe('production rule', () => {
  it('each clock interval with parts is one set, after its end and the lateness', () => {
    const line = plant(simple);
    line.set('06:00:30', { strokes: 100 });
    line.set('06:01', { strokes: 110 });
    line.set('06:06', { strokes: 130 });
    line.set('06:21', { strokes: 131 });
    line.until('07:00');
    expect(lines(line.actions)).toEqual([
      '06:00:00-06:05:00 actual 10 scrap 0',
      '06:05:00-06:10:00 actual 20 scrap 0',
      '06:20:00-06:25:00 actual 1 scrap 0',
    ]);
    expect(line.actions[0]).toMatchObject({
      key: `line1@${on('06:05')}:record`,
      lane: 'production:LINE-1',
      chain: null,
      at: on('06:05:01'),
    });
  });

  it('the end of an interval waits for parts counted before it, and later parts go to the next interval', () => {
    const line = plant(program([production('line1', strokes, { lateness: 10_000 })], [strokes]));
    line.set('06:04', { strokes: 100 });
    line.set('06:04:59', { strokes: 101 }, { receivedAt: on('06:05:05') });
    line.set('06:05:08', { strokes: 103 });
    line.set('06:04:59', { strokes: 104 }, { receivedAt: on('06:05:20') });
    line.until('06:20');
    expect(lines(line.actions)).toEqual(['06:00:00-06:05:00 actual 1 scrap 0', '06:05:00-06:10:00 actual 3 scrap 0']);
  });

  it('scrap is subtracted from the total, and the excess is carried over', () => {
    const line = plant(withScrap);
    line.set('06:00', { strokes: 0, crack: 0 });
    line.set('06:01', { strokes: 2, crack: 5 });
    line.set('06:06', { strokes: 12 });
    line.until('06:20');
    expect(lines(line.actions)).toEqual(['06:00:00-06:05:00 actual 0 scrap 5', '06:05:00-06:10:00 actual 7 scrap 0']);
  });

  it('good parts are sent as they are counted, scrap beside them', () => {
    const rule = production('line1', strokes, {
      quantity: { of: 'good', counter: strokes },
      scrap: [{ category: 'CRACK', counter: scrap }],
    });
    const line = plant(program([rule], [strokes, scrap]));
    line.set('06:00', { strokes: 0, crack: 0 });
    line.set('06:01', { strokes: 20, crack: 3 });
    line.until('06:20');
    expect(lines(line.actions)).toEqual(['06:00:00-06:05:00 actual 20 scrap 3']);
  });

  it('each stroke is multiplied by the cavities of its moment', () => {
    const line = plant(program([production('line1', strokes, { perCount: 'cavities' })], [strokes, cavities]));
    line.set('06:00', { strokes: 0, cavities: 4 });
    line.set('06:01', { strokes: 10 });
    line.set('06:02', { cavities: 2 });
    line.set('06:03', { strokes: 15 });
    line.until('06:20');
    expect(lines(line.actions)).toEqual(['06:00:00-06:05:00 actual 50 scrap 0']);
  });

  it('strokes wait until the cavities are known', () => {
    const line = plant(program([production('line1', strokes, { perCount: 'cavities' })], [strokes, cavities]));
    line.set('06:00', { strokes: 0 });
    line.set('06:01', { strokes: 10 });
    line.until('06:07');
    expect(line.actions).toEqual([]);
    line.set('06:07', { cavities: 4 });
    line.until('06:20');
    expect(lines(line.actions)).toEqual(['06:00:00-06:05:00 actual 40 scrap 0']);
  });

  it('a set has at most two decimals, and the rest is carried over', () => {
    const line = plant(program([production('line1', strokes, { perCount: 1 / 3 })], [strokes]));
    line.set('06:00', { strokes: 0 });
    line.set('06:01', { strokes: 1 });
    line.set('06:06', { strokes: 2 });
    line.set('06:11', { strokes: 3 });
    line.until('06:20');
    expect(paramsOf(line.actions, 'record_details').map(set => set.actual)).toEqual([0.33, 0.34, 0.33]);
  });

  it('a set ends where the product changes', () => {
    const rule = production('line1', strokes, { product: lookup('recipe', { '1': 'A', '2': 'B' }) });
    const line = plant(program([rule], [strokes, recipe]));
    line.set('06:00', { strokes: 0, recipe: 1 });
    line.set('06:01', { strokes: 10 });
    line.set('06:02', { recipe: 2 });
    line.set('06:03', { strokes: 15 });
    line.set('06:06', { strokes: 20 });
    line.until('06:20');
    expect(lines(line.actions)).toEqual([
      '06:00:00-06:02:00 actual 10 scrap 0 A',
      '06:02:00-06:05:00 actual 5 scrap 0 B',
      '06:05:00-06:10:00 actual 5 scrap 0 B',
    ]);
  });

  it('parts belong to the product that runs, also within the second in which it began', () => {
    const rule = production('line1', strokes, { product: lookup('recipe', { '1': 'A', '2': 'B' }) });
    const line = plant(program([rule], [strokes, recipe]));
    line.set('06:00', { strokes: 0, recipe: 1 });
    line.set('06:05:00.200', { strokes: 4 });
    line.set('06:05:00.500', { recipe: 2 });
    line.set('06:05:00.700', { strokes: 5 });
    line.until('06:20');
    expect(lines(line.actions)).toEqual([
      '06:05:00-06:05:01 actual 4 scrap 0 A',
      '06:05:01-06:10:00 actual 1 scrap 0 B',
    ]);
  });

  it('parts belong to the product that runs, also when it began in a time that is already recorded', () => {
    const rule = production('line1', strokes, { product: lookup('recipe', { '1': 'A', '2': 'B' }) });
    const line = plant(program([rule], [strokes, recipe]));
    line.set('06:00', { strokes: 0, recipe: 1 });
    line.set('06:03', { strokes: 10 });
    line.until('06:05:30');
    line.set('06:04', { strokes: 14 }, { receivedAt: on('06:05:40') });
    line.set('06:04:10', { recipe: 2 }, { receivedAt: on('06:05:41') });
    line.set('06:04:20', { strokes: 17 }, { receivedAt: on('06:05:42') });
    line.set('06:04:30', { recipe: 1 }, { receivedAt: on('06:05:43') });
    line.set('06:04:40', { strokes: 19 }, { receivedAt: on('06:05:44') });
    line.until('06:20');
    expect(lines(line.actions)).toEqual([
      '06:00:00-06:05:00 actual 10 scrap 0 A',
      '06:05:00-06:05:01 actual 4 scrap 0 A',
      '06:05:01-06:05:02 actual 3 scrap 0 B',
      '06:05:02-06:10:00 actual 2 scrap 0 A',
    ]);
  });

  it('an interval without a product code parks its set with an event, and counting goes on', () => {
    const rule = production('line1', strokes, { product: lookup('recipe', { '1': 'A' }) });
    const line = plant(program([rule], [strokes, recipe]));
    line.set('06:00', { strokes: 0, recipe: 9 });
    line.set('06:01', { strokes: 10 });
    line.set('06:05', { recipe: 1 });
    line.set('06:06', { strokes: 15 });
    line.until('06:20');
    expect(paramsOf(line.actions, 'record_details')).toEqual([
      {
        line: 'LINE-1',
        start: on('06:00'),
        end: on('06:05'),
        actual: 10,
        scrap: 0,
        product: null,
        unknownProduct: { why: 'codes has no 9', seen: { recipe: '9' } },
      },
      { line: 'LINE-1', start: on('06:05'), end: on('06:10'), actual: 5, scrap: 0, product: 'A' },
    ]);
    expect(line.events.find(event => event.kind === 'interval_parked')?.detail).toBe(
      '10 good, 0 scrap of line LINE-1 wait for a product code: codes has no 9',
    );
  });

  it('the product without a code is kept over a restart', () => {
    const rule = production('line1', strokes, { product: lookup('recipe', { '1': 'A' }) });
    const line = plant(program([rule], [strokes, recipe]));
    line.set('06:00', { strokes: 0, recipe: 9 });
    line.set('06:01', { strokes: 10 });
    line.restart('06:02', '06:03');
    line.set('06:07', { recipe: 1 });
    line.until('06:20');
    expect(paramsOf(line.actions, 'record_details')[0]?.unknownProduct?.seen).toEqual({ recipe: '9' });
  });

  it('parts from before a start get their product when the lookup has the row, by the values of their time', () => {
    const ruleOf = (rows: Record<string, string>) =>
      program([production('line1', strokes, { product: lookup('recipe', rows) })], [strokes, recipe]);
    const line = plant(ruleOf({ '2': 'B' }));
    line.set('06:00', { recipe: 1, strokes: 0 });
    line.set('06:01', { strokes: 7 });
    const states = new Map([['line1', JSON.stringify(line.engine.stateOf('line1'))]]);

    const later = createEngine(ruleOf({ '1': 'A', '2': 'B' }), states);
    later.step({ kind: 'restart', at: on('06:03'), lastAlive: on('06:02') });
    const samples = [{ signal: 'recipe', value: 2, quality: 'good' as const }];
    const times = { at: on('06:03'), receivedAt: on('06:03'), time: 'received' as const };
    later.step({ kind: 'samples', batch: { source: 'plc', ...times, samples } });
    const { actions } = later.step({ kind: 'tick', at: on('06:10') });
    expect(actions).toMatchObject([{ params: { actual: 7, product: 'A' } }]);
    expect(actions[0]?.params).not.toHaveProperty('unknownProduct');
    expect(actions[0]?.cause.values).toContainEqual(expect.objectContaining({ signal: 'recipe', value: 1 }));
  });

  it('an interval goes on over a restart', () => {
    const line = plant(withScrap);
    line.set('06:00', { strokes: 0, crack: 0 });
    line.set('06:01', { strokes: 10, crack: 1 });
    line.restart('06:02', '06:03');
    line.source('06:03', 'connected');
    line.set('06:03', { strokes: 15, crack: 2 });
    line.until('06:20');
    expect(lines(line.actions)).toEqual(['06:00:00-06:05:00 actual 13 scrap 2']);
  });

  it('parts of the former line are recorded for it when the config names another line', () => {
    const line = plant(simple);
    line.set('06:00', { strokes: 0 });
    line.set('06:01', { strokes: 10 });
    const states = new Map([['line1', JSON.stringify(line.engine.stateOf('line1'))]]);
    const edited = program([production('line1', strokes, { line: 'LINE-2' })], [strokes]);
    const { actions } = createEngine(edited, states).step({ kind: 'restart', at: on('06:03'), lastAlive: on('06:02') });
    expect(lines(actions)).toEqual(['06:00:00-06:02:00 actual 10 scrap 0']);
    expect(paramsOf(actions, 'record_details')).toMatchObject([{ line: 'LINE-1' }]);
  });
});

describe('production rule after a blind time', () => {
  function blind(afterGap: 'one' | 'spread') {
    const rule = production('line1', strokes, { afterGap, scrap: [{ category: 'CRACK', counter: scrap }] });
    const line = plant(program([rule], [strokes, scrap]));
    line.set('06:00', { strokes: 0, crack: 0 });
    line.set('06:01', { strokes: 10 });
    line.source('06:02', 'disconnected');
    line.source('06:12', 'connected');
    line.set('06:12', { strokes: 31, crack: 2 });
    line.set('06:13', { strokes: 40 });
    line.until('06:30');
    return lines(line.actions);
  }

  it('a blind time is one flagged set from the last to the first good reading', () => {
    expect(blind('one')).toEqual([
      '06:00:00-06:02:00 actual 10 scrap 0',
      '06:02:00-06:12:00 actual 19 scrap 2 blind',
      '06:12:00-06:15:00 actual 9 scrap 0',
    ]);
  });

  it('parts of a blind time are spread over the clock intervals in proportion, as whole parts with the exact sum', () => {
    expect(blind('spread')).toEqual([
      '06:00:00-06:02:00 actual 10 scrap 0',
      '06:02:00-06:05:00 actual 5 scrap 1 blind',
      '06:05:00-06:10:00 actual 10 scrap 1 blind',
      '06:10:00-06:15:00 actual 13 scrap 0 blind',
    ]);
  });

  it('parts of a blind time belong to the product before it', () => {
    const rule = production('line1', strokes, { product: lookup('recipe', { '1': 'A', '2': 'B' }) });
    const line = plant(program([rule], [strokes, recipe]));
    line.set('06:00', { strokes: 0, recipe: 1 });
    line.source('06:01', 'disconnected');
    line.source('06:12', 'connected');
    line.set('06:12', { strokes: 20, recipe: 2 });
    line.set('06:13', { strokes: 21 });
    line.until('06:30');
    expect(lines(line.actions)).toEqual([
      '06:01:00-06:12:00 actual 20 scrap 0 A blind',
      '06:12:00-06:15:00 actual 1 scrap 0 B',
    ]);
  });

  it('a standstill of the process is a blind time when the counter moved', () => {
    const line = plant(simple);
    line.set('06:00', { strokes: 0 });
    line.set('06:01', { strokes: 10 });
    line.standstill('06:04', '06:12');
    line.set('06:12:01', { strokes: 100 });
    line.until('06:20');
    expect(lines(line.actions)).toEqual([
      '06:00:00-06:04:00 actual 10 scrap 0',
      '06:04:00-06:12:01 actual 90 scrap 0 blind',
    ]);
  });

  it('a standstill is no blind time when no reading follows, because the line stood still', () => {
    const line = plant(simple);
    line.set('06:00', { strokes: 0 });
    line.set('06:01', { strokes: 10 });
    line.standstill('06:04', '06:12');
    line.set('06:41', { strokes: 11 });
    line.until('06:50');
    expect(lines(line.actions)).toEqual(['06:00:00-06:04:00 actual 10 scrap 0', '06:40:00-06:45:00 actual 1 scrap 0']);
  });

  it('a restart across the end of an interval is a blind time', () => {
    const line = plant(simple);
    line.set('06:00', { strokes: 0 });
    line.set('06:01', { strokes: 10 });
    line.restart('06:04', '06:40');
    line.source('06:40', 'connected');
    line.set('06:40', { strokes: 100 });
    line.until('06:50');
    expect(lines(line.actions)).toEqual([
      '06:00:00-06:04:00 actual 10 scrap 0',
      '06:04:00-06:40:00 actual 90 scrap 0 blind',
    ]);
  });

  it('an absence is no blind time when the queued messages have their true times', () => {
    const parts = counter('parts', undefined, { source: 'broker', restorable: true });
    const line = plant(program([production('line1', parts)], [parts]));
    const broker = { source: 'broker' };
    line.set('06:00', { parts: 0 }, broker);
    line.set('06:01', { parts: 10 }, broker);
    line.source('06:02', 'disconnected', 'broker');
    line.source('08:00', 'catching_up', 'broker');
    line.set('06:01', { parts: 10 }, { ...broker, retained: true, receivedAt: on('08:00') });
    line.set('06:03', { parts: 15 }, { ...broker, receivedAt: on('08:00') });
    line.set('06:07', { parts: 20 }, { ...broker, receivedAt: on('08:00') });
    line.source('08:00:01', 'connected', 'broker');
    line.until('08:10');
    expect(lines(line.actions)).toEqual([
      '06:00:00-06:02:00 actual 10 scrap 0',
      '06:02:00-06:05:00 actual 5 scrap 0',
      '06:05:00-06:10:00 actual 5 scrap 0',
    ]);
  });

  it('a queued change of product counts at its true time, although an interval was recorded meanwhile', () => {
    const parts = counter('parts', undefined, { source: 'broker', restorable: true });
    const made = signal('made', { type: 'number', source: 'broker', restorable: true });
    const rule = production('line1', parts, { product: lookup('made', { '1': 'A', '2': 'B' }) });
    const line = plant(program([rule], [parts, made]));
    const broker = { source: 'broker' };
    line.set('06:00', { parts: 0, made: 1 }, broker);
    line.set('06:01', { parts: 10 }, broker);
    line.source('06:02', 'disconnected', 'broker');
    line.until('07:59');
    line.source('08:00', 'catching_up', 'broker');
    line.set('06:03', { made: 2 }, { ...broker, receivedAt: on('08:00') });
    line.set('06:04', { parts: 15 }, { ...broker, receivedAt: on('08:00') });
    line.source('08:00:01', 'connected', 'broker');
    line.until('08:10');
    expect(lines(line.actions)).toEqual([
      '06:00:00-06:02:00 actual 10 scrap 0 A',
      '06:03:00-06:05:00 actual 5 scrap 0 B',
    ]);
  });

  it('an interval waits for counts that wait for the next reading, and they belong to the time of their reading', () => {
    const line = plant(withScrap);
    line.set('06:00', { strokes: 5000, crack: 900 });
    line.set('06:04:50', { strokes: 7, crack: 2 });
    line.until('06:05:30');
    expect(line.actions).toEqual([]);
    line.set('06:05:40', { strokes: 9, crack: 2 });
    line.until('06:30');
    expect(lines(line.actions)).toEqual(['06:00:00-06:05:00 actual 5 scrap 2', '06:05:00-06:10:00 actual 2 scrap 0']);
  });

  it('the wait for the next reading of a counter is limited', () => {
    const line = plant(withScrap);
    line.set('06:00', { strokes: 5000, crack: 900 });
    line.set('06:04:50', { strokes: 7, crack: 2 });
    line.until('06:30');
    expect(lines(line.actions)).toEqual(['06:00:00-06:05:00 actual 5 scrap 2']);
    expect(line.actions[0]?.at).toBe(on('06:06:50'));
  });

  it('a counter that shows 0 for a moment still counts one part, also over the end of an interval and a restart', () => {
    const line = plant(simple);
    line.set('06:04', { strokes: 30 });
    line.set('06:04:58', { strokes: 0 });
    line.restart('06:05:30', '06:05:40');
    line.source('06:05:41', 'connected');
    line.set('06:05:42', { strokes: 0 });
    line.set('06:05:50', { strokes: 31 });
    line.until('06:30');
    expect(lines(line.actions)).toEqual(['06:05:00-06:10:00 actual 1 scrap 0']);
  });
});
