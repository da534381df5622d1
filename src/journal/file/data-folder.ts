import { accessSync, constants, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { errorMessage, StartError } from '../../core/errors.ts';
import { whyNoFile } from '../../core/file-kind.ts';
import { makeFolder } from '../../core/folder.ts';

/** statfs types of network file systems: their locks and flushes can't be trusted. */
const NETWORK_FILE_SYSTEMS = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
]);

/** The files of a data folder. SQLite adds `-wal` and `-shm` to the name of the journal. */
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
 * Makes the data folder and takes its lock for the life of the process [P11]. The lock is one of the operating system (SQLite's exclusive
 * lock on a file of its own), so it ends with its process, however that ends. The disposal releases it. Throws a StartError when the folder
 * cannot be written, is on a network drive [J2] or is in use, or when one of its names belongs to something that is not a file.
 */
export function lockDataFolder(folder: string): Disposable {
  try {
    makeFolder(folder);
  } catch (cause) {
    throw new StartError(`the data folder ${folder} can't be made: ${errorMessage(cause)}; ${writeAdvice(cause)}`);
  }
  const network = NETWORK_FILE_SYSTEMS.get(statfsSync(folder).type);
  if (network)
    throw new StartError(
      `the data folder ${folder} is on a network drive (${network}); set gateway.data to a folder on the host's own disk`,
    );
  expectFiles(folder);

  expectWritable(folder);
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(filesIn(folder).lock, { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock?.close();
    if (isBusy(cause))
      throw new StartError(
        `the data folder ${folder} is in use by another gateway; stop that gateway first, or set gateway.data to a folder of its own`,
      );
    throw new StartError(`the data folder ${folder} can't be written: ${errorMessage(cause)}; ${writeAdvice(cause)}`);
  }
  const held = lock;
  return { [Symbol.dispose]: () => held.close() };
}

/** SQLite does not say why it can't open a file; the file system does. */
function expectWritable(folder: string): void {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new StartError(`the data folder ${folder} can't be written: ${errorMessage(cause)}; ${writeAdvice(cause)}`);
  }
}

function writeAdvice(cause: unknown): string {
  return (cause as NodeJS.ErrnoException | null)?.code === 'EROFS'
    ? 'set gateway.data to a folder on a disk that can be written, or mount this disk for writing'
    : "give the gateway's user the right to write there, or set gateway.data";
}

/** Each file that a life opens is an ordinary file that this user may read and write, or does not exist yet. */
function expectFiles(folder: string): void {
  const { journal, lock, ballast, suspicion, witness } = filesIn(folder);
  for (const file of [lock, journal, `${journal}-wal`, `${journal}-shm`, ballast, suspicion, witness]) {
    const why = whyNoFile(file);
    if (why !== null) throw new StartError(noFileWords(file, why));
  }
  for (const file of [lock, journal, `${journal}-wal`, `${journal}-shm`]) expectAccess(folder, file);
}

/** `why`: from `whyNoFile`. */
export function noFileWords(file: string, why: string): string {
  return `the gateway can't use ${file}: ${why}. If its data is on another disk, check whether that disk is mounted; otherwise move it away`;
}

/** A gateway that once ran as another user, such as root, left files that this user may not write. */
function expectAccess(folder: string, file: string): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found) return;
  try {
    accessSync(file, constants.R_OK | constants.W_OK);
  } catch (cause) {
    const user = process.getuid?.();
    const owner = found.uid === user ? '' : ` (it belongs to user ${found.uid}, the gateway runs as user ${user})`;
    throw new StartError(
      `the gateway can't read and write ${file}: ${errorMessage(cause)}${owner}; give the folder and its files to the gateway's user, as root: chown -R USER ${folder}`,
    );
  }
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
