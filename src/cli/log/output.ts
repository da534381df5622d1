import type { LogWriter } from './writer.ts';

/** Lines that were dropped, since when (ms since 1970), and what was wrong. */
export type Loss = { readonly lines: number; readonly since: number; readonly why: string };

export type LogOutputOptions = {
  readonly writer: LogWriter;
  /** A line of the log about lines that are missing in it. */
  readonly lossLine: (loss: Loss) => string;
  /** An instant (ms since 1970) as JSON has it: `problem` is read there. */
  readonly timeText: (at: number) => string;
  readonly now?: () => number;
  /** How long until a full pipe and a full disk are tried again (ms). */
  readonly again?: { readonly pipe: number; readonly disk: number };
};

export interface LogOutput {
  /** Takes one line with its line end. Never throws and never waits: a line that can't be written is dropped and counted. */
  write(line: string): void;
  /** Why lines of the log are missing or late, in words; null: none are. */
  problem(): string | null;
  /** Resolves when all is written, or after `ms`. */
  flush(ms: number): Promise<void>;
  /** Writes what can be written without a wait: for the end of the process. */
  flushNow(): void;
}

/** What waits for a reader that is slower than the log (bytes); a pipe holds 64 KiB besides. */
const MOST_WAITING = 256 * 1024;
const AGAIN = { pipe: 50, disk: 1000 };
/** A reader that has taken nothing for so long (ms) is worth a word. */
const LATE = 5000;

/** What is on its way out: lines of the log, or the line about a loss. */
type Chunk = { readonly bytes: Buffer; readonly about: Loss | null };

/**
 * The way of the log out of the process. The log informs and does nothing else, so it may hold nobody up: a full disk, or a reader
 * that does not read or is gone, costs lines of the log and nothing else.
 */
export function createLogOutput(options: LogOutputOptions): LogOutput {
  const { writer, lossLine, timeText, now = Date.now, again = AGAIN } = options;
  let waiting: string[] = [];
  let size = 0;
  let chunk: Chunk | null = null;
  /** The writer works on the chunk; nobody knows yet how much of it is out. */
  let busy = false;
  let timer: NodeJS.Timeout | undefined;
  let loss: Loss | null = null;
  /** Why nothing can be written, other than a full pipe. */
  let failing: { readonly why: string; readonly since: number } | null = null;
  let fullSince: number | null = null;
  /** The last line that was written lacks its end. */
  let torn = false;
  const idle: (() => void)[] = [];

  function lose(lines: number, why: string, since = now()): void {
    if (lines > 0) loss = { lines: (loss?.lines ?? 0) + lines, since: Math.min(loss?.since ?? since, since), why };
  }

  /** All that waits, and then the line about what was dropped after it. */
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
    // Nothing else keeps a process that has ended its work.
    timer.unref();
  }

  /** The lines are dropped; the line about them is what is tried next. */
  function giveUp(why: string): void {
    failing ??= { why, since: now() };
    fullSince = null;
    // The line about a loss is none of those that are lost, nor is the end of a line that stands there already.
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
        if (busy) chunk = null; // It is on its way.
        for (chunk ??= nextChunk(); chunk; chunk ??= nextChunk()) took(writer.writeNow(chunk.bytes));
      } catch {
        // Full, or nobody reads: the process ends all the same.
      }
    },
  };
}

const LINE_END = 10;
const NOT_READ = 'whatever reads it does not read';

const WHYS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk it goes to is full',
  EDQUOT: 'its user has used up the allowed disk space',
  EFBIG: 'its file has the largest size that is allowed',
  EPIPE: 'whatever read it has ended',
  ECONNRESET: 'whatever read it has ended',
  EROFS: 'the disk it goes to is read-only',
  EIO: 'the disk or terminal it goes to fails',
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
