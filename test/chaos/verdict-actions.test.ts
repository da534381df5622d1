import { describe, expect, it } from 'vitest';
import type { Entry } from './ledger.ts';
import type { StoredRow } from './stored-actions.ts';
import type { Judged } from './verdict.ts';
import { actionProblems, sentBy } from './verdict-actions.ts';

const KEY = 'strokes#1:increment';
const MAY_BE_THERE = 'L2L may have taken it when it was sent before';

/**
 * An increment whose rule repeats it. It was sent this often without an answer that decides, while a person wrote the count of its machine.
 */
function problems(
  state: StoredRow['state'],
  detail: string,
  sends: number,
  applied: number,
  { attempts = sends, onUnknown = 'repeat' } = {},
): string[] {
  const action = {
    ...{ key: KEY, kind: 'increment_cycles', lane: 'cycles:A', state, detail, result: null },
    ...{ made: 0, settled: 100, settled_at: 100, expires_at: 50, attempts },
  } as unknown as StoredRow;
  const posts = Array.from({ length: sends }, (_, n) => ({
    ...{
      keys: [KEY],
      at: 10 + n,
      heardAt: 20,
      isDoubtful: true,
      isDenied: false,
      refusal: null,
      appliedAt: n < applied ? 15 : null,
    },
  })) as unknown as Entry[];
  const judged = {
    onUnknown: () => onUnknown,
    people: { ended: new Map(), corrected: [{ machine: 'A', at: 12 }] },
    refusals: ['no such machine'],
    troubles: [{ from: 0, to: 100 }],
    unheard: [],
    clock: { lastMoment: () => 50 },
  } as unknown as Judged;
  return actionProblems(action, [action], sentBy(posts), judged);
}

describe('the chaos verdict on a count in doubt', () => {
  it.each([
    ['too old after it may have been taken', 'parked', `too old; ${MAY_BE_THERE}`, 1, 1],
    ['too old and never sent', 'dead', 'too old', 0, 0],
    ['sent four times in doubt', 'parked', 'it stood at 5; sent 4 times so far', 4, 3],
    ['refused after it may have been taken', 'parked', `no such machine; ${MAY_BE_THERE}`, 2, 1],
  ] as const)('a count in doubt may be left to a person: %s', (_, state, detail, sends, applied) => {
    expect(problems(state, detail, sends, applied)).toEqual([]);
  });

  it('a count in doubt may be left to a person when the gateway ended between the mark and the request', () => {
    expect(problems('parked', 'A stood at 5, stands at 5005', 0, 0, { attempts: 1, onUnknown: 'park' })).toEqual([]);
  });

  it.each([
    ['parked as perhaps taken, and never sent', 'parked', `too old; ${MAY_BE_THERE}`, 0, 0],
    ['a dead letter that L2L has', 'dead', 'too old', 1, 1],
    ['given up before its fourth send', 'parked', 'it stood at 5; sent 4 times so far', 3, 0],
    ['refused in doubt, and never sent', 'parked', `no such machine; ${MAY_BE_THERE}`, 0, 0],
  ] as const)('a count in doubt is a problem when it is %s', (_, state, detail, sends, applied) => {
    expect(problems(state, detail, sends, applied)).not.toEqual([]);
  });
});
