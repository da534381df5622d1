import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { filesIn } from '../file/data-folder.ts';
import type { Meta } from '../file/meta.ts';
import { witnessOf } from './witness.ts';

/** Which file on which machine a journal is. */
export type Identity = {
  /** Of the operating system's installation; null where it has none, as in many containers. */
  readonly machine: string | null;
  readonly inode: string;
  /** When the file was made (ns since 1970); null where the file system does not say. */
  readonly birth: string | null;
};

/** The identity of the journal as it lies here now [J7]. */
export function identityOf(file: string): Identity {
  const found = statSync(file, { bigint: true });
  // Where the file system keeps no time of birth, the system gives the last change for it, or nothing.
  const isKept = found.birthtimeNs !== 0n && found.birthtimeNs !== found.ctimeNs;
  return { machine: machineId(), inode: String(found.ino), birth: isKept ? String(found.birthtimeNs) : null };
}

/** Why the journal is not the one it was, in words; null when it is, as far as anybody can know. */
export function differs(known: Identity, now: Identity): string | null {
  if (known.machine !== null && now.machine !== null && known.machine !== now.machine)
    return 'it was made on another host';
  if (known.inode !== now.inode || (known.birth !== null && now.birth !== null && known.birth !== now.birth)) {
    return 'it is another file than the one that was written to: a copy, or a backup put back';
  }
  return null;
}

/**
 * Why the journal in a folder is not the one that ran there last, in words, with times as `write` gives them; null when it is, as
 * far as anybody can know.
 */
export function whyNotTheSame(folder: string, meta: Meta, write: (at: number) => string): string | null {
  const home = meta.get('home');
  const moved = home === undefined ? null : differs(JSON.parse(home) as Identity, identityOf(filesIn(folder).journal));
  return moved ?? witnessOf(folder).contradicts(meta, write);
}

/** Hashed with a word of our own, as machine-id(5) asks: the id itself is nobody else's business. */
function machineId(): string | null {
  try {
    const id = readFileSync('/etc/machine-id', 'utf8').trim();
    return id === '' ? null : createHash('sha256').update(`l2l-gateway ${id}`).digest('hex').slice(0, 32);
  } catch {
    return null; // There is none: the file alone has to do.
  }
}
