import { describe, expect, it } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import { actionWords } from '../../src/actions/words.ts';
import { closeDispatch, increment, openDispatch, recordSet, setCycles } from '../support/actions.ts';

describe('action words', () => {
  it.each<[Action, string]>([
    [openDispatch('PRESS-01', 1), 'open dispatch DOWN at PRESS-01'],
    [closeDispatch('PRESS-01', 1), 'close dispatch DOWN at PRESS-01'],
    [increment('PRESS-01', 1), 'add 1 cycle to PRESS-01'],
    [increment('PRESS-01', 1, 25), 'add 25 cycles to PRESS-01'],
    [setCycles('PRESS-01', 1, 25), 'set cycles of PRESS-01 to 25 above its count at first sight'],
    [recordSet('LINE-1', 1), 'record 5 good, 0 scrap of P1 on LINE-1'],
  ])('the words of $kind name the action, the amount and the place', (action, words) => {
    expect(actionWords(action)).toBe(words);
  });
});
