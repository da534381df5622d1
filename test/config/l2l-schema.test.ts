import { describe, expect, it } from 'vitest';
import { L2l } from '../../src/config/l2l-schema.ts';
import { Secret } from '../../src/core/secret.ts';

const needed = {
  url: 'https://acme.leading2lean.com',
  api_key: new Secret('k'),
  site: 43,
  timezone: 'America/Denver',
  user: 'gateway',
};

function problem(changed: Record<string, unknown>): string {
  const issues = L2l.safeParse({ ...needed, ...changed }).error?.issues ?? [];
  return issues.map(issue => `${issue.path.join('.')}: ${issue.message}`).join('\n');
}

describe('L2l', () => {
  it('the defaults for L2L are cautious', () => {
    expect(L2l.parse(needed)).toEqual({
      ...needed,
      blocked: ['already has an open critical Dispatch'],
      watch: 60_000,
      rate: 0.001,
      concurrency: 4,
      timeout: 60_000,
      settle: 60_000,
      look_again: 30_000,
      transient: [],
      batch_settle: 300_000,
      follow_up: 30_000,
      reads: 'full',
      give_up_after: 3_600_000,
    });
  });

  it('signed calls name an area or a method, and the secret is a reference', () => {
    const signed = { server: 'Plant 1', secret: new Secret('s'), calls: { machines: [], 'dispatches/open': ['site'] } };

    expect(problem({ signed })).toBe('');
    expect(problem({ signed: { ...signed, secret: 'plain text' } })).toContain(
      'signed.secret: a secret is never written',
    );
    expect(problem({ signed: { ...signed, calls: { '/api/1.0/machines/': [] } } })).toMatch(/^signed\.calls\./);
  });

  it.each([
    ['https://acme.leading2lean.com/', 'https://acme.leading2lean.com'],
    ['http://localhost:8000', 'http://localhost:8000'],
    ['http://127.0.0.1:8000', 'http://127.0.0.1:8000'],
    ['http://[::1]:8000', 'http://[::1]:8000'],
    ['http://sandbox.localhost', 'http://sandbox.localhost'],
  ])('l2l.url accepts %s', (url, expected) => {
    expect(L2l.parse({ ...needed, url }).url).toBe(expected);
  });

  it.each([
    ['acme.leading2lean.com', 'write the address such as https://acme.leading2lean.com'],
    ['ftp://acme.leading2lean.com', 'write the address such as https://acme.leading2lean.com'],
    ['https://user:pass@acme.leading2lean.com', 'the address holds a user or a password; the key stands under api_key'],
    ['https://acme.leading2lean.com/api/1.0', 'the address ends after the host; the gateway adds /api/1.0/… itself'],
    ['https://acme.leading2lean.com?auth=x', 'the address ends after the host; the gateway adds /api/1.0/… itself'],
    [
      'http://acme.leading2lean.com',
      'http would send the key unencrypted; write https (http only to localhost, for a sandbox)',
    ],
    [
      'http://127.0.0.1.example.com',
      'http would send the key unencrypted; write https (http only to localhost, for a sandbox)',
    ],
  ])('l2l.url refuses %s', (url, message) => {
    expect(problem({ url })).toBe(`url: ${message}`);
  });

  it.each(['America/Denver', 'UTC', 'Europe/Berlin', 'US/Mountain', 'America/Argentina/Buenos_Aires'])(
    'l2l.timezone accepts %s',
    timezone => {
      expect(problem({ timezone })).toBe('');
    },
  );

  it.each([
    ['America/Denvr', 'did you mean America/Denver?'],
    ['denver', 'did you mean America/Denver?'],
    ['+02:00', 'write it such as America/Denver or Europe/Berlin'],
    ['Somewhere/Else/Entirely', 'write it such as America/Denver or Europe/Berlin'],
  ])('l2l.timezone refuses %s', (timezone, advice) => {
    expect(problem({ timezone })).toBe(`timezone: no time zone has this name; ${advice}`);
  });

  it.each([
    ['MST', 'America/Denver'],
    ['mst', 'America/Denver'],
    ['EDT', 'America/New_York'],
    ['CEST', 'Europe/Berlin'],
    ['IST', 'America/Denver or Europe/Berlin'],
  ])('the error about the abbreviation %s names possible zones', (timezone, example) => {
    expect(problem({ timezone })).toBe(
      `timezone: ${timezone} is an abbreviation, which several time zones share; write the IANA name of the zone, such as ${example}`,
    );
  });

  it.each([
    ['LIMA', 'America/Lima'],
    ['Mountain Standard Time', 'America/Denver'],
    ['EST5EDT', 'America/New_York'],
    ['GMT', 'UTC'],
  ])('the error about %s names the zone that it means', (timezone, zone) => {
    expect(problem({ timezone })).toBe(`timezone: no time zone has this name; did you mean ${zone}?`);
  });

  it.each([
    ['unlimited', null],
    ['1/s', 0.001],
    ['900/h', 900 / 3_600_000],
  ])('l2l.rate accepts %s', (rate, expected) => {
    expect(L2l.parse({ ...needed, rate }).rate).toBe(expected);
  });

  it.each(['1', '0/s', 'fast'])('l2l.rate refuses %s', rate => {
    expect(problem({ rate })).toBe('rate: write the allowed calls, such as 1/s or 900/h, or unlimited');
  });

  it.each(['timeout', 'follow_up'])('l2l refuses 0s as %s', key => {
    expect(problem({ [key]: '0s' })).toBe(`${key}: write a time longer than 0s`);
  });
});
