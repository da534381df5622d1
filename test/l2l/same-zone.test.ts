import { describe, expect, it } from 'vitest';
import { compareZones } from '../../src/l2l/same-zone.ts';

const WINTER = Date.UTC(2026, 0, 15);

describe('zones', () => {
  it.each([
    ['America/Denver', 'America/Denver'],
    ['America/Denver', 'US/Mountain'],
    ['America/Denver', 'MST7MDT'],
    ['America/Denver', 'Mountain Time (US & Canada)'],
    ['America/Denver', '(GMT-07:00) Mountain Time (US & Canada)'],
    ['America/Denver', 'Mountain Standard Time'],
    ['America/Denver', 'America/Boise'],
    ['Europe/Berlin', 'Europe/Paris'],
    ['Europe/Berlin', 'Berlin'],
    ['Europe/Berlin', 'W. Europe Standard Time'],
    ['Asia/Kolkata', 'Asia/Calcutta'],
    ['America/Mexico_City', 'Mexico City'],
    ['Asia/Tokyo', 'Japan'],
    ['Asia/Singapore', 'Singapore'],
    ['UTC', 'GMT'],
    ['UTC', 'Etc/UTC'],
    ['Asia/Dubai', 'GMT+4'],
    ['America/Puerto_Rico', 'GMT+4'],
    ['Asia/Kolkata', '+05:30'],
  ])('the zones %s and %s are the same', (config, site) => expect(compareZones(config, site, WINTER)).toBe('same'));

  it.each([
    ['America/Denver', 'America/Chicago'],
    // The same in winter only.
    ['America/Denver', 'America/Phoenix'],
    ['America/Denver', 'US Mountain Standard Time'],
    ['Europe/Berlin', 'Europe/London'],
    ['UTC', 'Europe/London'],
    ['America/New_York', 'Eastern Standard Time (Mexico)'],
    ['Europe/Berlin', 'Mountain Time (US & Canada)'],
  ])('the zones %s and %s are different', (config, site) =>
    expect(compareZones(config, site, WINTER)).toBe('different'),
  );

  it.each([
    ['America/Denver', 'GMT+4'],
    ['America/Denver', 'Plant time'],
    ['America/Denver', 'CST'],
    ['America/Denver', ''],
  ])('the zones %s and %s cannot be compared', (config, site) =>
    expect(compareZones(config, site, WINTER)).toBe('unknown'),
  );
});
