import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/rules/engine.ts';
import { counter, cycles, ONE_PER_SECOND, program } from '../support/program.ts';
import { clockOf, lines, on, paramsOf, plant } from '../support/rule-plant.ts';

const strokes = counter('press1.strokes');
const press = program([cycles('press1_cycles', strokes)], [strokes]);

describe('cycles rule', () => {
  it('a cycles rule reports its count at each clock interval, and reports nothing without a movement', () => {
    const line = plant(press);
    line.set('06:00', { 'press1.strokes': 800 });
    line.set('06:05', { 'press1.strokes': 812 });
    line.set('06:40', { 'press1.strokes': 812 });
    line.set('06:50', { 'press1.strokes': 820 });
    line.until('07:30');
    expect(lines(line.actions)).toEqual(['06:15:00 press1_cycles +12', '07:00:00 press1_cycles +8']);
    expect(line.actions.map(action => [action.key, action.lane, action.chain])).toEqual([
      [`press1_cycles#1@${on('06:05')}:increment`, 'cycles:PRESS-01', null],
      [`press1_cycles#2@${on('06:50')}:increment`, 'cycles:PRESS-01', null],
    ]);
    const [first] = paramsOf(line.actions, 'increment_cycles');
    expect([clockOf(first?.from ?? 0), clockOf(first?.to ?? 0)]).toEqual(['06:00:00', '06:05:00']);
  });

  it('a rollover counts once, also over a kill', () => {
    const line = plant(press);
    line.set('06:00', { 'press1.strokes': 4294967290 });
    line.set('06:01', { 'press1.strokes': 4 });
    line.restart('06:02', '06:02:05');
    line.source('06:02:05', 'connected');
    line.set('06:03', { 'press1.strokes': 9 });
    line.until('06:30');
    expect(lines(line.actions)).toEqual(['06:15:00 press1_cycles +15']);
    expect(line.events.map(event => event.kind)).toContain('rollover');
  });

  it('over a download, while the signal is bad, only real strokes count', () => {
    const line = plant(press);
    line.set('06:00', { 'press1.strokes': 800 });
    line.source('06:01', 'disconnected');
    line.source('06:03', 'connected');
    line.set('06:03', { 'press1.strokes': 'bad' });
    line.set('06:03:30', { 'press1.strokes': 812 });
    line.until('06:20');
    expect(lines(line.actions)).toEqual(['06:15:00 press1_cycles +12']);
  });

  it('an implausible step is recorded and not counted', () => {
    const line = plant(press);
    line.set('06:00', { 'press1.strokes': 800 });
    line.set('06:01', { 'press1.strokes': 90_000 });
    line.set('06:02', { 'press1.strokes': 90_030 });
    line.until('06:20');
    expect(lines(line.actions)).toEqual(['06:15:00 press1_cycles +30']);
    expect(line.events.find(event => event.kind === 'quarantined')?.detail).toContain('89200 not counted');
    expect(line.engine.rules()[0]?.text).toContain('89200 implausible ones not counted');
  });

  it('a cycles rule in mode total reports the movement since the first reading, in the chain of that reading', () => {
    const line = plant(program([cycles('total', strokes, { mode: 'total' })], [strokes]));
    line.set('06:00', { 'press1.strokes': 800 });
    line.set('06:05', { 'press1.strokes': 810 });
    line.set('06:20', { 'press1.strokes': 815 });
    line.until('07:00');
    expect(lines(line.actions)).toEqual(['06:15:00 total =10', '06:30:00 total =15']);
    expect(line.actions.map(action => action.chain)).toEqual([`total#1@${on('06:00')}`, `total#1@${on('06:00')}`]);
  });

  it('a cycles rule commits raw values lazily, and everything else at once', () => {
    const line = plant(press);
    expect(line.set('06:00', { 'press1.strokes': 800 }).changed).toEqual(['press1_cycles']);
    expect(line.set('06:01', { 'press1.strokes': 801 })).toMatchObject({ changed: [], moved: ['press1_cycles'] });
    expect(line.set('06:02', { 'press1.strokes': 'bad' }).changed).toEqual(['press1_cycles']);
    expect(line.set('06:03', { 'press1.strokes': 802 }).changed).toEqual(['press1_cycles']);
    expect(line.set('06:04', { 'press1.strokes': 0 }).changed).toEqual(['press1_cycles']);
  });

  it('cycles of the former machine are reported for it when the config names another machine', () => {
    const line = plant(press);
    line.set('06:00', { 'press1.strokes': 800 });
    line.set('06:01', { 'press1.strokes': 812 });
    const states = new Map([['press1_cycles', JSON.stringify(line.engine.stateOf('press1_cycles'))]]);
    const edited = program([cycles('press1_cycles', strokes, { machine: 'PRESS-02' })], [strokes]);
    const { actions } = createEngine(edited, states).step({ kind: 'restart', at: on('06:03'), lastAlive: on('06:02') });
    expect(paramsOf(actions, 'increment_cycles')).toMatchObject([{ machine: 'PRESS-01', count: 12 }]);
  });

  it('a counter that was reset while nobody read it counts its new value', () => {
    const line = plant(press);
    line.set('06:00', { 'press1.strokes': 800 });
    line.set('06:01', { 'press1.strokes': 812 });
    line.restart('06:02', '06:30');
    line.source('06:30', 'connected');
    line.set('06:30', { 'press1.strokes': 40 });
    line.until('07:00');
    const told = paramsOf(line.actions, 'increment_cycles');
    expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(52);
    expect(line.events.map(event => event.kind)).toContain('counter_reset');
  });

  it('a cycles rule counts nothing between two counters: a signal with another address begins anew, and an event records it', () => {
    const line = plant(press);
    line.set('06:00', { 'press1.strokes': 800 });
    line.set('06:01', { 'press1.strokes': 812 });
    const states = new Map([['press1_cycles', JSON.stringify(line.engine.stateOf('press1_cycles'))]]);
    const elsewhere = { ...strokes, fingerprint: 'another register' };
    const after = plant(program([cycles('press1_cycles', elsewhere)], [elsewhere]), '06:03');
    after.engine = createEngine(program([cycles('press1_cycles', elsewhere)], [elsewhere]), states);
    after.engine.step({ kind: 'restart', at: on('06:03'), lastAlive: on('06:02') });
    after.set('06:04', { 'press1.strokes': 9000 });
    after.set('06:05', { 'press1.strokes': 9003 });
    after.until('06:30');
    expect(paramsOf(after.actions, 'increment_cycles').map(({ count }) => count)).toEqual([12, 3]);
    expect(after.events).toContainEqual(expect.objectContaining({ kind: 'first_sight' }));
  });

  it('a fast counter loses no count when its queued messages have no time', () => {
    const fast = counter('fast', { wrapsAt: null, maxRate: ONE_PER_SECOND }, { source: 'broker' });
    const line = plant(program([cycles('fast_cycles', fast, { every: 60_000 })], [fast]));
    line.set('06:00', { fast: 0 }, { source: 'broker', time: 'received' });
    line.source('06:01', 'disconnected', 'broker');
    line.source('07:00', 'catching_up', 'broker');
    for (let index = 1; index <= 50; index++)
      line.set('07:00', { fast: index * 60 }, { source: 'broker', time: 'received' });
    line.source('07:00:01', 'connected', 'broker');
    line.until('07:05');
    expect(lines(line.actions)).toEqual(['07:01:00 fast_cycles +3000']);
  });

  it('a count that waits for the next reading is not lost: without a next reading, at the end of the process, when the rule is removed', () => {
    const reset = () => {
      const line = plant(press);
      line.set('06:14', { 'press1.strokes': 5000 });
      line.set('06:14:30', { 'press1.strokes': 7 });
      return line;
    };
    const stands = reset();
    expect(stands.engine.rules()[0]?.text).toContain('7 wait for the next reading');
    stands.until('07:00');
    expect(lines(stands.actions)).toEqual(['06:30:00 press1_cycles +7']);
    const ended = reset();
    ended.restart('06:15', '06:20');
    ended.source('06:20', 'connected');
    ended.set('06:20:01', { 'press1.strokes': 9 });
    ended.until('07:00');
    expect(lines(ended.actions)).toEqual(['06:30:00 press1_cycles +9']);
    const removed = reset();
    removed.restart('06:15', '06:20', program([], [strokes]));
    expect(lines(removed.actions)).toEqual(['06:20:00 press1_cycles +7']);
  });

  it('a value that cannot be counted is reported once, and its signal is bad', () => {
    const line = plant(press);
    line.set('06:00', { 'press1.strokes': 5 });
    line.set('06:01', { 'press1.strokes': -3 });
    line.set('06:02', { 'press1.strokes': -2 });
    expect(line.engine.signal('press1.strokes')).toMatchObject({
      good: false,
      quality: 'bad',
      reason: expect.stringContaining('-2 is negative, so it is not counted'),
    });
    expect(line.events.filter(({ kind }) => kind === 'not_counted')).toHaveLength(1);
    line.set('06:03', { 'press1.strokes': 6 });
    line.set('06:04', { 'press1.strokes': 6.5 });
    expect(line.events.at(-1)).toMatchObject({
      kind: 'not_counted',
      detail: expect.stringContaining('no whole number'),
    });
    expect(line.engine.signal('press1.strokes')?.good).toBe(false);
  });

  it('a 32-bit float beyond its odd numbers is reported, and its readings count', () => {
    const total = counter('total', { wrapsAt: null, maxRate: ONE_PER_SECOND, exactTo: 2 ** 24 });
    const line = plant(program([cycles('total_cycles', total)], [total]));
    line.set('06:00', { total: 2 ** 24 - 1 });
    expect(line.events.map(({ kind }) => kind)).not.toContain('not_counted');
    line.set('06:01', { total: 2 ** 24 });
    line.set('06:02', { total: 2 ** 24 });
    expect(line.events.filter(({ kind }) => kind === 'not_counted')).toMatchObject([
      { detail: expect.stringContaining("from 16777216 on a 32-bit float can't count by ones") },
    ]);
    expect(line.engine.signal('total')?.good).toBe(true);
  });

  it.each([
    { what: 'the counter', lost: 'bad' },
    { what: 'its source', lost: 'disconnected' },
  ] as const)('a count is confirmed at the same time with and without a restart before $what is lost', ({ lost }) => {
    const told = (restarts: boolean) => {
      const line = plant(program([cycles('count', strokes, { every: 60_000 })], [strokes]));
      line.set('06:00', { 'press1.strokes': 50 });
      line.set('06:00:50', { 'press1.strokes': 2 });
      line.set('06:01:10', { 'press1.strokes': 0 });
      if (restarts) {
        line.restart('06:01:30', '06:01:30');
        line.source('06:01:30', 'connected');
      }
      line.set('06:01:30', { 'press1.strokes': 0 });
      if (lost === 'bad') line.set('06:01:40', { 'press1.strokes': lost });
      else line.source('06:01:40', lost);
      line.until('06:10');
      return lines(line.actions);
    };
    expect(told(false)).toEqual(['06:03:00 count +2']);
    expect(told(true)).toEqual(told(false));
  });

  it('the first reading after a restart still decides about a count that waits', () => {
    const line = plant(press);
    line.set('06:00', { 'press1.strokes': 30 });
    line.set('06:01', { 'press1.strokes': 2 });
    line.restart('06:02:50', '06:02:55');
    line.source('06:02:56', 'connected');
    line.set('06:03:30', { 'press1.strokes': 200 });
    line.until('06:30');
    expect(lines(line.actions)).toEqual(['06:15:00 press1_cycles +170']);
  });
});
