import { nearest } from '../core/nearest.ts';
import { type Io, UsageError } from './command.ts';

/** Resolves to the exit code. */
export type Subcommand = (args: readonly string[], io: Io) => Promise<number>;

/** Runs what the first word names. */
export function runSubcommand(
  of: string,
  subcommands: Readonly<Record<string, Subcommand>>,
  args: readonly string[],
  io: Io,
): Promise<number> {
  const [name, ...rest] = args;
  const run = name !== undefined && Object.hasOwn(subcommands, name) ? subcommands[name] : undefined;
  if (run) return run(rest, io);
  const names = Object.keys(subcommands).join(', ');
  if (name === undefined) throw new UsageError(`say what: ${of} ${names}`);
  const near = nearest(name, Object.keys(subcommands));
  throw new UsageError(`${of} has no "${name}"; ${near ? `did you mean ${near}?` : `it has ${names}`}`);
}
