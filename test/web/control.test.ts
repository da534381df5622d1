import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BadRequest, type ControlRoutes, startControl } from '../../src/web/control.ts';
import { testFolder } from '../support/folder.ts';

const ROUTES: ControlRoutes = {
  echo: body => ({ body }),
  wrong: () => {
    throw new BadRequest('no such field');
  },
  broken: () => Promise.reject(new Error('the disk is full')),
};

async function start(folder = testFolder()) {
  const control = await startControl({ folder, runtimeFolder: testFolder(), routes: ROUTES });
  onTestFinished(() => control.stop());
  return control;
}

function ask(socketPath: string, path: string, body: string, method = 'POST'): Promise<readonly [number, unknown]> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, method }, async response => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve([response.statusCode ?? 0, JSON.parse(text)]);
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

describe('control socket', () => {
  it.each([
    ['/echo', '{"a":1}', [200, { body: { a: 1 } }]],
    ['/echo', '', [200, { body: {} }]],
    ['/echo', '{', [400, { error: 'the request is not JSON' }]],
    ['/echo', `"${'x'.repeat(70_000)}"`, [400, { error: 'the request is too large' }]],
    ['/wrong', '{}', [400, { error: 'no such field' }]],
    ['/broken', '{}', [500, { error: 'the disk is full' }]],
    ['/toString', '{}', [404, { error: expect.stringContaining('does not know "toString"') }]],
  ])('the control socket answers POST %s with body %s', async (path, body, answer) => {
    const { socket } = await start();

    expect(await ask(socket, path, body)).toEqual(answer);
  });

  it('the control socket answers a GET with 404', async () => {
    const { socket } = await start();

    expect((await ask(socket, '/echo', '', 'GET'))[0]).toBe(404);
  });

  it('only its user can open the socket; it replaces one that an earlier run left behind, and is removed by the stop', async () => {
    const folder = testFolder();
    writeFileSync(join(folder, 'control.sock'), 'left behind');

    const control = await start(folder);

    expect(control.socket).toBe(join(folder, 'control.sock'));
    expect(statSync(control.socket).mode & 0o777).toBe(0o600);
    await control.stop();
    expect(existsSync(control.socket)).toBe(false);
  });

  it('when the path is too long, the control socket is elsewhere, control.path holds its place, and the leftovers of an earlier run are removed', async () => {
    const folder = join(testFolder(), 'x'.repeat(100));
    const pointer = join(folder, 'control.path');
    mkdirSync(folder);
    const first = await start(folder);
    expect(readFileSync(pointer, 'utf8')).toBe(`${first.socket}\n`);

    // A SIGKILL leaves both behind.
    const second = await start(folder);

    expect(existsSync(dirname(first.socket))).toBe(false);
    expect((await ask(second.socket, '/echo', '{}'))[0]).toBe(200);
    await second.stop();
    expect([existsSync(pointer), existsSync(second.socket)]).toEqual([false, false]);
  });

  it.each(['/proc/x', '/proc/x/y', '/dev/null/x'])(
    'the start fails when the runtime folder %s can not be made',
    async runtimeFolder => {
      const folder = join(testFolder(), 'x'.repeat(100));
      mkdirSync(folder);

      await expect(startControl({ folder, runtimeFolder, routes: {} })).rejects.toThrow();
    },
  );

  it('the start fails when a named pipe has the name of control.path', async () => {
    const folder = testFolder();
    execFileSync('mkfifo', [join(folder, 'control.path')]);

    await expect(start(folder)).rejects.toThrow(
      /control\.path is in the way: it is a named pipe, not a file; remove it/,
    );
  });
});
