import { describe, expect, it } from 'vitest';
import { createAbsences } from '../../../src/rules/io/absences.ts';
import { dispatch, is, program, signal } from '../support/program.ts';

const lamp = signal('lamp', { source: 'broker', restorable: true });
const run = signal('run', { source: 'plc' });
const rules = program([dispatch('lit', is('lamp'), { onDelay: 0 })], [lamp, run]);
const begin = (away = [{ source: 'broker', since: 40, queued: 3 }]) =>
  createAbsences(rules, { away: () => away, lastAlive: 100 });

describe('absences of sources whose broker keeps messages', () => {
  it('an absence lasts since the earlier process was alive, or since it lost the broker', () => {
    expect(begin([]).all()).toEqual([{ source: 'broker', since: 100, queued: 0 }]);
    expect(begin().all()).toEqual([{ source: 'broker', since: 40, queued: 3 }]);
  });

  it('an absence goes on through every attempt, counts the messages, and ends when all are read', () => {
    const absences = begin();
    for (const state of ['connecting', 'disconnected', 'catching_up'] as const)
      expect(absences.became('broker', state, 200)).toBe(false);
    expect(absences.took('broker')).toBe(true);
    expect(absences.all()).toEqual([{ source: 'broker', since: 40, queued: 4 }]);

    expect(absences.became('broker', 'connected', 300)).toBe(true);
    expect(absences.took('broker')).toBe(false);
    expect(absences.all()).toEqual([]);

    expect(absences.became('broker', 'catching_up', 400)).toBe(true);
    expect(absences.all()).toEqual([{ source: 'broker', since: 400, queued: 0 }]);
  });

  it('an absence counts from 0 when the broker kept nothing', () => {
    const absences = begin();

    expect([absences.beganAnew('broker'), absences.beganAnew('broker')]).toEqual([true, false]);
    expect(absences.all()).toEqual([{ source: 'broker', since: 40, queued: 0 }]);
  });

  it('a polled source has no absence', () => {
    const absences = begin();

    expect([absences.became('plc', 'disconnected', 200), absences.took('plc')]).toEqual([false, false]);
  });
});
