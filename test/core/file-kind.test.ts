import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readFile } from '../../src/cli/read-file.ts';
import { whyNoFile } from '../../src/core/file-kind.ts';
import { testFolder } from '../support/folder.ts';
import { OTHER_KINDS } from '../support/other-kinds.ts';

describe('whyNoFile', () => {
  it.each<readonly [string, (path: string) => void, RegExp | null]>([
    ['nothing', () => {}, null],
    ['a file', path => writeFileSync(path, 'x'), null],
    ['a link to a file', path => symlinkSync('/etc/hostname', path), null],
    ...OTHER_KINDS,
  ])('whyNoFile: %s', (_what, make, expected) => {
    const path = join(testFolder(), 'it');
    make(path);

    if (expected === null) {
      expect(whyNoFile(join(path, 'below'))).toBeNull();
      expect(whyNoFile(path)).toBeNull();
    } else {
      expect(whyNoFile(path)).toMatch(expected);
    }
  });
});

describe('readFile', () => {
  it.each(OTHER_KINDS)('readFile does not read %s', (what, make, expected) => {
    const path = join(testFolder(), 'it');
    make(path);

    // The callers have their own sentence for a folder, and recognise it by this code.
    expect(() => readFile(path)).toThrow(what === 'a folder' ? /^EISDIR/ : expected);
  });
});
