import { resolve } from 'node:path';

/** The config that a command line without a config means. */
export const USUAL_CONFIG = 'config/gateway.yaml';

/** Names the gateway of a command. Without both: the gateway of the usual config. */
export type NamedGateway = {
  /** The path of its config. */
  readonly file?: string;
  /** The path of its data folder; then no config is needed. */
  readonly data?: string;
};

/** Writes a command such as `queue list`, so that it works when a person pastes it in the present folder. */
export type CommandLine = (words: string) => string;

type Environment = Readonly<Record<string, string | undefined>>;

/** Writes commands for the gateway that the person named: `bin/l2l-gateway queue list config/my.yaml`. */
export function commandLine({ file, data }: NamedGateway, env: Environment = process.env): CommandLine {
  const named = [
    ...(file === undefined || file === USUAL_CONFIG ? [] : [quoted(file)]),
    ...(data === undefined ? [] : ['--data', quoted(data)]),
  ];
  return words => [quoted(programName(env)), words, ...named].join(' ');
}

/**
 * The program as the person typed it; bin/l2l-gateway sets the variable. When it was started in another way, as in a container, the whole
 * path.
 */
export function programName(env: Environment): string {
  return env.L2L_GATEWAY_COMMAND || resolve(import.meta.dirname, '../../bin/l2l-gateway');
}

/** Writes a text as one word of a shell. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
