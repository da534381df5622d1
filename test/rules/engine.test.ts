import { describe, expect, it } from 'vitest';
import { createEngine } from '../../src/rules/engine.ts';
import {
  counter,
  cycles,
  dispatch,
  is,
  isActive,
  isNot,
  lookup,
  production,
  program,
  signal,
  template,
} from './support/program.ts';
import { lines, on, plant } from './support/rule-plant.ts';

const running = signal('running');
const alarm = signal('alarm', { source: 'broker', restorable: true });
const broker = { source: 'broker' };
const queued = { source: 'broker', receivedAt: on('08:00') };

describe('engine over a restart', () => {
  const alarmed = program([dispatch('alarmed', is('alarm'), { onDelay: 30_000 })], [alarm]);
  const stopped = program([dispatch('stopped', isNot('running'))], [running]);

  it('after a restart, the engine opens for a value that the broker keeps and the device does not repeat', () => {
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

  it('after a restart, the engine ends no overdue delay for a value that nobody has read again', () => {
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

  it('an absence longer than the freeze limit counts for no delay', () => {
    const line = plant(stopped);
    line.set('06:01', { running: false });
    line.source('06:02', 'disconnected');
    line.source('06:30', 'connected');
    line.set('06:30', { running: false });
    line.until('06:40');
    expect(lines(line.actions)).toEqual(['06:32:00 open stopped reported 06:30:00']);
  });

  it('an engine closes an episode of an earlier process on the machine on which it was opened', () => {
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
      {
        key: `stopped#1@${on('06:01')}:close`,
        mode: 'live',
        params: { machine: 'PRESS-01', type: 'DOWN', completed: on('06:07') },
      },
    ]);
  });

  it('after a start, the engine waits until every signal of a rule and of its texts was read, or the freeze limit passed', () => {
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

  it('an engine lists the states of rules that are not in the config, and does not change them', () => {
    const line = plant(stopped);
    line.set('06:01', { running: false });
    const state = JSON.stringify(line.engine.stateOf('stopped'));
    const engine = createEngine(alarmed, new Map([['stopped', state]]));
    expect([...engine.orphans]).toEqual([['stopped', state]]);
  });

  it.each(['{', '{"kind":"dispatch","phase":"sleeping"}', '7'])(
    'an engine refuses to start with the unreadable state %s',
    state => {
      expect(() => createEngine(stopped, new Map([['stopped', state]]))).toThrow('state of rule stopped');
    },
  );
});

describe('engine after a standstill of the process', () => {
  const stopped = program([dispatch('stopped', isNot('running'))], [running]);

  it('after a standstill a delay counts only the known time, also for a value that does not come again', () => {
    const line = plant(stopped);
    line.set('06:01', { running: false });
    line.standstill('06:02', '06:12');
    line.until('06:20');
    expect(lines(line.actions)).toEqual(['06:13:00 open stopped reported 06:01:00']);
  });

  it('after a standstill, the engine opens nothing for a stop that ended meanwhile', () => {
    const line = plant(stopped);
    line.set('06:01', { running: false });
    line.standstill('06:02', '06:12');
    line.set('06:12', { running: true });
    line.until('06:20');
    expect(line.actions).toEqual([]);
  });

  it('after a standstill, the engine takes an end whose own time lies in the standstill', () => {
    const line = plant(program([dispatch('stopped', isNot('running'), { offDelay: 30_000 })], [running]));
    line.set('06:01', { running: false });
    line.until('06:10');
    line.standstill('06:11', '06:21');
    line.set('06:15', { running: true }, { receivedAt: on('06:20:30') });
    line.until('06:30');
    expect(lines(line.actions)).toEqual([
      '06:03:00 open stopped reported 06:01:00',
      '06:15:30 close stopped completed 06:15:00',
    ]);
  });

  it('after a standstill, the engine first reports the actions that were due before it', () => {
    const line = plant(stopped);
    line.set('06:01', { running: false });
    line.engine.step({ kind: 'tick', at: on('06:01') });
    const { actions } = line.engine.step({ kind: 'standstill', from: on('06:04'), to: on('06:30') });
    expect(lines(actions)).toEqual(['06:03:00 open stopped reported 06:01:00']);
  });

  it('a standstill longer than the freeze limit counts for no delay', () => {
    const line = plant(stopped);
    line.set('06:01', { running: false });
    line.standstill('06:02', '06:30');
    line.until('06:40');
    expect(lines(line.actions)).toEqual(['06:32:00 open stopped reported 06:30:00']);
  });

  it('a standstill pauses no delay that counts in the time of queued messages', () => {
    const line = plant(program([dispatch('alarmed', is('alarm'), { onDelay: 120_000 })], [alarm]));
    line.source('06:00', 'disconnected', 'broker');
    line.source('08:00', 'catching_up', 'broker');
    line.set('06:00', { alarm: true }, queued);
    line.standstill('08:00:01', '08:00:10');
    line.set('06:10', { alarm: false }, { ...queued, receivedAt: on('08:00:11') });
    expect(lines(line.actions)).toEqual([
      '06:02:00 open alarmed reported 06:00:00',
      '06:10:00 close alarmed completed 06:10:00',
    ]);
  });
});

describe('engine with a source whose clock is wrong', () => {
  const alarmed = program([dispatch('alarmed', is('alarm'), { onDelay: 120_000, offDelay: 30_000 })], [alarm]);
  const behind = { source: 'broker', receivedAt: on('06:13') };

  it('the engine waits the whole on_delay by the source’s clock when that is behind, and reports the source’s times', () => {
    const line = plant(alarmed);
    expect(line.set('06:10', { alarm: true }, behind).wakeAt).toBe(on('06:15'));
    line.until('06:14:59');
    expect(line.actions).toEqual([]);
    line.until('06:15');
    expect(lines(line.actions)).toEqual(['06:12:00 open alarmed reported 06:10:00']);
  });

  it('the engine waits only for the on_delay when the source’s clock is ahead', () => {
    const line = plant(alarmed);
    const ahead = { source: 'broker', receivedAt: on('06:07') };
    expect(line.set('06:10', { alarm: true }, ahead).wakeAt).toBe(on('06:09'));
    line.until('06:09');
    expect(lines(line.actions)).toEqual(['06:12:00 open alarmed reported 06:10:00']);
  });

  it('the engine does not take the age of a queued or retained message for a lag of the source’s clock', () => {
    const line = plant(alarmed);
    line.source('07:00', 'disconnected', 'broker');
    line.source('08:00', 'catching_up', 'broker');
    line.set('06:59', { alarm: true }, { ...queued, retained: true });
    line.set('06:59:30', { alarm: true }, queued);
    expect(line.source('08:00:01', 'connected', 'broker').wakeAt).toBe(on('07:01'));
  });

  it('the engine uses each of several clocks behind one broker', () => {
    const call = signal('call', { source: 'broker' });
    const line = plant(program([dispatch('alarmed', is('alarm'), { onDelay: 120_000 })], [alarm, call]));
    line.set('06:13', { alarm: false }, broker);
    line.set('06:10', { call: true }, behind);
    line.set('06:13:10', { alarm: true }, broker);
    line.set('06:10:20', { call: false }, { ...behind, receivedAt: on('06:13:20') });
    line.until('06:15:10');
    expect(lines(line.actions)).toEqual(['06:15:10 open alarmed reported 06:13:10']);
  });

  it('a delay by a source’s clock pauses for the right time when the process dies', () => {
    const line = plant(alarmed);
    line.set('06:10', { alarm: true }, behind);
    line.restart('06:13:30', '06:14');
    line.source('06:14', 'connected', 'broker');
    line.set('06:11', { alarm: true }, { ...behind, receivedAt: on('06:14') });
    line.until('06:20');
    expect(lines(line.actions)).toEqual(['06:12:30 open alarmed reported 06:10:00']);
  });

  it('after a restart, the engine waits by the source’s clock even before a live message shows how far it is behind', () => {
    const line = plant(alarmed);
    line.set('06:10', { alarm: true }, behind);
    line.restart('06:13:30', '06:13:30');
    line.source('06:13:30', 'catching_up', 'broker');
    line.set('06:10', { alarm: true }, { ...queued, retained: true, receivedAt: on('06:13:30') });
    line.source('06:13:31', 'connected', 'broker');
    line.until('06:14:59');
    expect(line.actions).toEqual([]);
    line.set('06:11:50', { alarm: false }, { ...behind, receivedAt: on('06:14:50') });
    line.until('06:20');
    expect(line.actions).toEqual([]);
  });

  it('the engine waits by the source’s clock for a stop that begins in the queue after a restart', () => {
    const line = plant(alarmed);
    line.set('06:09', { alarm: false }, { ...behind, receivedAt: on('06:12') });
    line.restart('06:12:30', '06:14');
    line.source('06:14', 'catching_up', 'broker');
    line.set('06:10', { alarm: true }, { ...queued, receivedAt: on('06:14') });
    expect(line.source('06:14:01', 'connected', 'broker').wakeAt).toBe(on('06:15'));
    line.until('06:20');
    expect(lines(line.actions)).toEqual(['06:12:00 open alarmed reported 06:10:00']);
  });

  it('after a restart, the engine waits by each clock behind one broker, whichever device sends first', () => {
    const call = signal('call', { source: 'broker' });
    const called = dispatch('called', is('call'), { onDelay: 120_000 });
    const line = plant(program([dispatch('alarmed', is('alarm'), { onDelay: 120_000 }), called], [alarm, call]));
    line.set('06:13', { call: false }, broker);
    line.set('06:10', { alarm: true }, behind);
    line.restart('06:13:30', '06:13:30');
    line.source('06:13:30', 'catching_up', 'broker');
    line.set('06:10', { alarm: true }, { ...queued, retained: true, receivedAt: on('06:13:30') });
    line.source('06:13:31', 'connected', 'broker');
    line.set('06:13:40', { call: true }, broker);
    line.until('06:14:59');
    expect(line.actions).toEqual([]);
    line.until('06:20');
    expect(lines(line.actions)).toEqual([
      '06:12:00 open alarmed reported 06:10:00',
      '06:15:40 open called reported 06:13:40',
    ]);
  });

  it('after a restart, the engine ends a delay late rather than early, when the source’s clock was ahead', () => {
    const line = plant(alarmed);
    line.set('06:10', { alarm: false }, { source: 'broker', receivedAt: on('06:07') });
    line.restart('06:07:30', '06:14');
    line.source('06:14', 'catching_up', 'broker');
    line.set('06:14', { alarm: true }, { ...queued, receivedAt: on('06:14') });
    expect(line.source('06:14:01', 'connected', 'broker').wakeAt).toBe(on('06:16'));
  });

  it('the engine stores the lag of a source even when no other state changes, once for all messages with the same lag', () => {
    const line = plant(alarmed);
    const heard = (at: string, receivedAt: string) =>
      line.set(at, { alarm: false }, { source: 'broker', receivedAt: on(receivedAt) }).moved;
    expect(heard('06:10', '06:13')).toEqual(['alarmed']);
    expect(heard('06:10:30', '06:13:30.400')).toEqual([]);
    expect(heard('06:11', '06:15')).toEqual(['alarmed']);
  });

  it('the engine records an interval with all its parts when the source’s clock has passed its end', () => {
    const parts = counter('parts', undefined, { source: 'broker' });
    const line = plant(program([production('line', parts)], [parts]));
    for (const [at, receivedAt, value] of [
      ['06:01', '06:04', 0],
      ['06:03', '06:06', 10],
      ['06:04:50', '06:07:50', 20],
    ] as const)
      line.set(at, { parts: value }, { source: 'broker', receivedAt: on(receivedAt) });
    line.until('06:20');
    expect(lines(line.actions)).toEqual(['06:00:00-06:05:00 actual 20 scrap 0']);
  });
});

describe('engine with a rule that lost its state', () => {
  it.each([
    { rule: dispatch('press', is('alarm'), { onDelay: 0 }), value: true },
    { rule: cycles('press', counter('alarm', undefined, broker), { every: 60_000, firstSight: 'count' }), value: 7 },
    { rule: cycles('press', counter('alarm', undefined, broker), { mode: 'total', firstSight: 'count' }), value: 7 },
  ])('a $rule.kind rule that lost its state uses no earlier key and no earlier chain again', ({ rule, value }) => {
    const definition = rule.kind === 'cycles' ? rule.counter : alarm;
    const keys = ['06:00', '06:30'].flatMap(start => {
      const line = plant(program([rule], [definition]), start);
      line.set(start, { alarm: value }, broker);
      line.until('07:00');
      return line.actions.flatMap(({ key, chain }) => [key, chain ?? key]);
    });
    expect(keys.length).toBe(4);
    expect(keys.slice(0, 2).filter(key => keys.slice(2).includes(key))).toEqual([]);
  });
});

describe('engine while a source is catching up', () => {
  const alarmed = program([dispatch('alarmed', is('alarm'), { onDelay: 120_000 })], [alarm]);

  it('the engine opens and closes a stop from an absence of the gateway, with its true times', () => {
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

  it('the engine opens nothing for a queued stop that was shorter than its delay, however late it is by the clock', () => {
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

  it('a catch-up also holds rules that read the source only through another rule', () => {
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

  it('a source that is lost while it catches up is known only until its last message', () => {
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

  it('the engine remembers over a crash that time stood still while a source caught up', () => {
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

  it('the engine sets no timer for rules whose source is catching up', () => {
    const line = plant(alarmed);
    line.source('07:59', 'disconnected', 'broker');
    line.source('08:00', 'catching_up', 'broker');
    expect(line.set('06:00', { alarm: true }, queued).wakeAt).toBeNull();
    expect(line.source('08:00:01', 'connected', 'broker').wakeAt).toBe(on('06:02'));
  });
});

describe('engine', () => {
  it('the time of a rule never runs backwards', () => {
    const line = plant(program([dispatch('a', is('x'), { onDelay: 0 })], [signal('x'), signal('y')]));
    line.set('06:05', { x: true });
    line.set('06:01', { x: false }, { receivedAt: on('06:06') });
    expect(lines(line.actions)).toEqual(['06:05:00 open a reported 06:05:00', '06:05:00 close a completed 06:05:00']);
  });

  it('the engine reports nothing for a value that did not change', () => {
    const line = plant(program([dispatch('a', isNot('running'))], [running]));
    line.set('06:00', { running: true });
    expect(line.set('06:01', { running: true })).toEqual({
      events: [],
      actions: [],
      changed: [],
      moved: [],
      forgotten: [],
      wakeAt: null,
    });
  });

  it('the engine ignores signals and sources that it does not know', () => {
    const line = plant(program([dispatch('a', isNot('running'))], [running]));
    line.set('06:00', { nobody: 7 });
    line.source('06:01', 'disconnected', 'nowhere');
    expect(line.events).toEqual([]);
  });

  it('the reason of an unknown signal is the absence of its source, or its own reason when the source is there', () => {
    const line = plant(program([dispatch('a', isNot('running'))], [running, signal('other')]));
    line.source('06:00', 'connected');
    line.set('06:00', { running: true, other: 'bad' });
    const other = line.engine.signal('other')?.reason;
    line.source('06:01', 'disconnected');
    expect(line.engine.signal('running')).toMatchObject({ good: false, reason: 'plc is disconnected' });

    line.source('06:02', 'connected');

    expect(line.engine.signal('running')).toMatchObject({ good: false, reason: null });
    expect(line.engine.signal('other')).toMatchObject({ good: false, reason: other });
  });

  it('the engine marks an action whose true time is not known', () => {
    const line = plant(program([dispatch('a', is('alarm'), { onDelay: 0 })], [alarm]));
    line.set('06:00', { alarm: true }, { ...broker, time: 'received' });
    expect(line.actions[0]?.time).toBe('received');
  });

  it('the views of signals and rules show their present state', () => {
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
      { rule: 'count', phase: 'counting', text: '0 counted on strokes, 0 to be sent' },
    ]);
  });
});
