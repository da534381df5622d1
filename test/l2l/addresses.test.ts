import dns from 'node:dns';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { Secret } from '../../src/core/secret.ts';
import { readAuthorities } from '../../src/l2l/authorities.ts';
import { createBudget } from '../../src/l2l/budget.ts';
import { type ClientOptions, createClient } from '../../src/l2l/client.ts';
import { proxyFor } from '../../src/l2l/proxy-address.ts';
import { testAuthority } from '../support/certificates.ts';
import { connectProxy } from '../support/connect-proxy.ts';

const HOST = 'acme.l2l.test';
const NEVER = new AbortController().signal;
const OPEN = { method: 'POST', path: '/api/1.0/dispatches/open/', body: 'site=43' } as const;
const clock = systemClock();

function clientOf(url: string, options: Partial<ClientOptions> = {}) {
  const client = createClient({
    url,
    apiKey: new Secret('key-0815'),
    budget: createBudget({ clock, log: silentLogger, rate: null }),
    clock,
    timeout: 5000,
    ...options,
  });
  onTestFinished(() => client.close());
  const ask = async () => {
    const result = await client.get('sites/', {}, 'feed', NEVER);
    return result.kind === 'answered' ? result.body : result.detail;
  };
  return { client, ask };
}

async function listening(server: Server, host: string, port = 0): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** An L2L that answers with its name. */
const named = (name: string) => createServer((_request, response) => response.end(name));

describe('an IPv6 address of L2L', () => {
  it('an IPv6 address of L2L is reached with and without TLS, and through a proxy', async () => {
    const authority = testAuthority('Plant');
    const { cert, key } = authority.sign({ names: 'IP:::1' });
    const port = await listening(named('plain'), '::1');
    expect(await clientOf(`http://[::1]:${port}`).ask()).toBe('plain');

    const withTls = createHttps({ cert: readFileSync(cert), key: readFileSync(key) }, (_request, response) =>
      response.end('tls'),
    );
    const url = `https://[::1]:${await listening(withTls, '::1')}`;
    const authorities = readAuthorities(authority.ca);
    expect(await clientOf(url, { authorities }).ask()).toBe('tls');

    const target = new URL(url).host;
    const proxy = await connectProxy({ [target]: 0 }, () => '403 Forbidden');
    const through = proxyFor(url, new Secret(`http://127.0.0.1:${proxy.port}`), {});
    expect(await clientOf(url, { authorities, ...(through && { proxy: through }) }).ask()).toContain(target);
    expect(proxy.asked.map(tunnel => tunnel.target)).toEqual([target]);
  });
});

describe('a name of L2L that moves to another address', () => {
  /** The name of L2L, with an address that can change. */
  function movingName() {
    let address = '127.0.0.1';
    type Done = (error: null, found: unknown, family?: number) => void;
    const lookup = (name: string, options: { readonly all?: boolean }, done: Done) => {
      const found = name === HOST ? address : name;
      if (options.all) done(null, [{ address: found, family: 4 }]);
      else done(null, found, 4);
    };
    vi.spyOn(dns, 'lookup').mockImplementation(lookup as never);
    onTestFinished(() => void vi.restoreAllMocks());
    return {
      moveTo(to: string) {
        address = to;
      },
    };
  }

  it('the name of L2L is looked up again after a minute, although the old address still answers', async () => {
    const name = movingName();
    const port = await listening(named('old'), '127.0.0.1');
    await listening(named('new'), '127.0.0.2', port);
    const { ask } = clientOf(`http://${HOST}:${port}`, { connections: 1 });
    expect(await ask()).toBe('old');
    name.moveTo('127.0.0.2');
    const now = Date.now;
    vi.spyOn(Date, 'now').mockImplementation(() => now() + 61_000);
    expect(await ask()).toBe('new');
  });

  it('the name of L2L is looked up again as soon as the old address is gone', async () => {
    const name = movingName();
    const old = named('old');
    const port = await listening(old, '127.0.0.1');
    await listening(named('new'), '127.0.0.2', port);
    const { ask } = clientOf(`http://${HOST}:${port}`, { connections: 1 });
    expect(await ask()).toBe('old');
    name.moveTo('127.0.0.2');
    old.close();
    old.closeAllConnections();
    await vi.waitFor(async () => expect(await ask()).toBe('new'));
  });
});

describe('a connection that the other end closes while it is idle', () => {
  it('a connection that L2L closed while idle carries no second call, and each call is sent once on its own connection', async () => {
    let connections = 0;
    const requests: string[] = [];
    const server = createTcp(socket => {
      connections += 1;
      socket.on('error', () => undefined);
      socket.on('data', bytes => {
        requests.push(bytes.toString());
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
      });
    });
    const { client } = clientOf(`http://127.0.0.1:${await listening(server, '127.0.0.1')}`, { connections: 1 });
    const outcomes = [];
    for (let index = 0; index < 5; index += 1) outcomes.push((await client.post(OPEN, NEVER)).kind);
    expect(outcomes).toEqual(Array(5).fill('answered'));
    expect([connections, requests.length]).toEqual([5, 5]);
  });

  it('an idle connection to L2L is used for at most half a minute, whatever the server promises', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const server = createServer((_request, response) =>
      response.writeHead(200, { 'keep-alive': 'timeout=600' }).end('{}'),
    );
    server.keepAliveTimeout = 0;
    const port = await listening(server, '127.0.0.1');
    let open = 0;
    server.on('connection', socket => {
      open += 1;
      socket.on('close', () => (open -= 1));
    });
    const { ask } = clientOf(`http://127.0.0.1:${port}`);
    expect(await ask()).toBe('{}');
    expect(open).toBe(1);
    for (let seconds = 0; seconds < 32; seconds += 1) await vi.advanceTimersByTimeAsync(1000);
    vi.useRealTimers();
    await vi.waitFor(() => expect(open).toBe(0));
  });
});
