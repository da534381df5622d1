import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { LONGEST_SOCKET_PATH, runtimeFolderIn, socketPlace, temporaryRuntime } from '../../src/core/socket-place.ts';
import { testFolder } from '../support/folder.ts';

const NAME = 'name/it.sock';
/** The longest folder in which NAME fits. */
const LONGEST = LONGEST_SOCKET_PATH - NAME.length - 1;
const folderOf = (bytes: number) => `/${'x'.repeat(bytes - 1)}`;

function temporary(folder: string): void {
  vi.stubEnv('TMPDIR', folder);
  onTestFinished(() => void vi.unstubAllEnvs());
}

describe('socketPlace', () => {
  it('a socket is in the wanted folder if its path is short enough', () => {
    expect(socketPlace(folderOf(LONGEST), NAME)).toEqual({ base: folderOf(LONGEST), isWanted: true });
  });

  it.each([
    ['one byte too long', folderOf(LONGEST + 1)],
    ['short in characters, long in bytes', `/${'ü'.repeat(LONGEST / 2 + 1)}`],
  ])('a socket is in the folder for temporary files when the wanted one is %s', (_what, wanted) => {
    temporary('/var/tmp');

    expect(socketPlace(wanted, NAME)).toEqual({ base: '/var/tmp', isWanted: false });
  });

  it.each([
    ['too long as well', folderOf(LONGEST + 1)],
    ['not there', '/none'],
  ])('a socket is in /tmp when the folder for temporary files is %s', (_what, folder) => {
    temporary(folder);

    expect(socketPlace(folderOf(200), NAME)).toEqual({ base: '/tmp', isWanted: false });
  });
});

describe('temporaryRuntime', () => {
  const USER = process.getuid?.() ?? 0;

  function place(user = USER) {
    const folder = testFolder();
    temporary(folder);
    return { path: join(folder, `l2l-gateway-${user}`), take: () => temporaryRuntime(user) };
  }

  it('the temporary folder belongs to the user, whether it exists or not', () => {
    const { path, take } = place();
    expect(take()).toBe(path);
    mkdirSync(path, { mode: 0o700 });
    expect(take()).toBe(path);
  });

  it.each<[string, (path: string) => void, RegExp]>([
    ['open to others', path => mkdirSync(path, { mode: 0o755 }), /is open to other users; .*RUNTIME_DIRECTORY/],
    ['a link', path => symlinkSync('/tmp', path), /is not a folder; /],
    ['a file', path => writeFileSync(path, ''), /is not a folder; /],
  ])('the temporary folder is refused when it is %s', (_what, make, words) => {
    const { path, take } = place();
    make(path);
    expect(take).toThrow(words);
  });

  it('the temporary folder is refused when it belongs to another user', () => {
    const { path, take } = place(USER + 1);
    mkdirSync(path, { mode: 0o700 });
    expect(take).toThrow(`belongs to user ${USER}; `);
  });
});

describe('runtimeFolderIn', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['/run/a', '/run/a'],
    ['/run/a:/run/b', '/run/a'],
  ])('of RUNTIME_DIRECTORY=%s, the folder is %s', (written, folder) => {
    expect(runtimeFolderIn(written)).toBe(folder);
  });
});
