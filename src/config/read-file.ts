import { words } from '../core/errors.ts';

/** Reads a file whole; throws as node:fs does. Handed in, so that a config in memory can be tested. */
export type ReadFile = (path: string) => Uint8Array;

/** Why a file can't be read. */
export function whyUnreadable(error: unknown): string {
  switch ((error as NodeJS.ErrnoException | null)?.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'there is no such file';
    case 'EISDIR':
      return 'it is a folder';
    case 'EACCES':
    case 'EPERM':
      return 'this user may not read it';
    default:
      return words(error);
  }
}

/** Text of a UTF-8 file without its byte order mark; undefined when it is not UTF-8. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Only the decoder's "not valid" can be thrown here; the caller says it with the file's name.
    return undefined;
  }
}
