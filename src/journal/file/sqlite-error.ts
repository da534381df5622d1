/** What a failure of SQLite means for the journal. */
export type Failure =
  /** The disk is full: nothing of the transaction was written, and writing goes on when there is room [J4]. */
  | 'full'
  /** The disk failed: the content of the file is not known any more. */
  | 'disk'
  /** The file has impossible content. */
  | 'damaged'
  | 'other';

const FULL = 13;
const IOERR = 10;
const CORRUPT = 11;
const NOTADB = 26;
/** The shared-memory file could not grow: a full disk, reported as an IO error. */
const IOERR_SHMSIZE = IOERR | (19 << 8);

/** Sorts an error of node:sqlite by its (extended) result code. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return 'other';
  if (error.errcode === IOERR_SHMSIZE) return 'full';
  const primary = error.errcode & 0xff;
  if (primary === FULL) return 'full';
  if (primary === IOERR) return 'disk';
  return primary === CORRUPT || primary === NOTADB ? 'damaged' : 'other';
}

/** The process has to end, and the next one reads the file from the disk [J5]. */
export function isBroken(error: unknown): boolean {
  const failure = failureOf(error);
  return failure === 'disk' || failure === 'damaged';
}
