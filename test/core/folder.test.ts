import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../../src/core/folder.ts';
import { testFolder } from '../support/folder.ts';

describe('makeFolder', () => {
  it('makeFolder makes every missing level with the mode', () => {
    const folder = testFolder();

    makeFolder(join(folder, 'a/b/c'), 0o700);

    expect(['a', 'a/b', 'a/b/c'].map(name => statSync(join(folder, name)).mode & 0o777)).toEqual([0o700, 0o700, 0o700]);
  });

  it('makeFolder does not change an existing folder, also behind a link', () => {
    const folder = testFolder();
    mkdirSync(join(folder, 'real'));
    symlinkSync('real', join(folder, 'link'));

    makeFolder(join(folder, 'real'), 0o700);
    makeFolder(join(folder, 'link/below'));

    expect(existsSync(join(folder, 'real/below'))).toBe(true);
    expect(statSync(join(folder, 'real')).mode & 0o777).not.toBe(0o700);
  });

  // Node's recursive mkdir never returns from the first two.
  it.each([
    ['two levels below /proc', () => '/proc/x/y'],
    ['three levels below /proc', () => '/proc/x/y/z'],
    ['below /sys', () => '/sys/x/y'],
    ['below a device', () => '/dev/null/x/y'],
    [
      'below a file',
      () => {
        const file = join(testFolder(), 'file');
        writeFileSync(file, '');
        return join(file, 'x/y');
      },
    ],
    [
      'below a link to nowhere',
      () => {
        const link = join(testFolder(), 'link');
        symlinkSync('/proc/none', link);
        return join(link, 'x');
      },
    ],
    [
      'below a link to itself',
      () => {
        const link = join(testFolder(), 'link');
        symlinkSync('link', link);
        return join(link, 'x');
      },
    ],
    ['with a name that is too long', () => join(testFolder(), 'x'.repeat(300))],
  ])('makeFolder throws %s', (_what, place) => {
    expect(() => makeFolder(place())).toThrow();
  });
});
