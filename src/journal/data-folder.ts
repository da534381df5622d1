import { mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StartError, words } from '../core/errors.ts';

/** statfs types of network file systems: their locks and flushes can't be trusted. */
const NETWORK_FILE_SYSTEMS = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
]);

/**
 * Makes the data folder and takes its lock for the life of the process: an OS lock (SQLite's exclusive lock on a file of its
 * own), so it ends with its holder, however that ends. Disposing gives it back.
 * Throws a StartError when the folder can't be written, is on a network drive or is in use.
 */
export function lockDataFolder(folder: string): Disposable {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new StartError(
      `the data folder ${folder} can't be made: ${words(cause)}; give the gateway's user the right to write there, or set gateway.data`,
      { cause },
    );
  }
  const network = NETWORK_FILE_SYSTEMS.get(statfsSync(folder).type);
  if (network)
    throw new StartError(
      `the data folder ${folder} is on a network drive (${network}); set gateway.data to a folder on this machine's own disk`,
    );

  const file = join(folder, 'lock');
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(file, { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock?.close();
    if (isBusy(cause))
      throw new StartError(
        `the data folder ${folder} is in use by another gateway; stop that one first, or set gateway.data to a folder of its own`,
        { cause },
      );
    throw new StartError(
      `the data folder ${folder} can't be written: ${words(cause)}; give the gateway's user the right to write there, or set gateway.data`,
      { cause },
    );
  }
  const held = lock;
  return { [Symbol.dispose]: () => held.close() };
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
