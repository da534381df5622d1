import { lstatSync, readlinkSync, type Stats, statSync } from 'node:fs';
import { errorMessage } from './errors.ts';

/** Whether the file is there, and what it is, is not known then. */
export const MAY_NOT_ENTER = 'this user may not enter its folder';

/**
 * Why a path can't be used as an ordinary file, in words such as "it is a folder"; null: it is one, or nothing exists there. Opening
 * another kind of file may wait for ever (a named pipe), read without an end (a device) or fail with few words.
 */
export function whyNoFile(path: string): string | null {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found) return found.isFile() ? null : `it is ${kindOf(found)}, not a file`;
    const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
    return isLink ? `it is a link to ${readlinkSync(path)}, which does not exist` : null;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOTDIR') return null;
    if (code === 'EACCES') return MAY_NOT_ENTER;
    if (code === 'ELOOP') return 'it is a link that leads back to itself';
    return errorMessage(cause);
  }
}

function kindOf(found: Stats): string {
  if (found.isDirectory()) return 'a folder';
  if (found.isFIFO()) return 'a named pipe';
  if (found.isSocket()) return 'a socket';
  return 'a device';
}
