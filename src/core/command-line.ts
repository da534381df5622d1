import { resolve } from 'node:path';

/** The config of a command line that names none. */
export const USUAL_CONFIG = 'config/gateway.yaml';

/** Which gateway a command is for. Nothing named: the one of the usual config. */
export type NamedGateway = {
  /** Its config. */
  readonly file?: string;
  /** Its data folder, which needs no config. */
  readonly data?: string;
};

/** Writes a command such as `queue list` so that it works when a person pastes it in the folder he is in. */
export type CommandLine = (words: string) => string;

type Environment = Readonly<Record<string, string | undefined>>;

/** Commands for the gateway that the person named: `bin/l2l-gateway queue list config/my.yaml`. */
export function commandLine({ file, data }: NamedGateway, env: Environment = process.env): CommandLine {
  const named = [
    ...(file === undefined || file === USUAL_CONFIG ? [] : [quoted(file)]),
    ...(data === undefined ? [] : ['--data', quoted(data)]),
  ];
  return words => [quoted(programName(env)), words, ...named].join(' ');
}

/** The program as the person typed it; bin/l2l-gateway sets the variable. Started in another way, as in a container: its whole path. */
export function programName(env: Environment): string {
  return env.L2L_GATEWAY_COMMAND || resolve(import.meta.dirname, '../../bin/l2l-gateway');
}

/** As one word of a shell. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
