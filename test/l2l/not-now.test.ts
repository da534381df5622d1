import { describe, expect, it } from 'vitest';
import { isNotNow } from '../../src/l2l/not-now.ts';

const NONE = { transient: [] };

describe('a refusal means "not now"', () => {
  it.each([
    'Rate limit exceeded, please try again later.',
    'rate-limited',
    'Too many requests',
    'Request was throttled',
    'Please try again.',
    'Service temporarily unavailable',
    'timeout',
    'The query timed out',
    'Maintenance',
    'The site is down for maintenance',
    'Deadlock found when trying to get lock; try restarting transaction',
    'Machine PRESS-01: lock wait timeout exceeded',
    'could not obtain lock',
    'The database is locked',
  ])('the refusal "%s" means "not now"', words => expect(isNotNow(words, NONE)).toBe(true));

  it.each([
    'Machine is locked',
    'Invalid trade: Maintenance',
    'Trade Maintenance is not active',
    'Machine not found. Please correct the code and try again',
    'Dispatch type Maintenance is not allowed',
    'The interlock is open',
    'Blocked',
    'Invalid API key, try again later',
    'Problem with the request',
  ])('the refusal "%s" does not mean "not now"', words => expect(isNotNow(words, NONE)).toBe(false));

  it('a code of the call does not mean "not now", and neither does a text with another meaning', () => {
    expect(isNotNow('There is an error at LOCK', NONE)).toBe(true);
    expect(isNotNow('There is an error at LOCK', { ...NONE, codes: ['LOCK'] })).toBe(false);
    const blocked = 'PRESS-01 already has an open critical Dispatch, try again later';
    expect(isNotNow(blocked, { ...NONE, other: ['already has an open critical dispatch'] })).toBe(false);
  });

  it('the texts in the config are added to the list', () => {
    expect(isNotNow('Nightly backup is running', { transient: ['nightly BACKUP'] })).toBe(true);
  });
});
