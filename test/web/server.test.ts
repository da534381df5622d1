import { get, Server } from 'node:http';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startWeb } from '../../src/web/server.ts';

async function start(missing: string[] = []) {
  const web = await startWeb('127.0.0.1', 0, { status: () => ({ name: 'press_shop_1' }), notReady: () => missing });
  onTestFinished(() => web.stop());
  return web;
}

describe('web server', () => {
  it.each([
    { path: '/health/live', missing: [], status: 200, body: { live: true } },
    { path: '/health/ready', missing: [], status: 200, body: { ready: true, missing: [] } },
    { path: '/health/ready', missing: ['plc is away'], status: 503, body: { ready: false, missing: ['plc is away'] } },
    { path: '/status', missing: [], status: 200, body: { name: 'press_shop_1' } },
  ])('the web server answers $path with $status', async ({ path, missing, status, body }) => {
    const { url } = await start(missing);

    const answer = await fetch(url + path);

    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual(body);
  });

  it.each([
    { method: 'POST', path: '/status', status: 405, error: 'read only: use GET' },
    { method: 'PUT', path: '/status', status: 405, error: 'read only: use GET' },
    { method: 'POST', path: '/nothing', status: 405, error: 'read only: use GET' },
    {
      method: 'GET',
      path: '/nothing',
      status: 404,
      error: 'no page /nothing; there are /status, /health/live, /health/ready',
    },
    {
      method: 'GET',
      path: '/%zz?a=1',
      status: 404,
      error: 'no page /%zz; there are /status, /health/live, /health/ready',
    },
  ])(
    'the web server refuses $method $path with $status and names the methods that it takes',
    async ({ method, path, status, error }) => {
      const { url } = await start();

      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(url + path, method === 'GET' ? {} : { method, headers, body: '{' });

      expect(answer.status).toBe(status);
      expect(await answer.json()).toEqual({ error });
    },
  );

  it.each([
    { path: '/status', missing: [], status: 200 },
    { path: '/health/ready', missing: ['plc is away'], status: 503 },
    { path: '/nothing', missing: [], status: 404 },
  ])(
    'the web server answers HEAD $path with the status and headers of GET, and no body',
    async ({ path, missing, status }) => {
      const { url } = await start(missing);

      const whole = await fetch(url + path);
      const head = await fetch(url + path, { method: 'HEAD' });

      expect([whole.status, head.status]).toEqual([status, status]);
      expect(await head.text()).toBe('');
      for (const name of ['content-type', 'content-length', 'cache-control'])
        expect(head.headers.get(name)).toBe(whole.headers.get(name));
      expect(head.headers.get('cache-control')).toBe('no-store');
    },
  );

  it('the web server writes JSON that people can read, with a line end at the end', async () => {
    const { url } = await start();

    expect(await (await fetch(`${url}/status`)).text()).toBe('{\n  "name": "press_shop_1"\n}\n');
  });

  it('the web server writes numbers as numbers, also under names that look like a time', async () => {
    const page = { at: 0, since: 0.25, oldestCallAt: null, value: 1 };
    const web = await startWeb('127.0.0.1', 0, { status: () => page, notReady: () => [] });
    onTestFinished(() => web.stop());

    expect(await (await fetch(`${web.url}/status`)).json()).toEqual(page);
  });

  it('the web server writes a 64-bit counter as text', async () => {
    const web = await startWeb('127.0.0.1', 0, { status: () => ({ value: 2n ** 53n + 1n }), notReady: () => [] });
    onTestFinished(() => web.stop());

    expect(await (await fetch(`${web.url}/status`)).json()).toEqual({ value: '9007199254740993' });
  });

  it.each([
    ['an address that is not valid', '//', 404],
    ['a page that can not be shown', '/status', 500],
  ])('the web server still answers after %s', async (_what, path, code) => {
    const status = () => {
      throw new Error('the disk is gone');
    };
    const web = await startWeb('127.0.0.1', 0, { status, notReady: () => [] });
    onTestFinished(() => web.stop());

    // fetch would correct the address.
    const answered = await new Promise(resolve => {
      get({ host: '127.0.0.1', port: new URL(web.url).port, path }, answer => resolve(answer.statusCode));
    });

    expect(answered).toBe(code);
    expect((await fetch(`${web.url}/health/live`)).status).toBe(200);
  });

  it.each([
    [
      'EACCES',
      "the gateway's user may not listen on port 80; write a port above 1023 under gateway.http, such as 127.0.0.1:8080",
    ],
    [
      'EADDRNOTAVAIL',
      'this host has no address 192.0.2.1; write one of its own under gateway.http, such as 127.0.0.1:8080',
    ],
    [
      'ENOTFOUND',
      'the name 192.0.2.1 leads to no address; write an address of this host under gateway.http, such as 127.0.0.1:8080',
    ],
    [
      'ENOBUFS',
      "the status page can't listen on 192.0.2.1:80 (ENOBUFS); write another address and port under gateway.http, or off",
    ],
  ])('the web server names the key and a value for it when the system reports %s', async (code, words) => {
    vi.spyOn(Server.prototype, 'listen').mockImplementation(function fail(this: Server) {
      this.emit('error', Object.assign(new Error(code), { code }));
      return this;
    });
    onTestFinished(() => void vi.restoreAllMocks());

    await expect(startWeb('192.0.2.1', 80, { status: () => ({}), notReady: () => [] })).rejects.toThrow(words);
  });

  it('the web server names the taken port and what to do about it', async () => {
    const { url } = await start();

    const second = startWeb('127.0.0.1', Number(new URL(url).port), { status: () => ({}), notReady: () => [] });

    await expect(second).rejects.toThrow('is taken by another program; end that program, or set gateway.http');
  });
});
