import { describe, expect, it } from 'vitest';
import { createTimes } from '../../../src/cli/records/times.ts';

const NOW = Date.parse('2026-11-22T20:00:00Z');
const denver = createTimes('America/Denver', NOW);
const utc = createTimes(null, NOW);

describe('times that people write', () => {
  it('is in UTC when nobody says where the site is', () => {
    expect([utc.zone, utc.people(NOW)]).toEqual(['UTC', '2026-11-22 20:00:00 UTC']);
  });

  it.each([
    ['2026-11-22 06:00', '2026-11-22T13:00:00Z', '2026-11-22T06:00:00Z'],
    ['2026-11-22', '2026-11-22T07:00:00Z', '2026-11-22T00:00:00Z'],
    ['06:00', '2026-11-22T13:00:00Z', '2026-11-22T06:00:00Z'],
    ['06:00:30', '2026-11-22T13:00:30Z', '2026-11-22T06:00:30Z'],
    ['2026-11-22T06:00:00Z', '2026-11-22T06:00:00Z', '2026-11-22T06:00:00Z'],
    ['2026-11-22T06:00:00.000-07:00', '2026-11-22T13:00:00Z', '2026-11-22T13:00:00Z'],
    ['2h', '2026-11-22T18:00:00Z', '2026-11-22T18:00:00Z'],
  ])('understands %s', (text, there, world) => {
    expect([denver.first(text), utc.first(text)]).toEqual([Date.parse(there), Date.parse(world)]);
  });

  it.each(['noon', '25:61', '2026-13-40', '11/22/2026', '5', '2026-11-22 06:00 CET'])(
    'does not understand %s',
    text => {
      expect([denver.first(text), utc.first(text)]).toEqual([undefined, undefined]);
    },
  );

  it.each(['06:00 MST', '06:00:00 mst'])('takes the zone beside a time of today: %s', text => {
    expect(denver.first(text)).toBe(Date.parse('2026-11-22T13:00:00Z'));
  });

  it.each([NOW + 250, NOW + 250.75])('ends with what is shown as that time: %s', at => {
    for (const shown of [denver.people(at), denver.iso(at)]) {
      expect(denver.first(shown)).toBeLessThanOrEqual(at);
      expect(denver.last(shown)).toBeGreaterThanOrEqual(at);
      expect(denver.last(shown)).toBeLessThan(NOW + 1000);
    }
  });

  it('begins with the first pass of the repeated hour and ends with the second', () => {
    const text = '2026-11-01 01:30';

    expect([denver.first(text), denver.last(text)]).toEqual([
      Date.parse('2026-11-01T07:30:00Z'),
      Date.parse('2026-11-01T08:30:00Z'),
    ]);
    expect(denver.first(`${text} MST`)).toBe(Date.parse('2026-11-01T08:30:00Z'));
  });
});
