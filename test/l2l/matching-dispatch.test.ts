import { describe, expect, it } from 'vitest';
import type { DispatchRecord } from '../../src/l2l/dispatches.ts';
import { type MatchCriteria, matchingDispatch } from '../../src/l2l/matching-dispatch.ts';

const CRITERIA: MatchCriteria = {
  mark: '[gw aaaaaaaaaa]',
  users: ['gateway'],
  reported: 5000,
  ifFoundOpen: 'leave',
  ended: null,
  isFirst: false,
  isStuck: () => false,
};

/** An open dispatch; its number is also its reported time. */
function dispatch(number: number, fields: Partial<DispatchRecord> = {}): DispatchRecord {
  return {
    id: number * 10,
    number,
    type: 'DOWN',
    description: 'by kim',
    externalId: undefined,
    reported: [number],
    createdBy: 'kim',
    isOpen: true,
    isClosed: false,
    ...fields,
  };
}
const own = (number: number) => dispatch(number, { description: 'x [gw aaaaaaaaaa]', createdBy: 'gateway' });
const gateways = (number: number) => dispatch(number, { description: 'x [gw bbbbbbbbbb]', createdBy: 'gateway' });
const is = (wanted: number) => (one: DispatchRecord) => one.number === wanted;

describe('the dispatch that matches an episode', () => {
  it.each<[string, readonly DispatchRecord[], MatchCriteria['ifFoundOpen'], object | null]>([
    ['none when nothing is open', [], 'leave', null],
    ['its own', [dispatch(3), own(1), gateways(2)], 'leave', { dispatchId: 10, dispatchNumber: 1, reported: 5000 }],
    ['its own, although it opens beside others', [own(1)], 'open', { dispatchId: 10 }],
    ["the gateway's before a person's", [dispatch(3), gateways(2)], 'leave', { dispatchId: 20, reported: 2 }],
    ["the gateway's before a person's", [dispatch(3), gateways(2)], 'adopt', { dispatchId: 20, dispatchNumber: 2 }],
    ["the newest of the gateway's", [gateways(2), gateways(4), gateways(3)], 'leave', { dispatchId: 40 }],
    ["none of the gateway's where it opens beside others", [gateways(2)], 'open', null],
    ["a person's, left", [dispatch(3)], 'leave', { dispatchId: 30, foundOpen: 3, reported: 3 }],
    ["a person's, adopted", [dispatch(3)], 'adopt', { dispatchId: 30, dispatchNumber: 3, adopted: true, reported: 3 }],
    ["the newest person's", [dispatch(3), dispatch(5), dispatch(4)], 'adopt', { dispatchId: 50 }],
    ["not a person's where it opens beside others", [dispatch(3)], 'open', null],
    [
      "the dispatch of a person who copied the text of the gateway is a person's",
      [dispatch(3, { description: '[gw bbbbbbbbbb]' })],
      'leave',
      { foundOpen: 3 },
    ],
    [
      "a dispatch of the gateway's user without a mark is a person's",
      [dispatch(3, { createdBy: 'gateway' })],
      'leave',
      { foundOpen: 3 },
    ],
  ])('the matching dispatch is %s', (_what, open, ifFoundOpen, expected) => {
    const found = matchingDispatch(open, { ...CRITERIA, ifFoundOpen });
    if (expected === null) expect(found).toBeNull();
    else expect(found).toMatchObject(expected);
    if (found?.adopted || found?.dispatchNumber === 2) expect(found).not.toHaveProperty('foundOpen');
  });

  it.each<[string, MatchCriteria['ifFoundOpen'], Partial<MatchCriteria>, number | null]>([
    ["the gateway's, although it opens beside others, when a former journal left it", 'open', { isFirst: true }, 2],
    ["a person's, not the gateway's of an episode that waits for a person", 'leave', { isStuck: is(2) }, 1],
    [
      'none when a rule opens beside a dispatch that waits for a person',
      'open',
      { isFirst: true, isStuck: is(2) },
      null,
    ],
  ])(
    'after a lost journal or a wait for a person, the matching dispatch is %s',
    (_what, ifFoundOpen, change, expected) => {
      const found = matchingDispatch([gateways(2), dispatch(1)], { ...CRITERIA, ifFoundOpen, ...change });
      expect(found?.foundOpen ?? found?.dispatchNumber ?? null).toBe(expected);
    },
  );

  it.each<[string, DispatchRecord, number | null]>([
    ["the gateway's from before it was over", gateways(7999), 7999],
    ["the gateway's of the second in which it ended", gateways(8000), null],
    ["the gateway's from after that", gateways(9000), null],
    ["a person's from after that", dispatch(9000), null],
    ['its own, whenever it was reported', own(9000), 9000],
    ["the gateway's of a time nobody knows", { ...gateways(9000), reported: [] }, 9000],
    [
      "the gateway's of the hour that comes twice, when it may have been before",
      { ...gateways(9000), reported: [7000, 9000] },
      9000,
    ],
  ])('an episode that is over matches %s', (_what, open, expected) => {
    const found = matchingDispatch([open], { ...CRITERIA, ended: 8250 });
    expect(found?.dispatchNumber ?? null).toBe(expected);
  });

  it('the result names the other open dispatches', () => {
    const words = (...open: DispatchRecord[]) => matchingDispatch(open, CRITERIA)?.nothing;
    expect(words(dispatch(3))).toBe('dispatch 3 is already open');
    expect(words(dispatch(3), dispatch(2))).toBe('dispatch 3 is already open; so is 2');
    expect(words(dispatch(3), dispatch(2), gateways(1))).toBe('dispatch 1 of the gateway is open; so are 3, 2');
  });
});
