import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { FrozenRequest } from '../../src/core/delivery.ts';
import { StartError } from '../../src/core/errors.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { Secret } from '../../src/core/secret.ts';
import { type Budget, createBudget } from '../../src/l2l/budget.ts';
import { type Client, type ClientOptions, createClient } from '../../src/l2l/client.ts';
import { startHttpServer } from '../support/http-server.ts';
import { movableClock } from '../support/movable-clock.ts';

const KEY = 'k3y+/with"odd%characters=';
const NEVER = new AbortController().signal;
const OPEN: FrozenRequest = { method: 'POST', path: '/api/1.0/dispatches/open/', body: 'site=43&description=a%20b' };
const clock = systemClock();

function client(url: string, options: Partial<ClientOptions> = {}): Client {
  const budget = createBudget({ clock, log: silentLogger, rate: null });
  const made = createClient({ url, apiKey: new Secret(KEY), budget, clock, ...options });
  onTestFinished(() => made.close());
  return made;
}

/** A TCP server without HTTP. The test decides what it does with a connection. */
async function startTcp(onBytes: (socket: Socket, bytes: Buffer) => void) {
  const received: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    // The client resets connections in these tests, and that is no error of the server.
    socket.on('error', () => undefined);
    socket.on('data', bytes => {
      received.push(bytes.toString());
      onBytes(socket, bytes);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}`, received, server };
}

describe('L2L client', () => {
  it('the client sends a form with the key in the L2LAUTH header and nowhere else', async () => {
    const server = await startHttpServer((_request, response) => response.end('{"success":true}'));
    const answer = await client(server.url).post(OPEN, NEVER);
    expect(answer).toEqual({ kind: 'answered', status: 200, body: '{"success":true}', date: expect.any(Number) });
    const [request] = server.seen;
    expect(request).toMatchObject({ method: 'POST', url: OPEN.path, body: OPEN.body });
    expect(request?.headers).toMatchObject({ l2lauth: KEY, 'content-type': 'application/x-www-form-urlencoded' });
    expect(`${request?.url}${request?.body}`).not.toContain('k3y');
  });

  it('the client reads with a query whose spaces are %20, below a path in the address', async () => {
    const server = await startHttpServer((_request, response) => response.end('{"success":true}'));
    await client(`${server.url}/proxy/`).get(
      'machines/',
      { site: 43, code: 'Line 33', skip: undefined },
      'look',
      NEVER,
    );
    expect(server.seen[0]).toMatchObject({
      method: 'GET',
      url: '/proxy/api/1.0/machines/?site=43&code=Line%2033',
      body: '',
    });
  });

  it('the client keeps its connections for the next request', async () => {
    const ports = new Set<number | undefined>();
    const server = await startHttpServer((_request, response, incoming) => {
      ports.add(incoming.socket.remotePort);
      response.end('{}');
    });
    const one = client(server.url);
    for (let index = 0; index < 20; index += 1) await one.post(OPEN, NEVER);
    // The next request may start at the moment in which the last answer still occupies its connection.
    expect(ports.size).toBeLessThanOrEqual(2);
  });

  it('the client follows no redirect', async () => {
    const server = await startHttpServer((_request, response) => response.writeHead(307, { location: '/else' }).end());
    expect(await client(server.url).post(OPEN, NEVER)).toMatchObject({ kind: 'answered', status: 307 });
    expect(server.seen).toHaveLength(1);
  });

  it.each([
    ['5', 5000],
    ['3600', 900_000],
    ['0', 0],
    ['soon', undefined],
  ])('the client reads Retry-After: %s and pauses the budget for that long', async (header, ms) => {
    const pauses: number[] = [];
    const budget: Budget = { take: () => Promise.resolve(), pause: pause => void pauses.push(pause) };
    const server = await startHttpServer((_request, response) =>
      response.writeHead(429, { 'retry-after': header }).end('{}'),
    );
    const answer = await client(server.url, { budget }).post(OPEN, NEVER);
    expect(answer.kind === 'answered' && answer.retryAfter).toBe(ms);
    expect(pauses).toEqual(ms === undefined ? [] : [ms]);
  });

  it('the client reads Retry-After as a date', async () => {
    const date = new Date(clock.now() + 60_000).toUTCString();
    const server = await startHttpServer((_request, response) =>
      response.writeHead(503, { 'retry-after': date }).end(),
    );
    const answer = await client(server.url).post(OPEN, NEVER);
    if (answer.kind !== 'answered') throw new Error(answer.detail);
    expect(answer.retryAfter).toBeGreaterThan(50_000);
    expect(answer.retryAfter).toBeLessThanOrEqual(60_000);
  });

  describe('a request was certainly not sent', () => {
    it('a request was certainly not sent when the connection is refused', async () => {
      const { url, server } = await startTcp(() => undefined);
      server.close();
      await once(server, 'close');
      expect(await client(url).post(OPEN, NEVER)).toMatchObject({ kind: 'failed', left: false, reason: 'network' });
    });

    it('a request was certainly not sent when the name is not known', async () => {
      const answer = await client('https://no-such-company.invalid').post(OPEN, NEVER);
      expect(answer).toMatchObject({ kind: 'failed', left: false, reason: 'network' });
    });

    it('a request was certainly not sent when TLS fails', async () => {
      const { url, received } = await startTcp(socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
      const answer = await client(url.replace('http:', 'https:')).post(OPEN, NEVER);
      expect(answer).toMatchObject({ kind: 'failed', left: false, reason: 'network' });
      expect(received.join('')).not.toContain('dispatches');
    });

    it('a request was certainly not sent when the connection is not ready in time', async () => {
      // TLS with a server that never answers the hello: only the TCP connection exists.
      const { url } = await startTcp(() => undefined);
      const answer = await client(url.replace('http:', 'https:'), { timeout: 100 }).post(OPEN, NEVER);
      expect(answer).toMatchObject({ kind: 'failed', left: false, reason: 'network' });
    });

    it('a request that gave up while every connection was busy was not sent, and is not sent later', async () => {
      const release: (() => void)[] = [];
      const server = await startHttpServer((_request, response) => release.push(() => response.end('{}')));
      const one = client(server.url, { connections: 1 });
      const first = one.post(OPEN, NEVER);
      await expect.poll(() => server.seen.length).toBe(1);
      const stop = new AbortController();
      const second = one.post({ ...OPEN, body: 'second' }, stop.signal);
      stop.abort();
      expect(await second).toMatchObject({ kind: 'failed', left: false, reason: 'stopped' });
      release[0]?.();
      expect(await first).toMatchObject({ kind: 'answered' });
      const third = one.post({ ...OPEN, body: 'third' }, NEVER);
      await expect.poll(() => server.seen.length).toBe(2);
      release[1]?.();
      await third;
      expect(server.seen.map(request => request.body)).toEqual([OPEN.body, 'third']);
    });

    it('a request was certainly not sent when it was stopped while it waited for the budget', async () => {
      const budget: Budget = {
        take: (_priority, signal) =>
          new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
        pause: () => undefined,
      };
      const server = await startHttpServer((_request, response) => response.end('{}'));
      const stop = new AbortController();
      const one = client(server.url, { budget });
      const read = one.get('machines/', {}, 'look', stop.signal);
      const admitted = one.admit(stop.signal);
      stop.abort();
      expect(await read).toMatchObject({ kind: 'failed', left: false, reason: 'stopped' });
      expect(await admitted).toBe(false);
      expect(server.seen).toEqual([]);
    });
  });

  describe('a request may have been sent', () => {
    it('a request may have been sent when there is no answer in time', async () => {
      const server = await startHttpServer(() => undefined);
      const time = movableClock();
      const answer = client(server.url, { timeout: 60_000, clock: time }).post(OPEN, NEVER);
      await expect.poll(() => server.seen.length).toBe(1);
      time.advance(60_000);
      expect(await answer).toMatchObject({ kind: 'failed', left: true, reason: 'timeout' });
      expect(server.seen).toHaveLength(1);
    });

    it('a request may have been sent when the answer stops in its middle', async () => {
      const server = await startHttpServer((request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{"success":true');
        if (request.body !== OPEN.body) response.end(' '.repeat(85));
      });
      const time = movableClock();
      const one = client(server.url, { timeout: 60_000, clock: time });
      const answer = one.post(OPEN, NEVER);
      await expect.poll(() => server.seen.length).toBe(1);
      // The part of an answer that came before the next one is all that will come.
      expect(await one.post({ ...OPEN, body: 'another' }, NEVER)).toMatchObject({ kind: 'answered' });
      time.advance(60_000);
      expect(await answer).toMatchObject({ kind: 'failed', left: true, reason: 'timeout' });
    });

    it('a request may have been sent when the connection is reset after it, and the client does not repeat it', async () => {
      const server = await startHttpServer((_request, _response, incoming) => incoming.socket.resetAndDestroy());
      const one = client(server.url);
      expect(await one.post(OPEN, NEVER)).toMatchObject({ kind: 'failed', left: true, reason: 'reset' });
      expect(server.seen).toHaveLength(1);
    });

    it('a request may have been sent when a kept connection turns out to be dead', async () => {
      let requests = 0;
      const { url, received } = await startTcp(socket => {
        requests += 1;
        if (requests > 1) socket.resetAndDestroy();
        else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
      });
      const one = client(url, { connections: 1 });
      expect(await one.post(OPEN, NEVER)).toMatchObject({ kind: 'answered' });
      expect(await one.post(OPEN, NEVER)).toMatchObject({ kind: 'failed', left: true, reason: 'reset' });
      expect(received).toHaveLength(2);
    });

    it('a request may have been sent when the gateway stops during the wait for the answer', async () => {
      const server = await startHttpServer(() => undefined);
      const stop = new AbortController();
      const answer = client(server.url).post(OPEN, stop.signal);
      await expect.poll(() => server.seen.length).toBe(1);
      stop.abort();
      expect(await answer).toMatchObject({ kind: 'failed', left: true, reason: 'stopped' });
    });

    it('a request may have been sent when the answer has no end', async () => {
      const server = await startHttpServer((_request, response) => {
        const more = () => {
          while (!response.destroyed && response.write('x'.repeat(1_000_000)));
        };
        response.on('drain', more);
        more();
      });
      expect(await client(server.url).post(OPEN, NEVER)).toMatchObject({
        kind: 'failed',
        left: true,
        reason: 'unreadable',
      });
    });

    it('a request may have been sent when the answer is not HTTP', async () => {
      const { url } = await startTcp(socket => socket.end('SSH-2.0-OpenSSH_9.6\r\n'));
      expect(await client(url).post(OPEN, NEVER)).toMatchObject({ kind: 'failed', left: true, reason: 'reset' });
    });
  });

  it('the client removes the key from everything that a server repeats', async () => {
    const server = await startHttpServer((request, response) => {
      const echo = [KEY, encodeURIComponent(KEY), Buffer.from(KEY).toString('base64')].join(' ');
      response.writeHead(500).end(`${JSON.stringify(request.headers)} ${echo}`);
    });
    const answer = await client(server.url).post(OPEN, NEVER);
    if (answer.kind !== 'answered') throw new Error(answer.detail);
    expect(answer.body).toContain('***');
    expect(answer.body).not.toMatch(/k3y/);
    expect(answer.body).not.toContain(Buffer.from(KEY).toString('base64'));
  });

  it.each([
    ['an empty key', { apiKey: new Secret('') }],
    ['a key with a line break', { apiKey: new Secret('abc\r\nx-evil: 1') }],
    ['no address', { url: 'acme' }],
    ['an address with a key in it', { url: 'https://acme.leading2lean.com/?auth=abcdef' }],
  ])('the client refuses %s without showing it', (_what, options) => {
    const make = () => client('http://127.0.0.1:1', options);
    expect(make).toThrow(StartError);
    expect(make).not.toThrow(/abc|evil/);
  });
});
