import type { JSONValue } from 'json-p3';
import { describe, expect, it } from 'vitest';
import { believed, payloadTime } from '../../../src/adapters/mqtt/payload-time.ts';

const AT = Date.UTC(2026, 2, 2, 6, 0, 0);

describe('time in an mqtt payload', () => {
  it.each<[JSONValue, number]>([
    ['2026-03-02T06:00:00Z', AT],
    ['2026-03-02T06:00Z', AT],
    ['2026-03-02T07:00:00+01:00', AT],
    ['2026-03-02T07:00:00+0100', AT],
    ['2026-03-02T06:00:00,250Z', AT + 250],
    [AT, AT],
    [AT / 1000, AT],
    [AT / 1000 + 0.25, AT + 250],
    [String(AT), AT],
  ])('the reader takes %j as an instant', (raw, expected) => {
    expect(payloadTime(raw)).toBe(expected);
  });

  it.each<[JSONValue]>([
    ['2026-03-02T06:00:00'],
    ['2026-13-02T06:00:00Z'],
    ['06:00'],
    ['soon'],
    [''],
    [0],
    [-1],
    [null],
    [true],
    [{}],
  ])('the reader does not take %j as an instant', raw => {
    expect(payloadTime(raw)).toBeUndefined();
  });

  it.each([
    ['live', { queued: false, lastCommit: 500 }, { from: 9_900, to: 10_100 }],
    ['queued since a commit', { queued: true, lastCommit: 500 }, { from: 400, to: 10_100 }],
    ['queued in a session of unknown age', { queued: true, lastCommit: undefined }, { from: 8_900, to: 10_100 }],
  ])('the time in a payload is used only within its range for a message that is %s', (_, facts, expected) => {
    expect(believed({ receivedAt: 10_000, maxSkew: 100, sessionExpiry: 1000, ...facts })).toEqual(expected);
  });
});
