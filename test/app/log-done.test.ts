import { describe, expect, it } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import type { CallResult } from '../../src/actions/result.ts';
import { logDone } from '../../src/app/log-done.ts';
import type { Done } from '../../src/core/done.ts';
import { closeDispatch, closeMachine, increment, openDispatch, recordSet } from '../support/actions.ts';
import { recordingLogger } from '../support/recording-logger.ts';

const OPENED: CallResult = { dispatchId: 57_008, dispatchNumber: 1008, reported: 1000 };

/** The one line that is written. */
function lineOf(
  done: Partial<Done>,
  actions: readonly Action[],
  opened: CallResult | null = OPENED,
  others: readonly number[] = [],
) {
  const log = recordingLogger();
  const whole: Done = { kind: 'delivered', result: null, detail: null, ...done, actions: actions.map(numbered) };
  logDone(log, whole, () => ({ result: opened, closed: others }));
  expect(log.lines.map(({ level }) => level)).toEqual(['info']);
  return { message: log.lines[0]?.message, fields: log.lines[0]?.fields };
}

function numbered(action: Action, id: number) {
  return { ...action, id };
}

function closed(how: 'close' | 'complete' | 'note' | 'leave'): Action {
  const action = closeDispatch('PRESS-01', 1);
  return { ...action, params: { ...action.params, how } } as Action;
}

const open = openDispatch('PRESS-01', 1);

describe('log of what L2L has', () => {
  it('an opened dispatch is logged with machine, number, text, true time and rule', () => {
    expect(lineOf({ result: OPENED }, [open])).toEqual({
      message: 'dispatch opened',
      fields: {
        dispatch: 1008,
        machine: 'PRESS-01',
        type: 'DOWN',
        description: 'PRESS-01 stopped',
        reported: new Date(1000),
        rule: 'r',
        why: 'because',
      },
    });
  });

  it.each<[string, CallResult, string]>([
    ["a person's", { dispatchId: 1, foundOpen: 1008, nothing: 'dispatch 1008 is already open' }, 'people close it'],
    ['an adopted one', { ...OPENED, adopted: true, nothing: 'dispatch 1008 is adopted' }, 'the gateway adopted it'],
    [
      "a gateway's",
      { ...OPENED, nothing: 'dispatch 1008 of the gateway is open' },
      'a gateway opened it; both share it',
    ],
  ])('the log reports that %s was found open', (_whose, result, words) => {
    expect(lineOf({ result, detail: result.nothing ?? null }, [open])).toMatchObject({
      message: 'dispatch found open',
      fields: { dispatch: 1008, machine: 'PRESS-01', reported: new Date(1000), whose: expect.stringContaining(words) },
    });
  });

  it('an episode that was sent as one finished dispatch is logged with both times', () => {
    expect(lineOf({ result: OPENED }, [open, closed('close')])).toMatchObject({
      message: 'dispatch opened and closed',
      fields: { dispatch: 1008, reported: new Date(1000), completed: new Date(1500) },
    });
  });

  it.each<[string, Partial<Done>]>([
    ['nothing is sent', { kind: 'nothing', detail: 'it was over' }],
    ['L2L was only read', { result: { nothing: 'it was over' } }],
  ])('the log explains why no dispatch was opened when %s', (_when, done) => {
    expect(lineOf(done, [open, closed('close')])).toMatchObject({
      message: 'no dispatch opened',
      fields: { machine: 'PRESS-01', because: 'it was over' },
    });
  });

  it.each([
    ['close', 'dispatch closed'],
    ['complete', 'dispatch completed'],
    ['note', 'note written on dispatch'],
  ] as const)('the log says how a dispatch was ended: %s', (how, message) => {
    expect(lineOf({ result: { dispatchId: 57_008 } }, [closed(how)])).toEqual({
      message,
      fields: {
        dispatch: 1008,
        machine: 'PRESS-01',
        type: 'DOWN',
        completed: new Date(1500),
        rule: 'r',
        why: 'because',
      },
    });
  });

  it.each<[string, CallResult | null, string]>([
    ['ours', OPENED, 'dispatch left open'],
    ["a person's", { dispatchId: 1, foundOpen: 1008 }, 'dispatch left open'],
    ['none', null, 'no dispatch closed'],
  ])('the log explains why a dispatch stays open: %s', (_whose, opened, message) => {
    expect(lineOf({ kind: 'nothing', detail: 'the rule leaves it' }, [closed('leave')], opened)).toMatchObject({
      message,
      fields: { ...(opened && { dispatch: 1008 }), because: 'the rule leaves it', completed: new Date(1500) },
    });
  });

  it('the log reports that somebody else had closed the dispatch', () => {
    expect(lineOf({ result: { dispatchId: 57_008, nothing: 'already closed' } }, [closed('close')])).toMatchObject({
      message: 'no close is needed',
      fields: { dispatch: 1008, because: 'already closed' },
    });
  });

  it('the log does not call a dispatch left open that was closed with the others of its type', () => {
    const done = { kind: 'nothing', detail: 'with the others' } as const;
    expect(lineOf(done, [closed('close')], OPENED, [57_008])).toMatchObject({
      message: 'no close is needed',
      fields: { dispatch: 1008, because: 'with the others' },
    });
  });

  it.each([
    [
      'the ids of all, and of those of people',
      { closed: [7, 8], closedOfPeople: [8] },
      { closed: [7, 8], openedByPeople: [8] },
    ],
    ['the ids of its own', { closed: [7], closedOfPeople: [] }, { closed: [7] }],
  ])('the log of a close of every dispatch names %s', (_what, result, fields) => {
    const { message, fields: logged } = lineOf({ result }, [closeMachine('PRESS-01', 1)]);
    expect(message).toBe('every dispatch of the machine and type closed');
    expect(logged).toEqual({ machine: 'PRESS-01', type: 'DOWN', completed: new Date(1500), rule: 'r', ...fields });
  });

  it('the log of a close of every dispatch says why there was none', () => {
    expect(lineOf({ result: { nothing: 'none is left' } }, [closeMachine('PRESS-01', 1)])).toMatchObject({
      message: 'no dispatch closed',
      fields: { because: 'none is left' },
    });
  });

  it('increments that were sent in one call are added up in the log', () => {
    expect(lineOf({ result: { cycleCount: 1003 } }, [increment('A', 1, 4), increment('A', 2, 5)])).toEqual({
      message: 'cycle count sent',
      fields: { machine: 'A', added: 9, from: new Date(1000), to: new Date(2999), countInL2l: 1003, rule: 'r' },
    });
  });

  it.each([
    ['accepted', 'production accepted'],
    ['delivered', 'production recorded'],
  ] as const)('a batch of production that is %s is one line of the log', (kind, message) => {
    const sets = [recordSet('LINE-1', 1, 0.1), recordSet('LINE-2', 2, 0.2)];

    expect(lineOf({ kind, result: { batchId: '302' } }, sets)).toEqual({
      message,
      fields: {
        line: 'LINE-1, LINE-2',
        sets: 2,
        good: 0.3,
        scrap: 0,
        product: 'P1',
        from: new Date(60_000),
        to: new Date(180_000),
        batch: '302',
        rule: 'r',
      },
    });
  });
});
