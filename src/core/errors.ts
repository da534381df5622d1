/** Where in a file something was written; line and column count from 1. */
export type Place = { readonly file: string; readonly line: number; readonly column: number };

/** One mistake in a file: its place, the written and the expected value, and the correction. */
export type Problem = {
  readonly place?: Place;
  readonly message: string;
};

/** `file:line:column message`. Editors and terminals make this form clickable. */
export function formatProblem(problem: Problem): string {
  if (!problem.place) return problem.message;
  const { file, line, column } = problem.place;
  return `${file}:${line}:${column} ${problem.message}`;
}

/** The config is not valid. Holds every problem that was found. Exit code 2. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }
}

/** The gateway can't start. The message says what to do. Exit code 1. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** The message of anything that was thrown, with its cause when it has one, and without a stack. */
export function errorMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.message || (error as NodeJS.ErrnoException).code || error.name;
  if (error instanceof AggregateError && error.errors.length > 0 && !error.message)
    return errorMessage(error.errors[0]);
  return error.cause === undefined ? own : `${own}: ${errorMessage(error.cause)}`;
}
