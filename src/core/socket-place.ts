import { existsSync, lstatSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { StartError } from './errors.ts';

/** Name of the unix socket in the data folder on which a running gateway takes commands. */
export const CONTROL_SOCKET = 'control.sock';
/** When the data folder's path is too long for a socket, this file in the data folder holds the path of the socket. */
export const CONTROL_PATH_FILE = 'control.path';
/** Longest path (bytes) that every system takes for a unix socket. */
export const LONGEST_SOCKET_PATH = 100;

/** The folder for a unix socket. `isWanted`: it is the folder that was asked for, which may not exist yet. */
export type SocketPlace = { readonly base: string; readonly isWanted: boolean };

/**
 * The wanted folder, when the path of a socket in it is short enough (`name`: the path below the folder). Otherwise a folder for temporary
 * files with a short path. Never fails: /tmp is the last choice.
 */
export function socketPlace(wanted: string, name: string): SocketPlace {
  const base = resolve(wanted);
  const isShort = (folder: string) => Buffer.byteLength(join(folder, name)) <= LONGEST_SOCKET_PATH;
  if (isShort(base)) return { base, isWanted: true };
  const temporary = resolve(tmpdir());
  return { base: isShort(temporary) && existsSync(temporary) ? temporary : '/tmp', isWanted: false };
}

/** The first folder of RUNTIME_DIRECTORY. systemd writes several with colons between them, and the first one belongs to the unit. */
export function runtimeFolderIn(written: string | undefined): string | undefined {
  return written?.split(':', 1)[0] || undefined;
}

/**
 * The folder for sockets when nobody names one. It may not exist yet. All users of the host know its name, so this throws a
 * StartError when another user could have made it, or can open what is in it.
 */
export function temporaryRuntime(user = process.getuid?.() ?? 0): string {
  const folder = join(tmpdir(), `l2l-gateway-${user}`);
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (!found) return folder;
  const why = !found.isDirectory()
    ? 'is not a folder'
    : found.uid !== user
      ? `belongs to user ${found.uid}`
      : (found.mode & 0o077) !== 0
        ? 'is open to other users'
        : null;
  if (why === null) return folder;
  throw new StartError(
    `${folder}, the folder for the gateway's sockets, ${why}; remove it, or set the environment variable RUNTIME_DIRECTORY to a folder of the gateway's user`,
  );
}
