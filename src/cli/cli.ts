import { programName } from '../core/command-line.ts';
import { ConfigError, errorMessage, formatProblem, StartError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { version } from '../core/version.ts';
import { type Command, EXIT, type Io, UsageError } from './command.ts';

/** Every subcommand by name; its code is loaded when it is asked for. */
export const commands: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./commands/run.ts')).runCommand,
  check: async () => (await import('./commands/check.ts')).checkCommand,
  queue: async () => (await import('./commands/queue.ts')).queueCommand,
  journal: async () => (await import('./commands/journal.ts')).journalCommand,
  sandbox: async () => (await import('./commands/sandbox.ts')).sandboxCommand,
  demo: async () => (await import('./commands/demo.ts')).demoCommand,
};

/** Runs one command line and resolves to the exit code. */
export async function cli(args: readonly string[], io: Io, table = commands): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const text = await overview(table, programName(io.env));
    if (name !== undefined) io.out(text);
    else io.err(text);
    return name === undefined ? EXIT.usage : EXIT.ok;
  }
  if (name === '--version' || name === '-v') {
    io.out(version());
    return EXIT.ok;
  }
  const load = Object.hasOwn(table, name) ? table[name] : undefined;
  if (!load) {
    const near = nearest(name, Object.keys(table));
    io.err(
      `there is no command "${name}"; ${near ? `did you mean ${near}?` : `the commands are ${Object.keys(table).join(', ')}`}`,
    );
    return EXIT.usage;
  }
  const command = await load();
  if (rest.includes('--help') || rest.includes('-h')) {
    io.out(command.help(programName(io.env)));
    return EXIT.ok;
  }
  try {
    return await command.run(rest, io);
  } catch (error) {
    return report(name, error, io);
  }
}

/** An error that a person can mend is shown as a sentence. Any other error is a fault of the program, and its stack is shown. */
function report(name: string, error: unknown, io: Io): number {
  if (error instanceof ConfigError) {
    for (const problem of error.problems) io.err(formatProblem(problem));
    const count = error.problems.length;
    io.err(`\nnot valid: ${count === 1 ? '1 problem' : `${count} problems`}`);
    return EXIT.badConfig;
  }
  if (isUsage(error)) {
    io.err(`${errorMessage(error)}\nthe command line is explained by:\n  ${programName(io.env)} ${name} --help`);
    return EXIT.usage;
  }
  if (error instanceof StartError) {
    io.err(errorMessage(error));
    return EXIT.failed;
  }
  io.err(error instanceof Error ? (error.stack ?? errorMessage(error)) : errorMessage(error));
  return EXIT.failed;
}

/** Our own, or what node:util's parseArgs throws. */
function isUsage(error: unknown): boolean {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return error instanceof UsageError || (code?.startsWith('ERR_PARSE_ARGS') ?? false);
}

async function overview(table: typeof commands, program: string): Promise<string> {
  const lines = await Promise.all(
    Object.entries(table).map(async ([name, load]) => `  ${name.padEnd(8)} ${(await load()).summary}`),
  );
  return [
    'l2l-gateway: turns PLC signals into L2L calls by the rules of a YAML file',
    '',
    `${program} COMMAND [FILE] [OPTIONS]`,
    '',
    ...lines,
    '',
    `${program} COMMAND --help says more; ${program} --version prints the version.`,
    `Exit codes: ${EXIT.ok} done; ${EXIT.failed} could not start, or failed; ${EXIT.badConfig} the config is not valid; ${EXIT.usage} the command line is wrong`,
  ].join('\n');
}
