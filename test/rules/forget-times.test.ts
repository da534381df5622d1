import { describe, expect, it } from 'vitest';
import { createEngine } from '../../src/rules/engine.ts';
import { forgetTimes } from '../../src/rules/forget-times.ts';
import { counter, cycles, dispatch, isNot, program, signal } from './support/program.ts';
import { lines, on, type Plant, plant } from './support/rule-plant.ts';

const running = signal('running');
const stop = program([dispatch('stop', isNot('running'), { onDelay: 60_000 })], [running]);
const RECEIVED = { time: 'received' } as const;
/** Here the last process began; it did not trust its clock. */
const FROM = on('06:00') - 1;

/** The process ends at 06:00:20. The next one begins at 10:00 by a right clock. The broker kept the messages in between. */
function goOn(line: Plant): void {
  line.until('06:00:20');
  const text = forgetTimes(JSON.stringify(line.engine.stateOf('stop')), FROM);
  line.engine = createEngine(stop, new Map([['stop', text]]));
  const take = (result: ReturnType<Plant['engine']['step']>) => line.actions.push(...result.actions);
  take(line.engine.step({ kind: 'restart', at: on('10:00'), lastAlive: on('06:00:20') }));
  take(line.engine.step({ kind: 'source', source: 'plc', state: 'catching_up', at: on('10:00') }));
  line.set('06:00:10', { running: false }, { ...RECEIVED, kept: true, retained: true, receivedAt: on('10:00') });
}

describe('a delay of a process that ended before its clock was set', () => {
  it('a forgotten delay is no part of a stop', () => {
    const line = plant(stop, '05:59');
    line.set('06:00', { running: false }, RECEIVED);
    goOn(line);
    line.set('09:00', { running: true }, { receivedAt: on('10:00') });
    line.source('10:00:01', 'connected');
    line.until('10:10');
    expect(lines(line.actions)).toEqual([]);
  });

  it('a forgotten delay begins again when the queue has no message with a time', () => {
    const line = plant(stop, '05:59');
    line.set('06:00', { running: false }, RECEIVED);
    goOn(line);
    line.source('10:00:01', 'connected');
    line.until('10:01');
    expect(lines(line.actions)).toEqual([]);
    line.until('10:01:02');
    expect(lines(line.actions)).toEqual(['10:01:01 open stop reported 10:00:01']);
  });

  it('a forgotten delay does not change the true times of the stops that were queued after it', () => {
    const line = plant(stop, '05:59');
    line.set('06:00', { running: false }, RECEIVED);
    goOn(line);
    line.set('09:00', { running: true }, { receivedAt: on('10:00') });
    line.set('09:10', { running: false }, { receivedAt: on('10:00') });
    line.set('09:20', { running: true }, { receivedAt: on('10:00') });
    expect(lines(line.actions)).toEqual([
      '09:11:00 open stop reported 09:10:00',
      '09:20:00 close stop completed 09:20:00',
    ]);
  });

  it.each([
    ['a source stamped it', '06:00', {}],
    ['it began before that process', '05:59:50', RECEIVED],
  ])('a delay goes on when %s', (_, since, time) => {
    const line = plant(stop, '05:59');
    line.set(since, { running: false }, time);
    goOn(line);
    line.set('09:00', { running: true }, { receivedAt: on('10:00') });
    expect(lines(line.actions)[0]).toMatch(`open stop reported ${since.padEnd(8, ':00')}`);
  });

  it('a dispatch stays open when its off_delay is forgotten', () => {
    const slow = program([dispatch('stop', isNot('running'), { onDelay: 0, offDelay: 60_000 })], [running]);
    const line = plant(slow, '05:58');
    line.set('05:59', { running: false }, RECEIVED);
    line.set('06:00', { running: true }, RECEIVED);
    const text = forgetTimes(JSON.stringify(line.engine.stateOf('stop')), FROM);
    expect(JSON.parse(text)).toMatchObject({ phase: 'active', delay: null, episode: { reported: on('05:59') } });
  });

  it('only dispatch rules have a delay that can be forgotten', () => {
    const strokes = counter('strokes');
    const line = plant(program([cycles('count', strokes)], [strokes]), '05:59');
    line.set('06:00', { strokes: 1 }, RECEIVED);
    const text = JSON.stringify(line.engine.stateOf('count'));
    expect(forgetTimes(text, FROM)).toBe(text);
    expect(forgetTimes('not a state', FROM)).toBe('not a state');
  });
});
