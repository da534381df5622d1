import { constants, fstatSync, openSync, write, writeSync } from 'node:fs';

/** The target of the log. */
export type LogWriter = {
  /** Calls `done` with the number of bytes that were taken, or with the error. Never blocks the event loop. */
  write(bytes: Buffer, done: (error: NodeJS.ErrnoException | null, written: number) => void): void;
  /** For the end of the process: returns the number of bytes that were taken. Throws when that is not possible at once. */
  writeNow(bytes: Buffer): number;
};

/**
 * Writes to a file descriptor of this process. A write to a pipe or a terminal would block the whole process until somebody reads. So these
 * are written in a way that answers EAGAIN instead. A hanging disk blocks only a thread that does nothing else.
 */
export function openLogWriter(descriptor: number): LogWriter {
  const { fd, isImmediate } = place(descriptor);
  const writeNow = (bytes: Buffer) => writeSync(fd, bytes);
  if (!isImmediate) return { write: (bytes, done) => write(fd, bytes, done), writeNow };
  return {
    writeNow,
    write(bytes, done) {
      let written = 0;
      try {
        written = writeNow(bytes);
      } catch (cause) {
        done(cause as NodeJS.ErrnoException, 0);
        return;
      }
      done(null, written);
    },
  };
}

/** `isImmediate`: a write answers at once. */
function place(descriptor: number): { readonly fd: number; readonly isImmediate: boolean } {
  const stat = fstatSync(descriptor);
  if (stat.isFile()) return { fd: descriptor, isImmediate: false };
  // Node sets a socket or pipe to this way of writing when somebody opens `process.stdout`, for all processes that share it.
  if (stat.isSocket()) return { fd: descriptor, isImmediate: true };
  try {
    // The file is opened again, so the way of writing is only ours: other programs on the same pipe or terminal go on as before.
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
    return { fd: openSync(`/proc/self/fd/${descriptor}`, O_WRONLY | O_NONBLOCK | O_NOCTTY), isImmediate: true };
  } catch {
    return { fd: descriptor, isImmediate: stat.isFIFO() };
  }
}
