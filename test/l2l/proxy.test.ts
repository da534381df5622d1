import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { StartError } from '../../src/core/errors.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { Secret } from '../../src/core/secret.ts';
import { readAuthorities } from '../../src/l2l/authorities.ts';
import { createBudget } from '../../src/l2l/budget.ts';
import { createClient } from '../../src/l2l/client.ts';
import { proxyFor } from '../../src/l2l/proxy-address.ts';
import { testAuthority } from '../support/certificates.ts';
import { connectProxy, tlsFront } from '../support/connect-proxy.ts';
import { startHttpServer } from '../support/http-server.ts';
import { reservedPort } from '../support/port.ts';

const HOST = 'acme.l2l.test';
const URL_OF_L2L = `https://${HOST}`;
const NEVER = new AbortController().signal;
const clock = systemClock();
const LOGIN = 'plant%20user:p%40ss-0815';

/** A client whose proxy is in the config. */
function through(proxy: string, options: { readonly ca?: string; readonly url?: string } = {}) {
  const { ca, url = URL_OF_L2L } = options;
  const address = proxyFor(url, new Secret(proxy), {});
  const client = createClient({
    url,
    apiKey: new Secret('key-0815'),
    budget: createBudget({ clock, log: silentLogger, rate: null }),
    clock,
    timeout: 5000,
    ...(address && { proxy: address }),
    ...(ca !== undefined && { authorities: readAuthorities(ca) }),
    userAgent: 'l2l-gateway/1.2.3 (press_shop)',
  });
  onTestFinished(() => client.close());
  return client;
}

/** The outcome of a call that must not have left. */
async function fault(proxy: string): Promise<string> {
  const post = { method: 'POST', path: '/api/1.0/dispatches/open/', body: 'site=43' } as const;
  const result = await through(proxy).post(post, NEVER);
  expect(result).toMatchObject({ kind: 'failed', left: false, reason: 'network' });
  return result.kind === 'failed' ? result.detail : '';
}

