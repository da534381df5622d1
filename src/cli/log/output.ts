import type { LogWriter } from './writer.ts';

/** The dropped lines: how many, since when (ms since 1970), and why. */
export type Loss = { readonly lines: number; readonly since: number; readonly why: string };

export type LogOutputOptions = {
  readonly writer: LogWriter;
  /** Makes the log line about missing lines. */
  readonly lossLine: (loss: Loss) => string;
  /** Writes an instant (ms since 1970) for `problem`. */
  readonly timeText: (at: number) => string;
  readonly now?: () => number;
  /** The wait before a full pipe and a full disk are tried again (ms). */
  readonly again?: { readonly pipe: number; readonly disk: number };
};

export interface LogOutput {
  /** Takes one line with its line end. Never throws and never waits: a line that cannot be written is dropped and counted. */
  write(line: string): void;
  /** Why lines of the log are missing or late, in words; null: no line is. */
  problem(): string | null;
  /** Resolves when everything is written, or after `ms`. */
  flush(ms: number): Promise<void>;
  /** Writes everything that can be written without a wait, for the end of the process. */
  flushNow(): void;
}

/** The largest backlog for a reader that is slower than the log (bytes). A pipe holds 64 KiB besides. */
const MOST_WAITING = 256 * 1024;
const AGAIN = { pipe: 50, disk: 1000 };
/** A reader that has taken nothing for this long is reported (ms). */
const LATE = 5000;

/** A text on its way out: lines of the log, or the line about a loss. */
type Chunk = { readonly bytes: Buffer; readonly about: Loss | null };

/**
 * The way of the log out of the process. The log must never block the process. A full disk, or a reader that does not read or is gone,
 * costs only lines of the log.
 */
export function createLogOutput(options: LogOutputOptions): LogOutput {
  const { writer, lossLine, timeText, now = Date.now, again = AGAIN } = options;
  let waiting: string[] = [];
  let size = 0;
  let chunk: Chunk | null = null;
  /** The writer works on the chunk. Nobody knows yet how much of it is written. */
  let busy = false;
  let timer: NodeJS.Timeout | undefined;
  let loss: Loss | null = null;
  /** Why nothing can be written; a full pipe is no such reason. */
  let failing: { readonly why: string; readonly since: number } | null = null;
  let fullSince: number | null = null;
  /** The last line that was written has no line end yet. */
  let torn = false;
  const idle: (() => void)[] = [];

  function lose(lines: number, why: string, since = now()): void {
    if (lines > 0) loss = { lines: (loss?.lines ?? 0) + lines, since: Math.min(loss?.since ?? since, since), why };
  }

  /** First all waiting lines, and then the line about the lines that were dropped after them. */
  function nextChunk(): Chunk | null {
    if (waiting.length === 0 && loss === null) return null;
    const about = loss;
    const lines = about ? [...waiting, lossLine(about)] : waiting;
    loss = null;
    waiting = [];
    size = 0;
    return { bytes: Buffer.from(`${torn ? '\n' : ''}${lines.join('')}`), about };
  }

  function pump(): void {
    if (busy || timer) return;
    chunk ??= nextChunk();
    if (!chunk) {
      for (const resolve of idle.splice(0)) resolve();
      return;
    }
    busy = true;
    writer.write(chunk.bytes, (error, written) => {
      busy = false;
      if (error) fail(error);
      else took(written);
      pump();
    });
  }

  function took(written: number): void {
    failing = null;
    fullSince = null;
    if (!chunk || written === 0) return;
    torn = chunk.bytes[written - 1] !== LINE_END;
    const bytes = chunk.bytes.subarray(written);
    chunk = bytes.length > 0 ? { ...chunk, bytes } : null;
  }

  function fail(error: NodeJS.ErrnoException): void {
    const isFull = error.code === 'EAGAIN';
    if (isFull) fullSince ??= now();
    else giveUp(whyOf(error));
    timer = setTimeout(
      () => {
        timer = undefined;
        pump();
      },
      isFull ? again.pipe : again.disk,
    );
    // This timer alone does not keep a process alive that has finished its work.
    timer.unref();
  }

  /** The lines are dropped. The line about them is written next. */
  function giveUp(why: string): void {
    failing ??= { why, since: now() };
    fullSince = null;
    // The line about a loss does not count as lost, and neither does the end of a line that is already written in part.
    if (chunk?.about) lose(chunk.about.lines + Math.max(0, linesIn(chunk.bytes) - 1), why, chunk.about.since);
    else if (chunk) lose(linesIn(chunk.bytes), why);
    lose(waiting.length, why);
    chunk = null;
    waiting = [];
    size = 0;
  }

  return {
    write(line) {
      if (failing) lose(1, failing.why);
      else if (size + line.length > MOST_WAITING) lose(1, NOT_READ);
      else {
        waiting.push(line);
        size += line.length;
        pump();
      }
    },
    problem() {
      const lost = (loss?.lines ?? 0) + (chunk?.about?.lines ?? 0);
      const lines = lost === 1 ? '1 line is lost' : `${lost} lines are lost`;
      if (failing) return `the log can't be written since ${timeText(failing.since)} (${failing.why}); ${lines} so far`;
      if (fullSince === null || (lost === 0 && now() - fullSince < LATE)) return null;
      return `the log can't be written since ${timeText(fullSince)} (${NOT_READ}); ${lines} so far`;
    },
    flush(ms) {
      return new Promise(resolve => {
        const enough = setTimeout(resolve, ms);
        idle.push(() => {
          clearTimeout(enough);
          resolve();
        });
        pump();
      });
    },
    flushNow() {
      try {
        if (busy) chunk = null; // The text is on its way.
        for (chunk ??= nextChunk(); chunk; chunk ??= nextChunk()) took(writer.writeNow(chunk.bytes));
      } catch {
        // The pipe is full, or nobody reads. The process ends anyway.
      }
    },
  };
}

const LINE_END = 10;
const NOT_READ = 'its reader does not read';

const WHYS: Readonly<Record<string, string>> = {
  ENOSPC: 'its disk is full',
  EDQUOT: 'its user has used up the allowed disk space',
  EFBIG: 'its file has the largest size that is allowed',
  EPIPE: 'its reader has ended',
  ECONNRESET: 'its reader has ended',
  EROFS: 'its disk is read-only',
  EIO: 'its disk or terminal fails',
};

function whyOf({ code, message }: NodeJS.ErrnoException): string {
  const why = WHYS[code ?? ''];
  return why ? `${why}, ${code}` : (code ?? message);
}

function linesIn(bytes: Buffer): number {
  let lines = bytes[0] === LINE_END ? -1 : 0;
  for (const byte of bytes) if (byte === LINE_END) lines += 1;
  return lines;
}
