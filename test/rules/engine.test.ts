import { describe, expect, it } from 'vitest';
import { createEngine } from '../../src/rules/engine.ts';
import { lines, on, plant } from './support/plant.ts';
import {
  counter,
  cycles,
  dispatch,
  is,
  isActive,
  isNot,
  lookup,
  program,
  signal,
  template,
} from './support/program.ts';

const running = signal('running');
const alarm = signal('alarm', { source: 'broker', restorable: true });
const broker = { source: 'broker' };
const queued = { source: 'broker', receivedAt: on('08:00') };

describe('engine over a restart', () => {
  const alarmed = program([dispatch('alarmed', is('alarm'), { onDelay: 30_000 })], [alarm]);
  const stopped = program([dispatch('stopped', isNot('running'))], [running]);

  it('opens for a value that the broker keeps and the device does not repeat', () => {
    const line = plant(alarmed);
    line.set('06:00', { alarm: true }, broker);
    line.restart('06:00:10', '06:00:40');
    line.source('06:00:40', 'catching_up', 'broker');
    line.set(
      '06:00',
      { alarm: { value: true, sourceAt: '06:00' } },
      { ...broker, retained: true, receivedAt: on('06:00:40') },
    );
    line.source('06:00:41', 'connected', 'broker');
    line.until('06:05');
    expect(lines(line.actions)).toEqual(['06:00:30 open alarmed reported 06:00:00']);
  });

  it('fires no overdue delay from a value nobody read again', () => {
    const line = plant(stopped);
    line.set('06:01', { running: false });
    line.restart('06:02', '06:22');
    line.until('06:22:01');
    expect(line.actions).toEqual([]);
    line.source('06:22:02', 'connected');
    line.set('06:22:02', { running: true });
    line.until('06:30');
    expect(line.actions).toEqual([]);
  });

  it('claims nothing of a gap longer than the freeze limit', () => {
    const line = plant(stopped);
    line.set('06:01', { running: false });
    line.source('06:02', 'disconnected');
    line.source('06:30', 'connected');
    line.set('06:30', { running: false });
    line.until('06:40');
    expect(lines(line.actions)).toEqual(['06:32:00 open stopped reported 06:30:00']);
  });

  it('closes an episode that a former process opened, for the machine it was opened for', () => {
    const line = plant(stopped);
    line.set('06:01', { running: false });
    line.until('06:05');
    const states = new Map([['stopped', JSON.stringify(line.engine.stateOf('stopped'))]]);
    const edited = { machine: 'PRESS-99', type: 'OTHER' };
    const engine = createEngine(
      program([dispatch('stopped', isNot('running'), edited)], [running], { mode: 'shadow' }),
      states,
    );
    engine.step({ kind: 'restart', at: on('06:06'), lastAlive: on('06:05') });
    const samples = [{ signal: 'running', value: true, quality: 'good' as const }];
    const batch = { source: 'plc', at: on('06:07'), receivedAt: on('06:07'), time: 'source' as const, samples };
    const { actions } = engine.step({ kind: 'samples', batch });
    expect(actions).toMatchObject([
      { key: 'stopped#1:close', mode: 'live', params: { machine: 'PRESS-01', type: 'DOWN', completed: on('06:07') } },
    ]);
  });

  it('waits after a start until every signal of a rule was seen, its texts included, or the freeze limit passed', () => {
    const fault = signal('fault', { type: 'number' });
    const rule = dispatch('stopped', isNot('running'), { onDelay: 0, description: template('fault {{ fault }}') });
    const late = plant(program([rule], [running, fault]));
    late.set('06:01', { running: false });
    expect(late.actions).toEqual([]);
    late.set('06:01:01', { fault: 31 });
    expect(late.actions).toMatchObject([{ params: { description: 'fault 31', reported: on('06:01') } }]);
    const never = plant(program([rule], [running, fault]));
    never.set('06:01', { running: false });
    never.until('06:20');
    expect(lines(never.actions)).toEqual(['06:15:00 open stopped reported 06:01:00']);
  });

  it('lists states of rules that are not configured and leaves them alone', () => {
    const line = plant(stopped);
    line.set('06:01', { running: false });
    const state = JSON.stringify(line.engine.stateOf('stopped'));
    const engine = createEngine(alarmed, new Map([['stopped', state]]));
    expect([...engine.orphans]).toEqual([['stopped', state]]);
  });

  it.each(['{', '{"kind":"dispatch","phase":"sleeping"}', '7'])(
    'refuses to start on the unreadable state %s',
    state => {
      expect(() => createEngine(stopped, new Map([['stopped', state]]))).toThrow('state of rule stopped');
    },
  );
});

