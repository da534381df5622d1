import { mkdirSync, statfsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StartError, words } from '../core/errors.ts';

/** statfs types of network file systems: their locks and flushes can't be trusted. */
const NETWORK_FILE_SYSTEMS = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
]);

/** Where what is kept in a data folder lies. SQLite adds `-wal` and `-shm` to the name of the journal. */
export function filesIn(folder: string) {
  return {
    journal: join(folder, 'journal.db'),
    lock: join(folder, 'lock'),
    ballast: join(folder, 'ballast'),
    suspicion: join(folder, 'journal.suspect'),
    witness: join(folder, 'journal.witness'),
  };
}

/**
 * Makes the data folder and takes its lock for the life of the process: an OS lock (SQLite's exclusive lock on a file of its
 * own), so it ends with its holder, however that ends. Disposing gives it back.
 * Throws a StartError when the folder can't be written, is on a network drive or is in use.
 */
export function lockDataFolder(folder: string): Disposable {
  try {
    makeFolder(resolve(folder));
  } catch (cause) {
    throw new StartError(
      `the data folder ${folder} can't be made: ${words(cause)}; give the gateway's user the right to write there, or set gateway.data`,
    );
  }
  const network = NETWORK_FILE_SYSTEMS.get(statfsSync(folder).type);
  if (network)
    throw new StartError(
      `the data folder ${folder} is on a network drive (${network}); set gateway.data to a folder on this machine's own disk`,
    );

  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(filesIn(folder).lock, { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock?.close();
    if (isBusy(cause))
      throw new StartError(
        `the data folder ${folder} is in use by another gateway; stop that one first, or set gateway.data to a folder of its own`,
      );
    throw new StartError(
      `the data folder ${folder} can't be written: ${words(cause)}; give the gateway's user the right to write there, or set gateway.data`,
    );
  }
  const held = lock;
  return { [Symbol.dispose]: () => held.close() };
}

/** Step by step: Node's own recursive mkdir never returns where a folder is there but takes none, as under /proc. */
function makeFolder(folder: string): void {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found?.isDirectory()) return;
  if (found) throw new Error(`${folder} is there and is no folder`);
  if (dirname(folder) !== folder) makeFolder(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (cause) {
    // Another process may have made it meanwhile.
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw cause;
  }
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
