import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StartError } from '../../src/core/errors.ts';
import { createSiteZone, parseUtc } from '../../src/l2l/site-time.ts';

const denver = createSiteZone('America/Denver');
const berlin = createSiteZone('Europe/Berlin');

describe('site time', () => {
  it.each([
    ['America/Denver', '2026-01-15T13:05:06Z', '2026-01-15 06:05:06'],
    ['America/Denver', '2026-07-15T13:05:06Z', '2026-07-15 07:05:06'],
    ['Europe/Berlin', '2026-07-15T22:30:00Z', '2026-07-16 00:30:00'],
    ['Asia/Kathmandu', '2026-07-15T00:00:00Z', '2026-07-15 05:45:00'],
    ['Australia/Lord_Howe', '2026-01-15T00:00:00Z', '2026-01-15 11:00:00'],
    ['Etc/GMT+4', '2026-07-15T12:00:00Z', '2026-07-15 08:00:00'],
  ])('the site time in %s shows the instant %s as %s', (zone, at, text) => {
    expect(createSiteZone(zone).text(Date.parse(at))).toBe(text);
  });

  it('the site time cuts off parts of a second, or shows them to the microsecond', () => {
    const at = Date.parse('2026-03-02T13:00:00Z') + 153.005;
    expect(denver.text(at)).toBe('2026-03-02 06:00:00');
    expect(denver.exact(at)).toBe('2026-03-02 06:00:00.153005');
    expect(denver.exact(Math.floor(at / 1000) * 1000)).toBe('2026-03-02 06:00:00');
    expect(denver.minute(at)).toBe('2026-03-02 06:00');
  });

  it('the site time gives both instants of a time in the repeated hour, the earlier one first', () => {
    const first = Date.parse('2026-11-01T07:30:00Z');
    const second = Date.parse('2026-11-01T08:30:00Z');
    expect([denver.text(first), denver.text(second)]).toEqual(['2026-11-01 01:30:00', '2026-11-01 01:30:00']);
    expect(denver.parse('2026-11-01 01:30:00')).toEqual([first, second]);
    expect(berlin.parse('2026-10-25 02:30:00')).toEqual([
      Date.parse('2026-10-25T00:30:00Z'),
      Date.parse('2026-10-25T01:30:00Z'),
    ]);
  });

  it.each([
    ['2026-11-01T06:59:59Z', '2026-11-01 00:59:59'],
    ['2026-11-01T07:00:00Z', '2026-11-01 01:00:00'],
    ['2026-11-01T07:50:00Z', '2026-11-01 01:25:00'],
    ['2026-11-01T08:00:00Z', '2026-11-01 01:30:00'],
    ['2026-11-01T08:50:00.500Z', '2026-11-01 01:55:00.250000'],
    ['2026-11-01T09:00:00Z', '2026-11-01 02:00:00'],
  ])('monotonic time gives each pass of the repeated hour one half of it: %s is written %s', (at, text) => {
    expect(denver.monotonic(Date.parse(at))).toBe(text);
  });

  it.each(['America/Denver', 'Europe/Berlin', 'Australia/Lord_Howe', 'America/Sao_Paulo', 'Asia/Kathmandu', 'UTC'])(
    'the site time in %s rises with every second',
    name => {
      const zone = createSiteZone(name);
      const second = fc.integer({ min: Date.parse('2000-01-01Z') / 1000, max: Date.parse('2036-01-01Z') / 1000 });
      // Most instants are far from any change, so the nights with a change are tested separately.
      const night = fc
        .tuple(
          fc.constantFrom('2026-03-29T01:00Z', '2026-10-25T01:00Z', '2026-11-01T08:00Z', '2026-04-04T15:00Z'),
          fc.integer({ min: -9000, max: 9000 }),
        )
        .map(([change, away]) => Date.parse(change) / 1000 + away);
      fc.assert(
        fc.property(fc.oneof(second, night), fc.integer({ min: 1, max: 9000 }), (at, later) => {
          expect(zone.monotonic((at + later) * 1000) > zone.monotonic(at * 1000)).toBe(true);
        }),
        { numRuns: 3000 },
      );
    },
  );

  it('in spring the site time goes from 01:59:59 to 03:00:00, and no text between them is a time', () => {
    const change = Date.parse('2026-03-08T09:00:00Z');
    expect(denver.text(change - 1000)).toBe('2026-03-08 01:59:59');
    expect(denver.text(change)).toBe('2026-03-08 03:00:00');
    expect(denver.parse('2026-03-08 02:30:00')).toEqual([]);
  });

  it.each([
    ['2026-03-02T06:01:02', '2026-03-02T13:01:02Z'],
    ['2026-03-02 06:01', '2026-03-02T13:01:00Z'],
    ['2026-03-02 06:01:02.25', '2026-03-02T13:01:02.250Z'],
    ['2026-03-02T06:01:02Z', '2026-03-02T06:01:02Z'],
    ['2026-03-02T06:01:02.000+01:00', '2026-03-02T05:01:02Z'],
  ])('the site time reads %s', (text, instant) => {
    expect(denver.parse(text)).toEqual([Date.parse(instant)]);
  });

  it.each(['', 'now', '2026-02-30 01:00:00', '2026-13-01 01:00:00', '2026-03-02', '2026-03-02 25:00:00'])(
    'the site time does not take "%s" as a time',
    text => expect(denver.parse(text)).toEqual([]),
  );

  it('the site time reads UTC fields as UTC', () => {
    expect(parseUtc('2026-03-02 06:01:02.5')).toBe(Date.parse('2026-03-02T06:01:02.500Z'));
    expect(parseUtc('soon')).toBeUndefined();
  });

  it.each(['America/Denver', 'Europe/Berlin', 'Australia/Lord_Howe', 'America/Sao_Paulo', 'Asia/Kathmandu', 'UTC'])(
    'the site time finds every instant again from its text in %s',
    name => {
      const zone = createSiteZone(name);
      const instant = fc.integer({ min: Date.parse('2000-01-01T00:00:00Z'), max: Date.parse('2036-01-01T00:00:00Z') });
      fc.assert(
        fc.property(instant, at => {
          expect(zone.parse(zone.exact(at))).toContain(at);
        }),
        { numRuns: 2000 },
      );
    },
  );

  it('the site time refuses a name that is no zone and explains what to write', () => {
    expect(() => createSiteZone('GMT+4')).toThrow(StartError);
    expect(() => createSiteZone('GMT+4')).toThrow(/America\/Denver/);
  });
});
