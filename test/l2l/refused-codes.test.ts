import { describe, expect, it } from 'vitest';
import { explained, isAboutCodes, withUserPlace } from '../../src/l2l/refused-codes.ts';
import { stored } from './calls.ts';

const open = stored('open_dispatch', {
  machine: 'PRESS-99',
  type: 'DOWN',
  trade: 'MAINT',
  reason: 'HYDR',
  description: 'The site is closed for the night',
  reported: 0,
  ifFoundOpen: 'leave',
});
const count = (machine: string) => stored('increment_cycles', { machine, count: 1, from: 0, to: 1 });

describe('a refusal is about the codes of a call', () => {
  it.each([
    'Invalid machinecode: there is no active machine PRESS-99',
    'Invalid trade: MAINT',
    'Reason "HYDR" does not exist',
    "Machine 'PRESS-99' not found",
    'machinecode: PRESS-99 is inactive',
    // Sentences that do not contain the code itself.
    'Unable to lookup machine. Error: Machine matching query does not exist.',
    'Invalid dispatchtypecode',
    'Missing trade parameter',
    'Line not found',
    'Unknown product',
  ])('the refusal "%s" is about a code of the call', words => expect(isAboutCodes(words, [open])).toBe(true));

  it.each([
    'Problem with the request',
    'The site is closed for the night',
    'No rights',
    'L2L is DOWN for maintenance, try again later',
    'Machines are temporarily unavailable',
    'Invalid user: there is no user gateway',
    'Unable to lookup site. Error: there is no site 43',
    'PRESS-990 is somebody else’s',
    'Database error',
  ])('the refusal "%s" is not about a code of the call', words => expect(isAboutCodes(words, [open])).toBe(false));

  it('a single letter or digit is a code only in quotes', () => {
    expect(isAboutCodes('error 1 of call 12', [count('1')])).toBe(false);
    expect(isAboutCodes('refused: "1"', [count('1')])).toBe(true);
  });
});

describe('a refusal for want of a trade', () => {
  const { trade: _, ...params } = open.params as { readonly trade: string };
  const without = { ...open, params } as typeof open;
  const words = 'Missing trade parameter';

  it('a refusal for want of a trade names the missing trade and where to write it', () => {
    expect(explained(words, [without])).toBe(
      'Missing trade parameter; the dispatch has no trade: write trade: in its rule, or under defaults',
    );
  });

  it.each([
    ['a dispatch with a trade', words, open],
    ['another refusal', 'Invalid dispatchtypecode', without],
    ['a count', words, count('A')],
  ])('the words of a refusal do not change for %s', (_what, said, action) =>
    expect(explained(said, [action])).toBe(said),
  );
});

describe("a refusal of the gateway's user", () => {
  it('a refusal of the user names l2l.user and its place in the file', () => {
    expect(withUserPlace('Invalid realuser: there is no user kim', { user: 'g.yaml:11', realUser: 'g.yaml:12' })).toBe(
      'Invalid realuser: there is no user kim; correct l2l.real_user at g.yaml:12',
    );
    expect(withUserPlace('Invalid user: there is no user nobody', { user: 'g.yaml:11' })).toBe(
      'Invalid user: there is no user nobody; correct l2l.user at g.yaml:11',
    );
  });

  it.each(['Invalid dispatchtypecode', 'L2L is not available, all users out'])('"%s" does not name l2l.user', words => {
    expect(withUserPlace(words, { user: 'g.yaml:11' })).toBe(words);
  });
});
