/** The documentation and the result of every subcommand. */
export const EXIT = {
  ok: 0,
  /** The command could not start, or could not give its result. */
  failed: 1,
  /** The config is not valid; every problem was printed. */
  badConfig: 2,
  /** The command line was not understood. */
  usage: 64,
} as const;

/** The outputs of a command, and the parts of its environment that it reads. Tests pass their own. */
export type Io = {
  /** Writes results, as whole lines. The line end is added. */
  readonly out: (text: string) => void;
  /** Writes problems and progress. */
  readonly err: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads a whole file; throws as node:fs does. */
  readonly readFile: (path: string) => Uint8Array;
  /** Aborts on the first Ctrl-C or SIGTERM. A second one ends the process at once. */
  readonly signal: AbortSignal;
  /** The width of the terminal that shows the results. Left out: no terminal, so nothing is cut. */
  readonly columns?: number;
  /** Asks the person at the terminal; left out: there is none. */
  readonly ask?: (question: string) => Promise<string>;
  /** Resolves when the text written to `out` was taken: false when nobody reads it any more. Left out: it always is. */
  readonly taken?: () => Promise<boolean>;
};

/** One subcommand. It has its own file, which is imported only when somebody uses the subcommand. */
export type Command = {
  /** One line for the list of commands. */
  readonly summary: string;
  /** The whole text of `--help`, with the exit codes. `program`: the name as the person typed it. */
  readonly help: (program: string) => string;
  /**
   * Resolves to the exit code. Throws `UsageError` for arguments that it does not understand, and `ConfigError` or `StartError` when it
   * cannot start. Everything else that is thrown is a defect of the program.
   */
  run(args: readonly string[], io: Io): Promise<number>;
};

/** The command line was not understood. Exit code 64. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
