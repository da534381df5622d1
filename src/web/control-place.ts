import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { whyNoFile } from '../core/file-kind.ts';
import { makeFolder } from '../core/folder.ts';
import { CONTROL_PATH_FILE, CONTROL_SOCKET, LONGEST_SOCKET_PATH, socketPlace } from '../core/socket-place.ts';

/** The path of the control socket, and what to remove when the gateway stops. */
export type ControlPlace = { readonly socket: string; readonly clear: () => void };

/** Prefix of the folders that hold a socket because the data folder's path is too long. */
const PREFIX = 'l2l-control-';

/** Removes what an earlier run left behind, and chooses where to listen: in the data folder, or in a folder with a shorter path. */
export function prepareControlPlace(dataFolder: string, runtimeFolder: string): ControlPlace {
  const own = join(dataFolder, CONTROL_SOCKET);
  const pointer = join(dataFolder, CONTROL_PATH_FILE);
  rmSync(own, { force: true });
  removePointer(pointer);
  if (Buffer.byteLength(own) <= LONGEST_SOCKET_PATH) return { socket: own, clear: () => rmSync(own, { force: true }) };
  const socket = join(makeShortFolder(runtimeFolder), CONTROL_SOCKET);
  writeFileSync(pointer, `${socket}\n`, { mode: 0o600 });
  return { socket, clear: () => removePointer(pointer) };
}

/** Removes the file that holds the socket's path, the socket, and the folder that was made for it. */
function removePointer(pointer: string): void {
  const why = whyNoFile(pointer);
  if (why !== null) throw new Error(`${pointer} is in the way: ${why}; remove it`);
  if (!existsSync(pointer)) return;
  const short = dirname(readFileSync(pointer, 'utf8').trim());
  if (basename(short).includes(PREFIX)) rmSync(short, { recursive: true, force: true });
  rmSync(pointer, { force: true });
}

function makeShortFolder(runtimeFolder: string): string {
  const { base, isWanted } = socketPlace(runtimeFolder, `${PREFIX}XXXXXX/${CONTROL_SOCKET}`);
  if (isWanted) makeFolder(base, 0o700);
  return mkdtempSync(join(base, PREFIX));
}
