import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setDefaultCACertificates } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { Secret } from '../../src/core/secret.ts';
import { createBudget } from '../../src/l2l/budget.ts';
import { createClient } from '../../src/l2l/client.ts';
import { type Signed, testAuthority } from '../support/certificates.ts';

/** What a question to this address comes to. */
async function asked(server: ReturnType<typeof createServer> | ReturnType<typeof createHttp>): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const clock = systemClock();
  const client = createClient({
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    apiKey: new Secret('key-0815'),
    budget: createBudget({ clock, log: silentLogger, rate: null }),
    clock,
  });
  onTestFinished(async () => {
    await client.close();
    server.close();
  });
  const result = await client.get('sites/', {}, 'feed', new AbortController().signal);
  if (result.kind !== 'failed') throw new Error('it answered');
  expect(result.left).toBe(false);
  return result.detail;
}

const withTls = ({ cert, key }: Signed) => createServer({ cert: readFileSync(cert), key: readFileSync(key) });

it('names what is wrong with the certificate of L2L, each fault with its own remedy', async () => {
  const authority = testAuthority('Office Proxy');
  expect(await asked(withTls(authority.sign({ names: 'IP:127.0.0.1' })))).toMatch(
    /is signed by an authority this host does not know.*NODE_EXTRA_CA_CERTS/,
  );

  setDefaultCACertificates([readFileSync(authority.ca, 'utf8')]);
  expect(await asked(withTls(authority.sign({ names: 'DNS:acme.example' })))).toMatch(
    /is for acme\.example, not for 127\.0\.0\.1; write l2l\.url with that name$/,
  );
  expect(await asked(withTls(authority.sign({ names: 'IP:127.0.0.1', to: '20210101000000Z' })))).toMatch(
    /expired; whoever runs L2L has to renew it/,
  );
  expect(await asked(withTls(authority.sign({ names: 'IP:127.0.0.1', from: '20380101000000Z' })))).toMatch(
    /is valid from a later time on.*is that clock right/,
  );
  expect(await asked(createHttp())).toContain('does not speak TLS');
});
