import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder and the missing folders above it, one level at a time. Node's own recursive mkdir never returns below a folder that
 * allows no new one, such as /proc. Each new folder gets `mode`.
 * Throws the error of the file system, or an Error when something that is not a folder is in the way.
 */
export function makeFolder(folder: string, mode = 0o777): void {
  makeLevel(resolve(folder), mode);
}

function makeLevel(folder: string, mode: number): void {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found?.isDirectory()) return;
  if (found) throw new Error(`${folder} exists and is not a folder`);
  if (dirname(folder) !== folder) makeLevel(dirname(folder), mode);
  try {
    mkdirSync(folder, { mode });
  } catch (cause) {
    // Another process may have made the folder in the meantime.
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw cause;
  }
}
