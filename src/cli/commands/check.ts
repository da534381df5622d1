import { parseArgs } from 'node:util';
import { loadConfig } from '../../config/load.ts';
import { summary } from '../../config/summary.ts';
import { type Command, EXIT, UsageError } from '../command.ts';

const DEFAULT_FILE = 'config/gateway.yaml';

const help = `l2l-gateway check [FILE]

Reads a config and everything it names, and says what is wrong with it: every problem at once, each with file, line and
column. If nothing is, it prints what the config comes to: sources, signals and where they are read, what each rule sends
L2L and where it does otherwise than others, and how many calls an hour that makes. What is valid and rarely meant is a
WARNING with its place; the gateway logs it when it starts. Nothing is connected, opened or sent.

FILE    the config; without it ${DEFAULT_FILE}

References such as \${L2L_API_KEY} are looked up, so run it with the environment of the gateway.

Exit codes: ${EXIT.ok} valid; ${EXIT.badConfig} not valid; ${EXIT.usage} the command line was not understood`;

export const checkCommand: Command = {
  summary: 'says whether a config is valid, and what it comes to',
  help,
  async run(args, { out, env, readFile }) {
    const { positionals } = parseArgs({ args: [...args], allowPositionals: true, options: {} });
    const [file = DEFAULT_FILE, ...more] = positionals;
    if (more.length > 0) throw new UsageError(`one file at a time, not ${positionals.length}`);
    out(summary(loadConfig(file, env, readFile)));
    return EXIT.ok;
  },
};
