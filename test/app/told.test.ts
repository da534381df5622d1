import { describe, expect, it } from 'vitest';
import { tellAction, tellEvent } from '../../src/app/told.ts';
import { openDispatch } from '../support/actions.ts';
import { recordingLogger } from '../support/recording-logger.ts';

const loud = (log: ReturnType<typeof recordingLogger>) => log.lines.filter(({ level }) => level !== 'debug');

describe('told', () => {
  it('says what shadow mode would have told L2L, and why', () => {
    const log = recordingLogger();

    tellAction(log, { ...openDispatch('PRESS-01', 1), mode: 'shadow' });

    expect(loud(log)).toEqual([
      {
        level: 'info',
        message: 'shadow: not sent',
        fields: { would: 'open dispatch DOWN at PRESS-01', rule: 'r', why: 'because' },
      },
    ]);
  });

  it('is quiet about what is sent', () => {
    const log = recordingLogger();

    tellAction(log, openDispatch('PRESS-01', 1));

    expect(log.lines.map(({ level }) => level)).toEqual(['debug']);
  });

  it.each([
    ['activated', 'debug'],
    ['cleared', 'debug'],
    ['counted', 'debug'],
    ['interval_parked', 'error'],
  ] as const)('tells that a rule %s at level %s', (kind, level) => {
    const log = recordingLogger();

    tellEvent(log, { rule: 'press1_down', at: 1, kind, detail: 'press1.running is false' });

    expect(log.lines.map(line => line.level)).toEqual([level]);
  });
});
