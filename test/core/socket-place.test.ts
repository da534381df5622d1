import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { LONGEST_SOCKET_PATH } from '../../src/core/control.ts';
import { socketPlace } from '../../src/core/socket-place.ts';

const NAME = 'name/it.sock';
/** The longest folder in which NAME has room. */
const LONGEST = LONGEST_SOCKET_PATH - NAME.length - 1;
const folderOf = (bytes: number) => `/${'x'.repeat(bytes - 1)}`;

function temporary(folder: string): void {
  vi.stubEnv('TMPDIR', folder);
  onTestFinished(() => void vi.unstubAllEnvs());
}

describe('socketPlace', () => {
  it('takes the folder that is wanted while the path is short enough', () => {
    expect(socketPlace(folderOf(LONGEST), NAME)).toEqual({ base: folderOf(LONGEST), isWanted: true });
  });

  it.each([
    ['one byte too long', folderOf(LONGEST + 1)],
    ['short in characters, long in bytes', `/${'ü'.repeat(LONGEST / 2 + 1)}`],
  ])('takes the folder for temporary files when the wanted one is %s', (_what, wanted) => {
    temporary('/var/tmp');

    expect(socketPlace(wanted, NAME)).toEqual({ base: '/var/tmp', isWanted: false });
  });

  it.each([
    ['too long as well', folderOf(LONGEST + 1)],
    ['not there', '/none'],
  ])('takes /tmp when the folder for temporary files is %s', (_what, folder) => {
    temporary(folder);

    expect(socketPlace(folderOf(200), NAME)).toEqual({ base: '/tmp', isWanted: false });
  });
});
