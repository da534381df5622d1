import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StartError } from '../../src/core/errors.ts';
import { createTimeNotation, hostTimeNotation } from '../../src/core/time-notation.ts';

const MARCH = Date.parse('2026-03-02T13:01:00Z');
const JULY = Date.parse('2026-07-02T13:01:00Z');
const ZONES = ['America/Denver', 'Europe/Berlin', 'Asia/Kolkata', 'Australia/Lord_Howe', 'America/St_Johns', 'UTC'];

describe('how times are written', () => {
  it.each([
    ['America/Denver', MARCH, '2026-03-02 06:01:00 MST', '2026-03-02T06:01:00.000-07:00'],
    ['America/Denver', JULY, '2026-07-02 07:01:00 MDT', '2026-07-02T07:01:00.000-06:00'],
    ['Europe/Berlin', MARCH, '2026-03-02 14:01:00 CET', '2026-03-02T14:01:00.000+01:00'],
    ['Europe/London', JULY, '2026-07-02 14:01:00 BST', '2026-07-02T14:01:00.000+01:00'],
    ['Australia/Sydney', MARCH, '2026-03-03 00:01:00 AEDT', '2026-03-03T00:01:00.000+11:00'],
    ['Asia/Kolkata', MARCH, '2026-03-02 18:31:00 +05:30', '2026-03-02T18:31:00.000+05:30'],
    ['America/Sao_Paulo', MARCH, '2026-03-02 10:01:00 -03:00', '2026-03-02T10:01:00.000-03:00'],
    ['Etc/GMT-4', MARCH, '2026-03-02 17:01:00 +04:00', '2026-03-02T17:01:00.000+04:00'],
    ['UTC', MARCH, '2026-03-02 13:01:00 UTC', '2026-03-02T13:01:00.000+00:00'],
  ])('the time notation writes an instant in %s for people and for programs', (zone, at, people, iso) => {
    const notation = createTimeNotation(zone);

    expect([notation.people(at), notation.iso(at)]).toEqual([people, iso]);
  });

  it('only programs see parts of a second', () => {
    const { people, iso } = createTimeNotation('America/Denver');

    expect([people(MARCH + 250.5), iso(MARCH + 250.5)]).toEqual([
      '2026-03-02 06:01:00 MST',
      '2026-03-02T06:01:00.250-07:00',
    ]);
  });

  it.each([
    ['America/Denver', '2026-11-01T07:30:00Z', '2026-11-01 01:30:00 MDT', '2026-11-01 01:30:00 MST'],
    ['Europe/Berlin', '2026-10-25T00:30:00Z', '2026-10-25 02:30:00 CEST', '2026-10-25 02:30:00 CET'],
    ['Asia/Jerusalem', '2026-10-24T22:30:00Z', '2026-10-25 01:30:00 +03:00', '2026-10-25 01:30:00 +02:00'],
  ])('the two passes of the repeated hour have different texts in %s', (zone, first, firstText, secondText) => {
    const { people, parse } = createTimeNotation(zone);
    const at = Date.parse(first);

    expect([people(at), people(at + 3_600_000)]).toEqual([firstText, secondText]);
    expect([parse(firstText), parse(secondText)]).toEqual([[at], [at + 3_600_000]]);
  });

  it('the time notation reads back what it writes', () => {
    const notations = ZONES.map(createTimeNotation);
    fc.assert(
      fc.property(
        fc.constantFrom(...notations),
        fc.integer({ min: Date.UTC(1975, 0, 1), max: Date.UTC(2037, 0, 1) }),
        ({ people, iso, parse }, at) => {
          expect(parse(people(at))).toEqual([Math.floor(at / 1000) * 1000]);
          expect(parse(iso(at))).toEqual([at]);
        },
      ),
    );
  });

  it.each(['2026-03-02 06:01:00 CET', '2026-03-02 06:01:00 MDT', 'MST', '2026-03-02 MST', 'soon'])(
    'the time notation reads no time that never existed: %s',
    text => {
      expect(createTimeNotation('America/Denver').parse(text)).toEqual([]);
    },
  );

  it('the time notation reads UTC as well as the zone', () => {
    expect(createTimeNotation('America/Denver').parse('2026-03-02 13:01:00 UTC')).toEqual([MARCH]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 8.64e15, -1e300])('any time of a device has a text: %s', at => {
    const { people, iso } = createTimeNotation('America/Denver');

    expect([people(at), iso(at)]).toEqual(['an impossible time', 'an impossible time']);
  });

  it.each([Date.UTC(1601, 0, 1), Date.UTC(9999, 11, 31), Date.UTC(12_000, 0, 1)])(
    'the time notation writes any year: %s',
    at => {
      const { people, iso } = createTimeNotation('America/Denver');

      expect(people(at)).toMatch(/^\+?\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d /);
      expect(iso(at)).toMatch(/^\+?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$/);
    },
  );

  it('the time notation refuses a zone that does not exist', () => {
    expect(() => createTimeNotation('GMT+4')).toThrow(StartError);
  });

  it('the time notation knows the zone of the host', () => {
    expect(hostTimeNotation().zone).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone);
  });
});
