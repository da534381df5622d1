import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startControl } from '../../src/web/control.ts';
import { startWeb } from '../../src/web/server.ts';
import { testFolder } from '../support/folder.ts';
import { PATIENCE } from '../support/patience.ts';

const HALF = 'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"a"';

async function client(to: string | number, text: string): Promise<Socket & { closed: boolean }> {
  const socket = typeof to === 'string' ? connect(to) : connect(to, '127.0.0.1');
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  socket.resume();
  socket.write(text);
  return socket;
}

async function startPages() {
  const page = { text: 'x'.repeat(100_000) };
  const web = await startWeb('127.0.0.1', 0, { status: () => page, notReady: () => [] });
  onTestFinished(() => web.stop());
  return { ...web, port: Number(new URL(web.url).port) };
}

describe('clients that do not end their request', () => {
  it('the control socket stops although clients have sent only a part of a request, or none', async () => {
    const control = await startControl({
      folder: testFolder(),
      runtimeFolder: testFolder(),
      routes: { echo: body => ({ body }) },
    });
    await client(control.socket, HALF);
    await client(control.socket, '');
    await control.stop();
  });

  it('the web server stops although clients have sent only a part of a request, or do not read their answer', async () => {
    const web = await startPages();
    const lazy = await client(web.port, 'GET /status HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(100));
    lazy.pause();
    await client(web.port, HALF);
    await client(web.port, '');
    expect((await fetch(`${web.url}/health/live`)).status).toBe(200);
    await web.stop();
  });

  it('connections without traffic are closed, so that other clients can connect', async () => {
    const web = await startPages();
    const many = await Promise.all(
      Array.from({ length: 140 }, (_, n) => client(web.port, n % 2 === 0 ? '' : 'GET /st')),
    );
    await vi.waitFor(() => expect(many.filter(socket => !socket.closed)).toEqual([]), PATIENCE);
    expect((await fetch(`${web.url}/health/live`)).status).toBe(200);
  });
});
