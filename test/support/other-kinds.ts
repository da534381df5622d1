import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';

/** Other things that can stand in the place of a file: the name, a function that makes it, and the words of the error. */
export const OTHER_KINDS: readonly (readonly [string, (path: string) => void, RegExp])[] = [
  ['a folder', path => mkdirSync(path), /it is a folder, not a file/],
  ['a named pipe', path => execFileSync('mkfifo', [path]), /it is a named pipe, not a file/],
  ['a device', path => symlinkSync('/dev/zero', path), /it is a device, not a file/],
  ['a link to nowhere', path => symlinkSync('/nowhere/x', path), /it is a link to \/nowhere\/x, which does not exist/],
  ['a link to itself', path => symlinkSync(path, path), /it is a link that leads back to itself/],
];
