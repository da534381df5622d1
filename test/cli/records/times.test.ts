import { describe, expect, it } from 'vitest';
import { createTimes } from '../../../src/cli/records/times.ts';
import { zoneOf } from '../../../src/config/journal-place.ts';

const NOW = Date.parse('2026-11-22T20:00:00Z');
const denver = createTimes(zoneOf('America/Denver'), NOW);
const utc = createTimes(null, NOW);

describe('times for people', () => {
  it.each([
    ['2026-11-22T13:01:00Z', '2026-11-22 06:01:00 America/Denver (13:01:00 UTC)'],
    ['2026-11-22T13:01:00.250Z', '2026-11-22 06:01:00.250 America/Denver (13:01:00.250 UTC)'],
    ['2026-11-23T01:00:00Z', '2026-11-22 18:00:00 America/Denver (2026-11-23 01:00:00 UTC)'],
  ])('writes %s in both times', (at, text) => {
    expect(denver.full(Date.parse(at))).toBe(text);
  });

  it('is in UTC when nobody says where the site is', () => {
    expect([utc.name, utc.full(NOW)]).toEqual(['UTC', '2026-11-22 20:00:00 UTC']);
  });

  it.each([
    ['2026-11-22T13:01:00Z', '11-22 06:01'],
    ['2025-12-31T13:01:00Z', '2025-12-31'],
  ])('is short in lists: %s', (at, text) => {
    expect(denver.short(Date.parse(at))).toBe(text);
  });

  it.each([
    ['2026-11-22 06:00', '2026-11-22T13:00:00Z', '2026-11-22T06:00:00Z'],
    ['2026-11-22', '2026-11-22T07:00:00Z', '2026-11-22T00:00:00Z'],
    ['06:00', '2026-11-22T13:00:00Z', '2026-11-22T06:00:00Z'],
    ['06:00:30', '2026-11-22T13:00:30Z', '2026-11-22T06:00:30Z'],
    ['2026-11-22T06:00:00Z', '2026-11-22T06:00:00Z', '2026-11-22T06:00:00Z'],
    ['2h', '2026-11-22T18:00:00Z', '2026-11-22T18:00:00Z'],
  ])('understands %s', (text, there, world) => {
    expect([denver.parse(text), utc.parse(text)]).toEqual([Date.parse(there), Date.parse(world)]);
  });

  it.each(['noon', '25:61', '2026-13-40', '11/22/2026', '5'])('does not understand %s', text => {
    expect([denver.parse(text), utc.parse(text)]).toEqual([undefined, undefined]);
  });
});
