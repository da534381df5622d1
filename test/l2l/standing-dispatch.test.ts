import { describe, expect, it } from 'vitest';
import type { DispatchRecord } from '../../src/l2l/dispatches.ts';
import { type Seeker, standingDispatch } from '../../src/l2l/standing-dispatch.ts';

const SEEKER: Seeker = { mark: '[gw aaaaaa]', user: 'gateway', reported: 5000, ifFoundOpen: 'leave' };

/** An open dispatch, reported at its number. */
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
    ...fields,
  };
}
const own = (number: number) => dispatch(number, { description: 'x [gw aaaaaa]', createdBy: 'gateway' });
const gateways = (number: number) => dispatch(number, { description: 'x [gw bbbbbb]', createdBy: 'gateway' });

describe('standing dispatch', () => {
  it.each<[string, readonly DispatchRecord[], Seeker['ifFoundOpen'], object | null]>([
    ['nothing is open', [], 'leave', null],
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
      'somebody who copied the text is a person',
      [dispatch(3, { description: '[gw bbbbbb]' })],
      'leave',
      { foundOpen: 3 },
    ],
    [
      'a text without the mark is not told apart here',
      [dispatch(3, { createdBy: 'gateway' })],
      'leave',
      { foundOpen: 3 },
    ],
  ])('%s', (_what, open, ifFoundOpen, expected) => {
    const found = standingDispatch(open, { ...SEEKER, ifFoundOpen });
    if (expected === null) expect(found).toBeNull();
    else expect(found).toMatchObject(expected);
    if (found?.adopted || found?.dispatchNumber === 2) expect(found).not.toHaveProperty('foundOpen');
  });

  it.each<[string, readonly DispatchRecord[], number, number | null]>([
    ["the gateway's that began before it was over", [gateways(2)], 3, 2],
    ["none of the gateway's that began after it was over", [gateways(4)], 3, null],
    ["an older one of the gateway's", [gateways(4), gateways(2)], 3, 2],
    ["a person's, who may report late", [gateways(4), dispatch(5)], 3, 5],
    ['its own, whenever it began', [own(4)], 3, 4],
    ["the gateway's of which no time can be read", [{ ...gateways(4), reported: [] }], 3, 4],
  ])('an episode that is over by then: %s', (_what, open, ended, expected) => {
    const found = standingDispatch(open, { ...SEEKER, ended });
    expect(found?.foundOpen ?? found?.dispatchNumber ?? null).toBe(expected);
  });

  it('says what else is open', () => {
    const words = (...open: DispatchRecord[]) => standingDispatch(open, SEEKER)?.nothing;
    expect(words(dispatch(3))).toBe('dispatch 3 is already open');
    expect(words(dispatch(3), dispatch(2))).toBe('dispatch 3 is already open; so is 2');
    expect(words(dispatch(3), dispatch(2), gateways(1))).toBe('dispatch 1 of the gateway is open; so are 3, 2');
  });
});
