import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { filesIn } from '../file/data-folder.ts';
import type { Meta } from '../file/meta.ts';
import { witnessOf } from './witness.ts';

/** The host and the file of a journal. */
export type Identity = {
  /** The id of the operating system's installation; null where it has none, as in many containers. */
  readonly machine: string | null;
  readonly inode: string;
  /** When the file was made (ns since 1970); null where the file system does not say. */
  readonly birth: string | null;
};

/** The identity of the journal in its present place [J7]. */
export function identityOf(file: string): Identity {
  const found = statSync(file, { bigint: true });
  // On a file system without creation times, the system gives the time of the last change, or nothing.
  const isKept = found.birthtimeNs !== 0n && found.birthtimeNs !== found.ctimeNs;
  return { machine: machineId(), inode: String(found.ino), birth: isKept ? String(found.birthtimeNs) : null };
}

/** The reason why the journal is a copy or a restored one, in words; null: nothing shows that. */
export function differs(known: Identity, now: Identity): string | null {
  if (known.machine !== null && now.machine !== null && known.machine !== now.machine)
    return 'it was made on another host';
  if (known.inode !== now.inode || (known.birth !== null && now.birth !== null && known.birth !== now.birth)) {
    return 'it is not the file that was written before: it is a copy, or a restored backup';
  }
  return null;
}

/**
 * The reason why the journal in a folder is not the one that ran there last, in words, with times as `write` gives them; null: nothing
 * shows that.
 */
export function whyNotTheSame(folder: string, meta: Meta, write: (at: number) => string): string | null {
  const home = meta.get('home');
  const moved = home === undefined ? null : differs(JSON.parse(home) as Identity, identityOf(filesIn(folder).journal));
  return moved ?? witnessOf(folder).contradicts(meta, write);
}

/** Hashes the id with a fixed word, as machine-id(5) asks, because the id itself is confidential. */
function machineId(): string | null {
  try {
    const id = readFileSync('/etc/machine-id', 'utf8').trim();
    return id === '' ? null : createHash('sha256').update(`l2l-gateway ${id}`).digest('hex').slice(0, 32);
  } catch {
    return null; // This host has no id, so only the file identifies the journal.
  }
}
