import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { MAY_NOT_ENTER, whyNoFile } from '../core/file-kind.ts';

/**
 * Reads a file whole. Throws as `readFileSync`, and for a named pipe or a device: reading it may have no end, and nothing else runs
 * meanwhile. What the system offers below /dev/fd and /proc, as for a shell's `<(…)`, is read.
 * When the folder is wrong, the error has the reason under `why`.
 */
export function readFile(path: string): Uint8Array {
  const isOffered = /^\/(dev\/(fd\/|stdin$)|proc\/)/.test(resolve(path));
  const why = isOffered ? null : whyNoFile(path);
  if (why === MAY_NOT_ENTER) throw Object.assign(new Error(why), { code: 'EACCES', why });
  // Of a folder readFileSync says EISDIR by itself, which its callers know.
  if (why !== null && !isFolder(path)) throw new Error(why);
  try {
    return readFileSync(path);
  } catch (cause) {
    throw Object.assign(cause as Error, folderProblem(dirname(resolve(path))));
  }
}

/** What is wrong with the folders on the way to a file; nothing when all are there. */
function folderProblem(folder: string): { readonly why?: string } {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found) return found.isDirectory() ? {} : { why: `${folder} is not a folder` };
  const above = folderProblem(dirname(folder));
  return above.why === undefined ? { why: `there is no folder ${folder}` } : above;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // a link without a target
  }
}
