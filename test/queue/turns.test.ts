import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StoredAction } from '../../src/core/delivery.ts';
import { takeTurns } from '../../src/queue/turns.ts';
import { increment, openDispatch, recordSet } from '../support/actions.ts';
import { scriptedDelivery } from './scripted-delivery.ts';

const { policy } = scriptedDelivery();
const MAKE = { 0: openDispatch, 1: increment, 2: recordSet };

function heads(kinds: readonly (0 | 1 | 2)[]): readonly StoredAction[] {
  return kinds.map((kind, id) => ({ ...MAKE[kind](`M${id}`, 1), id }));
}

function takeAll(kinds: readonly (0 | 1 | 2)[]): readonly number[] {
  const turns = takeTurns(heads(kinds), policy, { value: 0 });
  const ids: number[] = [];
  for (let head = turns.next(); head; head = turns.next()) ids.push(head.id);
  return ids;
}

describe('the turns of lanes', () => {
  it('the order of turns goes by priority, then age, and every fifth is the oldest', () => {
    expect(takeAll([2, 2, 1, 0, 0, 0, 0, 0, 0])).toEqual([3, 4, 5, 6, 0, 7, 8, 2, 1]);
  });

  it('the order of turns skips a lane whose head is in another call', () => {
    const turns = takeTurns(heads([0, 0, 0]), policy, { value: 0 });
    turns.skip('dispatch:M1');
    expect([turns.next()?.id, turns.next()?.id, turns.next()?.id]).toEqual([0, 2, undefined]);
  });

  it('the order of turns takes every head once', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom<0 | 1 | 2>(0, 1, 2)), kinds => {
        expect(takeAll(kinds).toSorted((a, b) => a - b)).toEqual(kinds.map((_, id) => id));
      }),
    );
  });

  it('the order of turns serves the oldest head within five turns', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom<0 | 1 | 2>(0, 1, 2), { minLength: 5 }), kinds => {
        expect(takeAll(kinds).slice(0, 5)).toContain(0);
      }),
    );
  });
});
