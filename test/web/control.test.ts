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
    ['/echo', '{', [400, { error: 'the request is no JSON' }]],
    ['/echo', `"${'x'.repeat(70_000)}"`, [400, { error: 'the request is too large' }]],
    ['/wrong', '{}', [400, { error: 'no such field' }]],
    ['/broken', '{}', [500, { error: 'the disk is full' }]],
    ['/toString', '{}', [404, { error: expect.stringContaining('does not know "toString"') }]],
  ])('answers %s', async (path, body, answer) => {
    const { socket } = await start();

    expect(await ask(socket, path, body)).toEqual(answer);
  });

  it('takes nothing but POST', async () => {
    const { socket } = await start();

    expect((await ask(socket, '/echo', '', 'GET'))[0]).toBe(404);
  });

  it('is for its user alone, takes the place of one that was left behind, and goes when it stops', async () => {
    const folder = testFolder();
    writeFileSync(join(folder, 'control.sock'), 'left behind');

    const control = await start(folder);

    expect(control.socket).toBe(join(folder, 'control.sock'));
    expect(statSync(control.socket).mode & 0o777).toBe(0o600);
    await control.stop();
    expect(existsSync(control.socket)).toBe(false);
  });

  it('listens elsewhere when the path is too long, says where, and clears up what an earlier life left', async () => {
    const folder = join(testFolder(), 'x'.repeat(100));
    const pointer = join(folder, 'control.path');
    mkdirSync(folder);
    const first = await start(folder);
    expect(readFileSync(pointer, 'utf8')).toBe(`${first.socket}\n`);

    // As after a SIGKILL: nobody cleared up.
    const second = await start(folder);

    expect(existsSync(dirname(first.socket))).toBe(false);
    expect((await ask(second.socket, '/echo', '{}'))[0]).toBe(200);
    await second.stop();
    expect([existsSync(pointer), existsSync(second.socket)]).toEqual([false, false]);
  });

  it.each(['/proc/x', '/proc/x/y', '/dev/null/x'])(
    'throws when the runtime folder %s can not be made',
    async runtimeFolder => {
      const folder = join(testFolder(), 'x'.repeat(100));
      mkdirSync(folder);

      await expect(startControl({ folder, runtimeFolder, routes: {} })).rejects.toThrow();
    },
  );

  it('throws when a named pipe has the name of the file that says where the socket is', async () => {
    const folder = testFolder();
    execFileSync('mkfifo', [join(folder, 'control.path')]);

    await expect(start(folder)).rejects.toThrow(
      /control\.path is in the way: it is a named pipe, not a file; remove it/,
    );
  });
});
