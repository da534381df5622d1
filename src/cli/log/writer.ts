import { constants, fstatSync, openSync, write, writeSync } from 'node:fs';

/** Where the log goes. */
export type LogWriter = {
  /** `done` learns how many bytes were taken, or what is wrong. Never blocks the event loop. */
  write(bytes: Buffer, done: (error: NodeJS.ErrnoException | null, written: number) => void): void;
  /** For the end of the process: answers how many bytes were taken. Throws when that can't be done at once. */
  writeNow(bytes: Buffer): number;
};

/**
 * Writes to a file descriptor of this process. A write to a pipe or a terminal blocks the whole process until somebody reads, so
 * these are written to only in a way that answers EAGAIN instead; a disk that hangs holds up a thread that does nothing else.
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
  // Who opens `process.stdout` has set a socket or pipe so already; for all who share it.
  if (stat.isSocket()) return { fd: descriptor, isImmediate: true };
  try {
    // Opened anew the way of writing is ours alone: what shares the pipe or terminal goes on as before.
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
    return { fd: openSync(`/proc/self/fd/${descriptor}`, O_WRONLY | O_NONBLOCK | O_NOCTTY), isImmediate: true };
  } catch {
    return { fd: descriptor, isImmediate: stat.isFIFO() };
  }
}
