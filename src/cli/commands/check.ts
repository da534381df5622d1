import { parseArgs } from 'node:util';
import { loadConfig } from '../../config/load.ts';
import { summary } from '../../config/summary.ts';
import { USUAL_CONFIG } from '../../core/command-line.ts';
import { type Command, EXIT, UsageError } from '../command.ts';

const help = (program: string) => `Usage: ${program} check [FILE]

Checks a config and every file that it names. It reports all problems at once, each
with file, line and column. Of a valid config it shows the sources, where each signal
is read, what each rule sends to L2L, and how many calls an hour that makes. A WARNING
is valid but rarely what was meant; the gateway logs it at its start. The command
connects to nothing, opens nothing and sends nothing.

  FILE   the config; ${USUAL_CONFIG} when left out

It looks up references such as \${L2L_API_KEY}: run it with the environment of the
gateway.

Exit codes: ${EXIT.ok} valid; ${EXIT.badConfig} not valid; ${EXIT.usage} the command line is wrong`;

export const checkCommand: Command = {
  summary: 'checks a config, and shows what it does',
  help,
  async run(args, { out, env, readFile }) {
    const { positionals } = parseArgs({ args: [...args], allowPositionals: true, options: {} });
    const [file = USUAL_CONFIG, ...more] = positionals;
    if (more.length > 0) throw new UsageError(`one file at a time, not ${positionals.length}`);
    out(summary(loadConfig(file, env, readFile)));
    return EXIT.ok;
  },
};
