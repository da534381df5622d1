import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { Secret } from '../../src/core/secret.ts';
import { readAuthorities } from '../../src/l2l/authorities.ts';
import { createBudget } from '../../src/l2l/budget.ts';
import { createClient } from '../../src/l2l/client.ts';
import { type Signed, testAuthority } from '../support/certificates.ts';
import { testFolder } from '../support/folder.ts';

/** The outcome of a request to this address. */
async function asked(server: ReturnType<typeof createServer> | ReturnType<typeof createHttp>, ca?: string) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const clock = systemClock();
  const client = createClient({
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    apiKey: new Secret('key-0815'),
    budget: createBudget({ clock, log: silentLogger, rate: null }),
    clock,
    ...(ca !== undefined && { authorities: readAuthorities(ca) }),
  });
  onTestFinished(async () => {
    await client.close();
    server.close();
  });
  const result = await client.get('sites/', {}, 'feed', new AbortController().signal);
  if (result.kind !== 'failed') return `HTTP ${result.status}`;
  expect(result.left).toBe(false);
  return result.detail;
}

const withTls = ({ cert, key }: Signed) => createServer({ cert: readFileSync(cert), key: readFileSync(key) });

it('an error names the fault of the certificate of L2L, and each fault has its own correction', async () => {
  const authority = testAuthority('Office Proxy');
  const withAuthority = (names: string, times = {}) =>
    asked(withTls(authority.sign({ names, ...times })), authority.ca);

  expect(await asked(withTls(authority.sign({ names: 'IP:127.0.0.1' })))).toMatch(
    /is signed by an authority that this host does not know.* under l2l\.ca;/,
  );
  expect(await withAuthority('DNS:acme.example')).toMatch(
    /is for acme\.example, not for 127\.0\.0\.1; write l2l\.url with that name, but only if it is a name of your L2L; .*ask plant IT/,
  );
  expect(await withAuthority('IP:127.0.0.1', { to: '20210101000000Z' })).toMatch(
    /expired; whoever runs L2L has to renew it/,
  );
  expect(await withAuthority('IP:127.0.0.1', { from: '20380101000000Z' })).toMatch(
    /is valid from a later time on.*is that clock right/,
  );
  expect(await asked(createHttp())).toContain('does not speak TLS');
});

it('the gateway trusts an authority of l2l.ca: a root, one below it alone, in PEM or DER form', async () => {
  const root = testAuthority('Plant Firewall');
  const below = root.below();
  const der = join(testFolder(), 'ca.cer');
  writeFileSync(der, new X509Certificate(readFileSync(root.ca)).raw);
  const answering = ({ cert, key }: Signed) =>
    createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (_request, response) => response.end('{}'));
  const names = 'IP:127.0.0.1';

  expect(await asked(answering(root.sign({ names })), root.ca)).toBe('HTTP 200');
  expect(await asked(answering(root.sign({ names })), der)).toBe('HTTP 200');
  expect(await asked(answering(below.sign({ names })), below.ca)).toBe('HTTP 200');
});

it('an error names the fault of the file under l2l.ca', () => {
  const empty = join(testFolder(), 'ca.pem');
  writeFileSync(empty, '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n');
  expect(() => readAuthorities(empty)).toThrow(/l2l\.ca: the file .*ca\.pem holds no certificate.*PEM form/);
  expect(() => readAuthorities(`${empty}.away`)).toThrow(/l2l\.ca can't be read: .*check the path/);
});
