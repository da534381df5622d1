/** What every subcommand documents and returns. */
export const EXIT = {
  ok: 0,
  /** It could not start, or what it was to show did not come out. */
  failed: 1,
  /** The config is not valid; every problem was printed. */
  badConfig: 2,
  /** The command line was not understood. */
  usage: 64,
} as const;

/** Where a command writes and what it reads of its surroundings; tests hand in their own. */
export type Io = {
  /** Results. Whole lines, the line end is added. */
  readonly out: (text: string) => void;
  /** Problems and progress. */
  readonly err: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads a file whole; throws as node:fs does. */
  readonly readFile: (path: string) => Uint8Array;
  /** Aborts on the first Ctrl-C or SIGTERM; a second one ends the process at once. */
  readonly signal: AbortSignal;
  /** Width of the terminal results are written to; left out: none, so nothing is cut. */
  readonly columns?: number;
  /** Asks the person at the terminal; left out: there is none. */
  readonly ask?: (question: string) => Promise<string>;
  /** Resolves when what was written to `out` was taken: false when nobody reads it any more. Left out: it always is. */
  readonly taken?: () => Promise<boolean>;
};

/** One subcommand, in a file of its own that is imported only when it is asked for. */
export type Command = {
  /** One line for the list of commands. */
  readonly summary: string;
  /** The whole text of `--help`, exit codes included. `program`: as the person typed it. */
  readonly help: (program: string) => string;
  /**
   * Resolves to the exit code. Throws `UsageError` for what it can't understand and `ConfigError` or `StartError` for what it
   * can't start with; all else that is thrown is a fault of the program.
   */
  run(args: readonly string[], io: Io): Promise<number>;
};

/** The command line was not understood. Exit code 64. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
