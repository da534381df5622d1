import { describe, expect, it } from 'vitest';
import { Gateway } from '../../src/config/gateway-schema.ts';
import { Secret } from '../../src/core/secret.ts';

function problems(value: unknown): string[] {
  return Gateway.safeParse(value).error?.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`) ?? [];
}

describe('Gateway', () => {
  it('a gateway needs a name, and sends nothing until somebody writes live', () => {
    expect(Gateway.parse({ name: 'press_shop_1' })).toEqual({
      name: 'press_shop_1',
      mode: 'shadow',
      data: './data',
      journal: {
        keep: 90 * 86_400_000,
        keep_decisions: 30 * 86_400_000,
        max_size: 2e9,
        ballast: 64 * 1024 ** 2,
        on_corrupt: 'refuse',
      },
      http: { host: '127.0.0.1', port: 8080 },
      freeze_limit: 600_000,
      clock: 'check',
      log: 'info',
    });
  });

  it.each([
    ['off', null],
    ['0.0.0.0:0', { host: '0.0.0.0', port: 0 }],
    ['localhost:8080', { host: 'localhost', port: 8080 }],
    ['[::1]:65535', { host: '::1', port: 65_535 }],
  ])('gateway.http accepts %s', (http, expected) => {
    expect(Gateway.parse({ name: 'a', http }).http).toEqual(expected);
  });

  it.each(['8080', ':8080', 'localhost', 'localhost:', '127.0.0.1:65536', '::1:8080', 'http://localhost:80', 'on'])(
    'gateway.http refuses %s',
    http => {
      expect(problems({ name: 'a', http })).toEqual([expect.stringMatching(/^http: write host:port/)]);
    },
  );

  it.each(['Press1', 'press-shop', '1press', 'press.shop', ''])('gateway.name refuses "%s"', name => {
    expect(problems({ name })).toEqual([
      'name: write a name in lower-case letters, digits and _, such as press_shop_1',
    ]);
  });

  it.each([
    ['redis://redis:6379', 'redis://redis:6379'],
    ['rediss://redis.plant:6380/2', 'rediss://redis.plant:6380/2'],
    [new Secret('redis://:geheim@redis:6379'), 'redis://:geheim@redis:6379'],
  ])('gateway.redis accepts %s, and hides the address', (redis, expected) => {
    const parsed = Gateway.parse({ name: 'a', redis });

    expect(parsed.redis?.url.reveal()).toBe(expected);
    expect(JSON.stringify(parsed)).toContain('"redis":{"url":"***"}');
  });

  it.each(['redis', 'http://redis', 'redis://:geheim@redis:6379', new Secret('http://x'), 3])(
    'gateway.redis refuses %s without repeating it',
    redis => {
      expect(problems({ name: 'a', redis })).toEqual([
        'redis: write redis://host:6379 or rediss:// for TLS; an address with a password only as a reference such as ${REDIS_URL}',
      ]);
    },
  );

  it('gateway.journal.max_size refuses a size that is too small, and a text that is no size', () => {
    const journal = (written: object) => problems({ name: 'a', journal: written });

    expect(journal({ max_size: '1MiB', ballast: '0B' })).toEqual([]);
    expect(journal({ max_size: '900kB' })).toEqual(['journal.max_size: write at least 1MiB, such as 2GB']);
    expect(journal({ max_size: '2' })).toEqual([
      'journal.max_size: "2" is not a size; write it with its unit, such as 64MiB or 2GB',
    ]);
  });
});
