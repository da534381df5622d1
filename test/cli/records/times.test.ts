import { describe, expect, it } from 'vitest';
import { createTimes } from '../../../src/cli/records/times.ts';

const NOW = Date.parse('2026-11-22T20:00:00Z');
const denver = createTimes('America/Denver', NOW);
const utc = createTimes(null, NOW);

describe('times that people write', () => {
  it('a time that a person writes is in UTC when the site is not known', () => {
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
  ])('the reader of times understands %s', (text, there, world) => {
    expect([denver.first(text), utc.first(text)]).toEqual([Date.parse(there), Date.parse(world)]);
  });

  it.each(['noon', '25:61', '2026-13-40', '11/22/2026', '5', '2026-11-22 06:00 CET'])(
    'the reader of times does not understand %s',
    text => {
      expect([denver.first(text), utc.first(text)]).toEqual([undefined, undefined]);
    },
  );

  it.each([
    ['22:00', '2026-11-22T05:00:00Z'],
    ['13:01', '2026-11-21T20:01:00Z'],
    ['13:00', '2026-11-22T20:00:00Z'],
    ['13:00:01 MST', '2026-11-21T20:00:01Z'],
    ['19:00Z', '2026-11-22T19:00:00Z'],
    ['20:00:01Z', '2026-11-21T20:00:01Z'],
  ])('the reader takes a time without a date that is still ahead as the last one in the past: %s', (text, at) => {
    expect(denver.first(text)).toBe(Date.parse(at));
  });

  it.each([
    ['22:00', '02:00', '2026-11-22T09:00:00Z'],
    ['22:00', '23:00', '2026-11-22T06:00:00Z'],
    ['06:00', '14:00', '2026-11-22T21:00:00Z'],
    ['2026-11-10 22:00', '02:00', '2026-11-11T09:00:00Z'],
    ['2026-11-10 06:00', '06:00', '2026-11-11T13:00:00Z'],
    ['2026-10-31 22:00', '06:00', '2026-11-01T13:00:00Z'],
    ['2h', '12:00', '2026-11-22T19:00:00Z'],
  ])('a period that began at %s ends with the first %s after it', (since, until, at) => {
    expect(denver.last(until, denver.first(since))).toBe(Date.parse(at));
  });

  it('a period without a begin ends with the last such time in the past', () => {
    expect(denver.last('22:00')).toBe(Date.parse('2026-11-22T05:00:00Z'));
  });

  it('a period ends within the second in which it began', () => {
    expect(denver.last('06:00:30', denver.first('06:00:30'))).toBe(Date.parse('2026-11-22T13:00:30Z') + 999.999);
  });

  it.each(['06:00 MST', '06:00:00 mst'])('the reader takes a zone after a time of today: %s', text => {
    expect(denver.first(text)).toBe(Date.parse('2026-11-22T13:00:00Z'));
  });

  it.each([NOW + 250, NOW + 250.75])('a period includes everything that is shown with its end time: %s', at => {
    for (const shown of [denver.people(at), denver.iso(at)]) {
      expect(denver.first(shown)).toBeLessThanOrEqual(at);
      expect(denver.last(shown)).toBeGreaterThanOrEqual(at);
      expect(denver.last(shown)).toBeLessThan(NOW + 1000);
    }
  });

  it('a period in the repeated hour begins in the first pass and ends in the second', () => {
    const text = '2026-11-01 01:30';

    expect([denver.first(text), denver.last(text)]).toEqual([
      Date.parse('2026-11-01T07:30:00Z'),
      Date.parse('2026-11-01T08:30:00Z'),
    ]);
    expect(denver.first(`${text} MST`)).toBe(Date.parse('2026-11-01T08:30:00Z'));
  });
});
