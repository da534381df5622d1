import { lstatSync, readlinkSync, type Stats, statSync } from 'node:fs';
import { errorMessage } from './errors.ts';

/** After these errors it is not known whether the file exists, and of which kind it is. */
export const MAY_NOT_ENTER = 'this user may not enter its folder';

/**
 * Why a path can't be used as an ordinary file, such as "it is a folder"; null: it is an ordinary file, or does not exist. Opening
 * another kind of file may wait forever (a named pipe), read without end (a device), or fail without a helpful message.
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
