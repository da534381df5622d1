import { describe, expect, it } from 'vitest';
import type { Action, Mode } from '../../../src/actions/action.ts';
import { counter, cycles, production, program, signal } from '../support/program.ts';
import { lines, plant } from '../support/rule-plant.ts';

const strokes = counter('strokes', { wrapsAt: null, maxRate: 1 });

/** Both kinds of rule on one counter. */
const both = (mode: Mode, cyclesMode: 'increment' | 'total' = 'increment') =>
  program([cycles('count', strokes, { mode: cyclesMode, every: 600_000 }), production('line1', strokes)], [strokes], {
    mode,
  });

const counted = (actions: readonly Action[], mode: Mode) => {
  const of = actions.filter(action => action.mode === mode);
  return {
    cycles: of.reduce((sum, action) => sum + (action.kind === 'increment_cycles' ? action.params.count : 0), 0),
    parts: of.reduce((sum, action) => sum + (action.kind === 'record_details' ? action.params.actual : 0), 0),
  };
};

describe('the gateway changes its mode', () => {
  it.each([
    ['while it is off', '06:01:20', '06:01:21'],
    ['over the end of an interval', '06:04:50', '06:11:00'],
    ['within a second', '06:01:00.200', '06:01:00.900'],
  ])('at a change from shadow to live %s, cycles and production begin at the same reading', (_, died, started) => {
    const line = plant(both('shadow'));
    line.set('06:00', { strokes: 100 });
    line.set('06:01', { strokes: 125 });
    line.restart(died, started, both('live'));
    line.source(started, 'connected');
    line.set('06:12', { strokes: 131 });
    line.set('06:13', { strokes: 140 });
    line.until('07:00');

    expect(counted(line.actions, 'live')).toEqual({ cycles: 15, parts: 15 });
    expect(counted(line.actions, 'shadow')).toEqual({ cycles: 25, parts: 25 });
  });

  it('after a change from live to shadow, live counts are delivered and later ones are not', () => {
    const line = plant(both('live'));
    line.set('06:00', { strokes: 100 });
    line.set('06:01', { strokes: 125 });
    line.restart('06:01:20', '06:01:30', both('shadow'));
    line.source('06:01:30', 'connected');
    line.set('06:01:40', { strokes: 130 });
    line.until('07:00');

    expect(counted(line.actions, 'live')).toEqual({ cycles: 25, parts: 25 });
    expect(counted(line.actions, 'shadow')).toEqual({ cycles: 5, parts: 5 });
  });

  it('over a change to shadow and back with a kill, every part has the mode in which it was seen, and no sets overlap', () => {
    const line = plant(both('live'));
    line.set('06:00', { strokes: 100 });
    line.set('06:01', { strokes: 110 });
    line.restart('06:01:10', '06:01:11', both('shadow'));
    line.source('06:01:11', 'connected');
    line.set('06:02', { strokes: 130 });
    line.restart('06:02:10', '06:02:11');
    line.source('06:02:11', 'connected');
    line.set('06:03', { strokes: 133 });
    line.restart('06:03:10', '06:03:11', both('live'));
    line.source('06:03:11', 'connected');
    line.set('06:04', { strokes: 140 });
    line.until('07:00');

    expect(counted(line.actions, 'live')).toEqual({ cycles: 17, parts: 17 });
    expect(counted(line.actions, 'shadow')).toEqual({ cycles: 23, parts: 23 });
    expect(lines(line.actions.filter(({ kind }) => kind === 'record_details'))).toEqual([
      '06:00:00-06:01:10 actual 10 scrap 0',
      '06:01:10-06:03:10 actual 23 scrap 0',
      '06:03:10-06:05:00 actual 7 scrap 0',
    ]);
  });

  it('a total of live time contains no counts of shadow time, and has its own anchor', () => {
    const line = plant(both('shadow', 'total'));
    line.set('06:00', { strokes: 100 });
    line.set('06:01', { strokes: 125 });
    line.restart('06:01:20', '06:01:30', both('live', 'total'));
    line.source('06:01:30', 'connected');
    line.set('06:02', { strokes: 130 });
    line.until('07:00');

    const sets = line.actions.filter(({ kind }) => kind === 'set_cycles');
    expect(sets.map(({ mode, params }) => [mode, 'movement' in params && params.movement])).toEqual([
      ['shadow', 25],
      ['live', 5],
    ]);
    expect(new Set(sets.map(({ chain }) => chain)).size).toBe(2);
  });

  it('scrap of shadow time subtracts nothing from live counts', () => {
    const scrap = counter('scrap');
    const rules = (mode: Mode) =>
      program([production('line1', strokes, { scrap: [{ category: 'CRACK', counter: scrap }] })], [strokes, scrap], {
        mode,
      });
    const line = plant(rules('shadow'));
    line.set('06:00', { strokes: 100, scrap: 0 });
    line.set('06:01', { strokes: 101, scrap: 5 });
    line.restart('06:01:20', '06:01:30', rules('live'));
    line.source('06:01:30', 'connected');
    line.set('06:02', { strokes: 111, scrap: 5 });
    line.until('07:00');

    expect(counted(line.actions, 'live').parts).toBe(10);
  });

  it('the counts of a rule that is removed with the change of mode keep their mode', () => {
    const line = plant(both('shadow'));
    line.set('06:00', { strokes: 100 });
    line.set('06:01', { strokes: 125 });
    line.restart('06:01:20', '06:01:30', program([], [strokes], { mode: 'live' }));

    expect(counted(line.actions, 'live')).toEqual({ cycles: 0, parts: 0 });
    expect(counted(line.actions, 'shadow')).toEqual({ cycles: 25, parts: 25 });
  });

  it('counts that wait for their parts per count are not recorded in the other mode', () => {
    const cavities = signal('cavities', { type: 'number' });
    const rules = (mode: Mode) =>
      program([production('line1', strokes, { perCount: 'cavities' })], [strokes, cavities], { mode });
    const line = plant(rules('shadow'));
    line.set('06:00', { strokes: 100 });
    line.set('06:01', { strokes: 125 });
    line.restart('06:01:20', '06:01:30', rules('live'));
    line.source('06:01:30', 'connected');
    line.set('06:02', { strokes: 130, cavities: 2 });
    line.until('07:00');

    expect(counted(line.actions, 'live').parts).toBe(10);
    expect(line.events.find(({ kind }) => kind === 'removed')?.detail).toContain('25 counts wait for cavities');
  });
});
