import { describe, expect, it } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import { logAction } from '../../src/app/log-actions.ts';
import { closeDispatch, increment, openDispatch, recordSet } from '../support/actions.ts';
import { recordingLogger } from '../support/recording-logger.ts';

const loud = (log: ReturnType<typeof recordingLogger>) => log.lines.filter(({ level }) => level !== 'debug');

function close(how: 'close' | 'complete' | 'note' | 'leave'): Action {
  const action = closeDispatch('PRESS-01', 1);
  if (action.kind !== 'close_dispatch') throw new Error('it is a close');
  return { ...action, params: { ...action.params, how } };
}

function open(): Action {
  const action = openDispatch('PRESS-01', 1);
  if (action.kind !== 'open_dispatch') throw new Error('it is an open');
  return { ...action, params: { ...action.params, reason: 'HYDR', trade: 'MAINT', description: 'Fault 17' } };
}

const ENDED = { machine: 'PRESS-01', type: 'DOWN', completed: new Date(1500), rule: 'r', why: 'because' };

describe('log of actions', () => {
  it.each<[Action, string, object]>([
    [
      open(),
      'would open dispatch',
      {
        machine: 'PRESS-01',
        type: 'DOWN',
        trade: 'MAINT',
        reason: 'HYDR',
        description: 'Fault 17',
        reported: new Date(1000),
        rule: 'r',
        why: 'because',
      },
    ],
    [close('close'), 'would close dispatch', ENDED],
    [close('complete'), 'would complete dispatch', ENDED],
    [close('note'), 'would write note on dispatch', ENDED],
    [close('leave'), 'would leave dispatch open', ENDED],
    [
      increment('PRESS-01', 1, 9),
      'would send cycle count',
      { machine: 'PRESS-01', added: 9, from: new Date(1000), to: new Date(1999), rule: 'r' },
    ],
    [
      recordSet('LINE-1', 1),
      'would record production',
      {
        line: 'LINE-1',
        sets: 1,
        good: 5,
        scrap: 0,
        product: 'P1',
        from: new Date(60_000),
        to: new Date(120_000),
        rule: 'r',
      },
    ],
  ])('in shadow mode the log shows what the gateway would send: %#', (action, message, fields) => {
    const log = recordingLogger();

    logAction(log, { ...action, mode: 'shadow' });

    expect(loud(log)).toEqual([{ level: 'info', message, fields }]);
  });

  it('the log has no info line about an action in live mode before L2L has answered', () => {
    const log = recordingLogger();

    logAction(log, openDispatch('PRESS-01', 1));

    expect(log.lines.map(({ level }) => level)).toEqual(['debug']);
  });
});