describe('a proxy of the plant', () => {
  it('a proxy of the plant tunnels every call to L2L, whose name only the proxy knows, with the login of its address', async () => {
    const l2l = await startHttpServer((_request, response) => response.end('{"success":true}'));
    const authority = testAuthority('Plant Firewall');
    const front = await tlsFront(authority.sign({ names: `DNS:${HOST}` }), l2l.port);
    const proxy = await connectProxy({ [`${HOST}:443`]: front });

    const client = through(`http://${LOGIN}@127.0.0.1:${proxy.port}`, { ca: authority.ca });
    for (let index = 0; index < 3; index += 1)
      expect(await client.get('sites/', {}, 'feed', NEVER)).toMatchObject({ kind: 'answered', status: 200 });

    expect(l2l.seen).toHaveLength(3);
    expect(l2l.seen[0]?.headers).toMatchObject({ host: HOST, 'user-agent': 'l2l-gateway/1.2.3 (press_shop)' });
    expect(l2l.seen[0]?.headers).not.toHaveProperty('proxy-authorization');
    expect(proxy.asked[0]?.headers['proxy-authorization']).toBe(
      `Basic ${Buffer.from('plant user:p@ss-0815').toString('base64')}`,
    );
    // Only L2L gets the API key.
    expect(JSON.stringify(proxy.asked)).not.toContain('key-0815');
  });

  it('a proxy with its own TLS is trusted by the same file, and its end ends only a call, not the gateway', async () => {
    let ends = false;
    const l2l = await startHttpServer((_request, response) => {
      if (ends) response.socket?.resetAndDestroy();
      else response.end('{"success":true}');
    });
    const authority = testAuthority('Plant Firewall');
    const front = await tlsFront(authority.sign({ names: `DNS:${HOST}` }), l2l.port);
    const proxy = await connectProxy({ [`${HOST}:443`]: front });
    const own = await tlsFront(authority.sign({ names: 'IP:127.0.0.1' }), proxy.port);

    const client = through(`https://127.0.0.1:${own}`, { ca: authority.ca });
    expect(await client.get('sites/', {}, 'feed', NEVER)).toMatchObject({ kind: 'answered', status: 200 });
    ends = true;
    const post = { method: 'POST', path: '/api/1.0/dispatches/open/', body: 'site=43' } as const;
    expect(await client.post(post, NEVER)).toMatchObject({ kind: 'failed', left: true, reason: 'reset' });
    expect(l2l.seen).toHaveLength(2);
    expect(await fault(`https://127.0.0.1:${own}`)).toMatch(
      /certificate of https:\/\/127\.0\.0\.1:\d+ is signed by an authority that this host does not know.* under l2l\.ca/,
    );
  });

  it.each([
    ['502 Bad Gateway', /can't reach acme\.l2l\.test:443 \(HTTP 502\).*check l2l\.url.*ask plant IT/],
    ['503 Service Unavailable', /can't reach acme\.l2l\.test:443/],
    ['403 Forbidden', /does not allow connections to acme\.l2l\.test:443 \(HTTP 403\); ask plant IT/],
    ['404 Not Found', /opens no connection.*is this the address of a proxy\? Check l2l\.proxy/],
    ['407 Login', /does not accept the user and password in its address \(HTTP 407\); correct them in l2l\.proxy$/],
    ['407 Login\r\nproxy-authenticate: NTLM', /asks for a login by NTLM, which the gateway does not speak/],
  ])('a proxy that answers %s is named with what to do, without its login', async (answer, words) => {
    const proxy = await connectProxy({}, () => answer);
    const said = await fault(`http://${LOGIN}@127.0.0.1:${proxy.port}`);
    expect(said).toContain(`the proxy http://127.0.0.1:${proxy.port} (l2l.proxy)`);
    expect(said).toMatch(words);
    expect(said).not.toMatch(/ss-0815|plant.?user/);
  });

  it('a proxy that asks for a login is named with the form of a login', async () => {
    const proxy = await connectProxy({}, () => '407 Login\r\nproxy-authenticate: Basic realm="plant"');
    expect(await fault(`http://127.0.0.1:${proxy.port}`)).toMatch(/asks for a user and a password.*USER:PASSWORD@/);
  });

  it('a proxy that is away, unknown or not a proxy is named as the proxy, and not as L2L', async () => {
    expect(await fault(`http://127.0.0.1:${await reservedPort()}`)).toMatch(
      /^the proxy http:\/\/127\.0\.0\.1:\d+ \(l2l\.proxy\) can't be reached: .*ECONNREFUSED.*check l2l\.proxy/,
    );
    expect(await fault('http://no-such-proxy.invalid:3128')).toMatch(
      /does not find the address of the proxy http:\/\/no-such-proxy\.invalid:3128 \(l2l\.proxy\)/,
    );
    const ssh = createServer(socket => socket.on('error', () => undefined).end('SSH-2.0-OpenSSH_9.6\r\n'));
    const port = await new Promise<number>(resolve =>
      ssh.listen(0, '127.0.0.1', () => resolve((ssh.address() as { port: number }).port)),
    );
    onTestFinished(() => void ssh.close());
    expect(await fault(`http://127.0.0.1:${port}`)).toMatch(/is not an HTTP proxy; check the port/);
    expect(await fault(`https://127.0.0.1:${port}`)).toMatch(/does not speak TLS; check the port.*l2l\.proxy/);
  });
});

it('the error about an unknown name suggests a proxy when none is configured', async () => {
  const client = createClient({
    url: 'https://no-such-company.invalid',
    apiKey: new Secret('key-0815'),
    budget: createBudget({ clock, log: silentLogger, rate: null }),
    clock,
  });
  onTestFinished(() => client.close());
  expect(await client.get('sites/', {}, 'feed', NEVER)).toMatchObject({
    kind: 'failed',
    left: false,
    detail: expect.stringMatching(
      /no-such-company\.invalid; check l2l\.url.*only through a proxy.*l2l\.proxy.*HTTPS_PROXY/,
    ),
  });
});

describe('the proxy for an address', () => {
  const of = (env: Record<string, string>, url = URL_OF_L2L) => {
    const proxy = proxyFor(url, undefined, env);
    return proxy && `${proxy.url} ${proxy.from}`;
  };

  it.each([
    [{}, null],
    [{ HTTPS_PROXY: 'http://proxy.plant:3128' }, 'http://proxy.plant:3128 HTTPS_PROXY'],
    [{ HTTPS_PROXY: 'proxy.plant:3128' }, 'http://proxy.plant:3128 HTTPS_PROXY'],
    [{ https_proxy: 'http://low:1', HTTPS_PROXY: 'http://high:2' }, 'http://low:1 https_proxy'],
    [{ HTTP_PROXY: 'http://u:p@[fd00::1]:8080/' }, 'http://[fd00::1]:8080 HTTP_PROXY'],
    [{ HTTPS_PROXY: 'https://proxy.plant' }, 'https://proxy.plant:443 HTTPS_PROXY'],
    [{ HTTPS_PROXY: ' ' }, null],
    [{ HTTPS_PROXY: 'http://p:1', NO_PROXY: 'localhost, .l2l.test' }, null],
    [{ HTTPS_PROXY: 'http://p:1', NO_PROXY: '*.L2L.test' }, null],
    [{ HTTPS_PROXY: 'http://p:1', no_proxy: 'acme.l2l.test:443' }, null],
    [{ HTTPS_PROXY: 'http://p:1', NO_PROXY: '*' }, null],
    [{ HTTPS_PROXY: 'http://p:1', NO_PROXY: 'acme.l2l.test:8443,me.l2l.test,10.0.0.0/8' }, 'http://p:1 HTTPS_PROXY'],
  ])('the proxy from the environment %j is %s', (env, expected) => expect(of(env)).toBe(expected));

  it('a sandbox on this host is not reached through the proxy of the environment', () => {
    expect(of({ HTTP_PROXY: 'http://p:1', HTTPS_PROXY: 'http://p:1' }, 'http://127.0.0.1:8000')).toBeNull();
  });

  it('the proxy of the config replaces that of the environment, and off means none', () => {
    const env = { HTTPS_PROXY: 'http://p:1' };
    expect(proxyFor(URL_OF_L2L, new Secret('http://own:2'), env)).toMatchObject({
      url: 'http://own:2',
      from: 'l2l.proxy',
    });
    expect(proxyFor(URL_OF_L2L, 'off', env)).toBeNull();
  });

  it.each([
    'http://user:pa@ss@proxy:3128',
    'http://user:pa/ss@proxy:1',
    'socks5://u:pa@proxy:1',
    'http://u:pa%zz@p:1',
    'http://p:99999',
  ])('the proxy address %s is refused, and no part of its login is shown', text => {
    expect(() => of({ HTTPS_PROXY: text })).toThrow(StartError);
    expect(() => of({ HTTPS_PROXY: text })).toThrow(/^HTTPS_PROXY is no address of a proxy/);
    expect(() => of({ HTTPS_PROXY: text })).not.toThrow(/pa@|pa\/|ss@|u:pa|99999/);
  });
});
