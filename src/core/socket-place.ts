import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { LONGEST_SOCKET_PATH } from './control.ts';

/** Where a unix socket may be made: `base` may have to be made when it is the wanted one. `isWanted`: it is the folder that was asked for. */
export type SocketPlace = { readonly base: string; readonly isWanted: boolean };

/**
 * The wanted folder when the path of a socket in it (`name`: all that stands behind the folder) is short enough, else a folder for
 * temporary files with a short path. Never fails: /tmp is the last one.
 */
export function socketPlace(wanted: string, name: string): SocketPlace {
  const base = resolve(wanted);
  const isShort = (folder: string) => Buffer.byteLength(join(folder, name)) <= LONGEST_SOCKET_PATH;
  if (isShort(base)) return { base, isWanted: true };
  const temporary = resolve(tmpdir());
  return { base: isShort(temporary) && existsSync(temporary) ? temporary : '/tmp', isWanted: false };
}
