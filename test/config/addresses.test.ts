import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { ConfigError, formatProblem } from '../../src/core/errors.ts';

const CANARY = 'Zq7Canary';

type Where = 'redis' | 'mqtt' | 'opcua' | 'l2l';

function yaml(where: Where, address: string): string {
  const quotedAddress = JSON.stringify(address);
  const at = (one: Where, usual: string) => (where === one ? quotedAddress : usual);
  const signal = 'x.run: { topic: a, as: bool }';
  return `gateway: { name: g1, redis: ${at('redis', 'redis://h:6379')} }
l2l: { url: ${at('l2l', 'https://acme.leading2lean.com')}, api_key: "\${KEY}", site: 1, timezone: America/Denver, user: g }
sources:
  b: { protocol: mqtt, url: ${at('mqtt', 'mqtt://h')}, client_id: c, signals: { ${signal} } }
  p: { protocol: opcua, endpoint: ${at('opcua', 'opc.tcp://h:4840')}, signals: { y.run: i=5 } }
rules:
  r: { when: x.run, on_delay: 1s, dispatch: { machine: M, type: T, trade: R, description: d } }
`;
}

/** The address that was read, or the error about it. */
function read(where: Where, address: string, env: Readonly<Record<string, string>> = {}) {
  try {
    const { config, warnings } = loadConfig('g.yaml', { KEY: 'k-e-y-1', ...env }, () =>
      Buffer.from(yaml(where, address)),
    );
    return { config, said: JSON.stringify([config, warnings.map(formatProblem)]) };
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    return { config: null, said: cause.problems.map(formatProblem).join('\n') };
  }
}

const part = fc.string({
  unit: fc.constantFrom(...'@@##//??::%%', ...'\\ &=+[]{}<>"\'!$,;|^~`', 'a', 'Z', '4', 'é', '%4', '%zz'),
  maxLength: 4,
});
/** Markers between the characters that break addresses. */
const password = fc.tuple(part, part, part).map(([a, b, c]) => `${a}${CANARY}${b}${CANARY}${c}`);
const host = fc.constantFrom('127.0.0.1:6379', 'redis.plant:6379', '[::1]:6379', 'redis', 'h:6379/3', '', ':6379');
const user = fc.constantFrom('', 'app', `u${CANARY}`);

describe('an address with a password that was not encoded', () => {
  it('an address with a login is understood as meant or refused with advice, and no part of the login is shown', () => {
    fc.assert(
      fc.property(
        user,
        password,
        host,
        fc.constantFrom('redis://', 'rediss://', 'redis:/', ''),
        (name, word, to, scheme) => {
          const { config, said } = read('redis', '${REDIS}', { REDIS: `${scheme}${name}:${word}@${to}` });
          expect(said).not.toContain(CANARY);
          if (config === null) {
            expect(said).toContain('gateway.redis: what REDIS holds is no address');
            return;
          }
          const url = new URL(config.gateway.redis?.url.reveal() ?? '');
          // A % with two hexadecimal digits behind it may be a code.
          expect([decodeURIComponent(word), word]).toContain(decodeURIComponent(url.password));
          expect(`${url.host}${url.pathname}`).toBe(to.replace(/^\[::1\]/, '[::1]'));
        },
      ),
      { numRuns: 400 },
    );
  });

  it.each(['@', '#', '/', '?', ':', '%', '\\', ' '])(
    'the error about a password with %s says how to write it',
    character => {
      const address = `redis://:My${CANARY}${character}${CANARY}9@127.0.0.1:6379`;
      const { said } = read('redis', '${REDIS_URL}', { REDIS_URL: address });
      expect(said).toContain('write @ # / % : of a password as %40 %23 %2F %25 %3A');
      expect(said).not.toContain(CANARY);
      const encoded = `redis://:${encodeURIComponent(`My${CANARY}${character}`)}@127.0.0.1:6379`;
      expect(read('redis', '${REDIS_URL}', { REDIS_URL: encoded }).config).not.toBeNull();
    },
  );

  it('an address with a login needs its port, because a part of the password may stand in the place of the host', () => {
    expect(read('redis', '${R}', { R: `redis://:my@${CANARY}` })).toMatchObject({
      said: expect.stringContaining('it needs the port too'),
    });
  });

  it.each<Where>(['mqtt', 'opcua', 'l2l', 'redis'])(
    'the error about an address of %s shows no part of the password, in the file or from the environment',
    where => {
      const schemes = { mqtt: 'mqtt', opcua: 'opc.tcp', l2l: 'https', redis: 'redis' };
      const separator = fc.constantFrom('://', ':/', '//', '');
      fc.assert(
        fc.property(user, password, host, separator, fc.boolean(), (name, word, to, join, written) => {
          const address = `${schemes[where]}${join}${name}:${word}@${to}`;
          const { said, config } = written
            ? read(where, address.replaceAll('${', '$ {'))
            : read(where, '${ADDRESS}', { ADDRESS: address });
          expect(said).not.toContain(CANARY);
          if (where !== 'redis') expect(config).toBeNull();
        }),
        { numRuns: 200 },
      );
    },
  );

  it.each<[Where, string]>([
    ['mqtt', `mqtt://user:${CANARY}`],
    ['mqtt', `mqtt:/user:${CANARY}@h`],
    ['opcua', `opc.tcp://user:${CANARY}`],
    ['opcua', `opc.tcp://user:${CANARY}@plc:4840`],
    ['l2l', `https://user:${CANARY}`],
    ['l2l', `https://user:12#${CANARY}@acme.leading2lean.com`],
    ['redis', `redis://user:${CANARY}`],
    ['redis', `user:${CANARY}@h:6379`],
  ])('the error about an address of %s shows no part of %s', (where, address) => {
    const both = [read(where, address), read(where, '${ADDRESS}', { ADDRESS: address })];
    for (const { said, config } of both) {
      expect(config).toBeNull();
      expect(said).not.toContain(CANARY);
    }
  });

  it.each<[Where, string]>([
    ['redis', 'redis://h:6379'],
    ['redis', 'rediss://redis.plant.local'],
    ['redis', 'redis://10.0.0.5:6380/2'],
    ['redis', 'redis://[fd00::5]:6379'],
    ['mqtt', 'mqtts://broker_1.plant:8883'],
    ['mqtt', 'mqtt://[::1]:1883'],
    ['opcua', 'opc.tcp://192.168.10.20:4840'],
    ['opcua', 'opc.tcp://plc/UA/Server?x=1'],
    ['opcua', 'opc.tcp://[::1]:4840/a b'.replace(' ', '%20')],
    ['l2l', 'https://acme.leading2lean.com/'],
  ])('an address of %s without a password is accepted: %s', (where, address) => {
    expect(read(where, address).said).not.toContain('gateway.redis:');
    expect(read(where, address).config).not.toBeNull();
  });
});
