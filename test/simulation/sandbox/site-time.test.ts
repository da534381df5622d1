import { describe, expect, it } from 'vitest';
import { parseSiteTime, siteTime, utcTime } from '../../../src/simulation/sandbox/site-time.ts';

const DENVER = 'America/Denver';

describe('sandbox site time', () => {
  it.each([
    ['winter', '2026-01-15 06:00:00', DENVER, '2026-01-15T13:00:00Z'],
    ['summer', '2026-07-15 06:00:00', DENVER, '2026-07-15T12:00:00Z'],
    ['last second before spring', '2026-03-08 01:59:59', DENVER, '2026-03-08T08:59:59Z'],
    ['first second of summer time', '2026-03-08 03:00:00', DENVER, '2026-03-08T09:00:00Z'],
    ['skipped hour as standard time', '2026-03-08 02:30:00', DENVER, '2026-03-08T09:30:00Z'],
    ['repeated hour as standard time', '2026-11-01 01:30:00', DENVER, '2026-11-01T08:30:00Z'],
    ['last second before the repeated hour', '2026-11-01 00:59:59', DENVER, '2026-11-01T06:59:59Z'],
    ['a site ahead of UTC', '2026-01-15 06:00:00', 'Europe/Berlin', '2026-01-15T05:00:00Z'],
    ['a site south of the equator', '2026-01-15 06:00:00', 'Australia/Sydney', '2026-01-14T19:00:00Z'],
    ['a zone as GMT+4', '2026-01-15 06:00:00', 'GMT+4', '2026-01-15T02:00:00Z'],
  ])('the site time of the sandbox reads %s', (_what, text, zone, utc) => {
    expect(parseSiteTime(text, ['second'], zone)).toBe(Date.parse(utc));
  });

  it.each(['2026-13-01 00:00:00', '2026-02-29 00:00:00', '2026-01-01 24:00:00', '2026-01-01 00:60:00', 'now', ''])(
    'the site time of the sandbox refuses %j',
    text => expect(parseSiteTime(text, ['second', 'minute', 'fraction'], DENVER)).toBeUndefined(),
  );

  it.each([
    ['2026-03-02 06:00:00.153', '2026-03-02 06:00:00.153', '2026-03-02 06:00:00.153000'],
    ['2026-03-02 06:00:00.153005', '2026-03-02 06:00:00.153', '2026-03-02 06:00:00.153005'],
    ['2026-03-02 06:00:00.0', '2026-03-02 06:00:00', '2026-03-02 06:00:00.000000'],
  ])('the site time of the sandbox gives %s back', (text, plain, micros) => {
    const at = parseSiteTime(text, ['fraction'], DENVER);
    expect(siteTime(at ?? 0, DENVER)).toBe(plain);
    expect(siteTime(at ?? 0, DENVER, true)).toBe(micros);
  });

  it('the site time of the sandbox shows UTC beside site time', () => {
    expect(utcTime(Date.UTC(2026, 2, 2, 13))).toBe('2026-03-02 13:00:00');
    expect(siteTime(Date.UTC(2026, 2, 2, 13), DENVER)).toBe('2026-03-02 06:00:00');
  });
});
