import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { whyNoFile } from '../core/file-kind.ts';

/**
 * Reads a file whole. Throws as `readFileSync`, and for a named pipe or a device: reading it may have no end, and nothing else runs
 * meanwhile. What the system offers below /dev/fd and /proc, as for a shell's `<(…)`, is read.
 */
export function readFile(path: string): Uint8Array {
  const isOffered = /^\/(dev\/(fd\/|stdin$)|proc\/)/.test(resolve(path));
  const why = isOffered ? null : whyNoFile(path);
  // Of a folder readFileSync says EISDIR by itself, which its callers know.
  if (why !== null && !isFolder(path)) throw new Error(why);
  return readFileSync(path);
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // a link without a target
  }
}