describe('engine while a source is catching up', () => {
  const alarmed = program([dispatch('alarmed', is('alarm'), { onDelay: 120_000 })], [alarm]);

  it('opens and closes a stop that happened while the gateway was away, with its true times', () => {
    const line = plant(alarmed);
    line.set('05:50', { alarm: false }, broker);
    line.restart('05:55', '08:00');
    line.source('08:00', 'catching_up', 'broker');
    line.set('05:50', { alarm: false }, { ...queued, retained: true });
    line.set('06:00', { alarm: true }, queued);
    line.set('06:10', { alarm: false }, queued);
    line.source('08:00:01', 'connected', 'broker');
    line.until('08:10');
    expect(lines(line.actions)).toEqual([
      '06:02:00 open alarmed reported 06:00:00',
      '06:10:00 close alarmed completed 06:10:00',
    ]);
  });

  it('opens nothing for a stop that was over in time, although the clock is long past its delay', () => {
    const line = plant(alarmed);
    line.source('06:00', 'disconnected', 'broker');
    line.source('08:00', 'catching_up', 'broker');
    line.set('06:00', { alarm: true }, queued);
    line.until('08:00:00.500');
    line.set('06:01', { alarm: false }, { ...queued, receivedAt: on('08:00:00.600') });
    line.source('08:00:01', 'connected', 'broker');
    line.until('08:10');
    expect(line.actions).toEqual([]);
  });

  it('holds rules that read them only through another rule', () => {
    const first = dispatch('alarmed', is('alarm'), { onDelay: 0 });
    const reader = dispatch('other', isNot('running'), { onDelay: 60_000, unless: isActive('alarmed') });
    const line = plant(program([first, reader], [alarm, running]));
    line.set('06:00', { running: true });
    line.set('06:00', { alarm: false }, broker);
    line.source('07:59', 'disconnected', 'broker');
    line.source('08:00', 'catching_up', 'broker');
    line.set('08:00', { running: false });
    line.until('08:02');
    expect(line.actions).toEqual([]);
    line.source('08:02', 'connected', 'broker');
    line.until('08:02:01');
    expect(lines(line.actions)).toEqual(['08:01:00 open other reported 08:00:00']);
  });

  it('knows a source that is lost in the middle only up to its last message', () => {
    const line = plant(alarmed);
    line.set('05:50', { alarm: false }, broker);
    line.source('05:55', 'disconnected', 'broker');
    line.source('08:00', 'catching_up', 'broker');
    line.set('06:00', { alarm: true }, queued);
    line.source('08:00:01', 'disconnected', 'broker');
    line.source('08:05', 'catching_up', 'broker');
    line.set(
      '06:00',
      { alarm: { value: true, sourceAt: '06:00' } },
      { ...broker, retained: true, receivedAt: on('08:05') },
    );
    line.set('06:01', { alarm: false }, { ...broker, receivedAt: on('08:05') });
    line.source('08:05:01', 'connected', 'broker');
    line.until('08:10');
    expect(line.actions).toEqual([]);
  });

  it('remembers over a crash in the middle that time stood still', () => {
    const line = plant(alarmed);
    line.set('05:50', { alarm: false }, broker);
    line.source('05:55', 'disconnected', 'broker');
    line.source('08:00', 'catching_up', 'broker');
    line.set('06:00', { alarm: true }, queued);
    line.restart('08:00:01', '08:05');
    line.source('08:05', 'catching_up', 'broker');
    line.set(
      '06:00',
      { alarm: { value: true, sourceAt: '06:00' } },
      { ...broker, retained: true, receivedAt: on('08:05') },
    );
    line.set('06:01', { alarm: false }, { ...broker, receivedAt: on('08:05') });
    line.source('08:05:01', 'connected', 'broker');
    line.until('08:10');
    expect(line.actions).toEqual([]);
  });

  it('wakes nobody for held rules', () => {
    const line = plant(alarmed);
    line.source('07:59', 'disconnected', 'broker');
    line.source('08:00', 'catching_up', 'broker');
    expect(line.set('06:00', { alarm: true }, queued).wakeAt).toBeNull();
    expect(line.source('08:00:01', 'connected', 'broker').wakeAt).toBe(on('06:02'));
  });
});

describe('engine', () => {
  it('lets no time run backwards', () => {
    const line = plant(program([dispatch('a', is('x'), { onDelay: 0 })], [signal('x'), signal('y')]));
    line.set('06:05', { x: true });
    line.set('06:01', { x: false }, { receivedAt: on('06:06') });
    expect(lines(line.actions)).toEqual(['06:05:00 open a reported 06:05:00', '06:05:00 close a completed 06:05:00']);
  });

  it('tells nothing about a value that did not change', () => {
    const line = plant(program([dispatch('a', isNot('running'))], [running]));
    line.set('06:00', { running: true });
    expect(line.set('06:01', { running: true })).toEqual({
      events: [],
      actions: [],
      changed: [],
      moved: [],
      wakeAt: null,
    });
  });

  it('ignores signals and sources it does not know', () => {
    const line = plant(program([dispatch('a', isNot('running'))], [running]));
    line.set('06:00', { nobody: 7 });
    line.source('06:01', 'disconnected', 'nowhere');
    expect(line.events).toEqual([]);
  });

  it('marks an action whose true time is not known', () => {
    const line = plant(program([dispatch('a', is('alarm'), { onDelay: 0 })], [alarm]));
    line.set('06:00', { alarm: true }, { ...broker, time: 'received' });
    expect(line.actions[0]?.time).toBe('received');
  });

  it('shows signals and rules as they are', () => {
    const strokes = counter('strokes');
    const rule = dispatch('stopped', isNot('running'), { reason: lookup('fault', {}) });
    const line = plant(program([rule, cycles('count', strokes)], [running, strokes]));
    line.set('06:00', { running: false, strokes: 7 });
    line.set('06:01', { running: 'bad' });
    expect(line.engine.signal('running')).toMatchObject({
      value: false,
      good: false,
      quality: 'bad',
      reason: 'no answer',
    });
    expect(line.engine.rules()).toMatchObject([
      { rule: 'stopped', phase: 'pending', since: on('06:00'), text: 'not running is unknown, paused while unknown' },
      { rule: 'count', phase: 'counting', text: '0 counted on strokes, 0 to be told' },
    ]);
  });
});
