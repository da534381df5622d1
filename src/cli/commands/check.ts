import { parseArgs } from 'node:util';
import { openCheckFile } from '../../app/check-file.ts';
import { saidAbout } from '../../config/compared.ts';
import { destinationOf } from '../../config/journal-place.ts';
import { type LoadedConfig, loadConfig } from '../../config/load.ts';
import { summary } from '../../config/summary.ts';
import { USUAL_CONFIG } from '../../core/command-line.ts';
import type { OnlineCheck } from '../../core/online-check.ts';
import { createTimeNotation } from '../../core/time-notation.ts';
import { type Command, EXIT, type Io, UsageError } from '../command.ts';
import { onlineSum, onlineTable } from '../online/table.ts';

const help = (program: string) => `Usage: ${program} check [FILE] [--online]

Checks a config and every file that it names. It reports all problems at once, each
with file, line and column. Of a valid config it shows the sources, where each signal
is read, what each rule sends to L2L, and how many calls an hour that makes. A WARNING
is valid but rarely what was meant; the gateway logs it at its start. The command
connects to no machine, opens nothing and sends nothing.

  FILE       the config; ${USUAL_CONFIG} when left out
  --online   also asks L2L: whether it has the site, in this time zone; whether the
             clock of this host is right; and whether each line, machine, type, trade,
             reason and product of the rules exists and is active, and each line takes
             production. It only reads. What the key may not read is "NOT CHECKED"

A running gateway in mode live asks the same at its start and every 6 hours. Without
--online the command shows the last answer, and of which time it is.

It looks up references such as \${L2L_API_KEY}: run it with the environment of the
gateway.

Exit codes: ${EXIT.ok} valid; ${EXIT.failed} --online got no answer of L2L; ${EXIT.badConfig} not valid, or --online found
something that L2L does not have; ${EXIT.usage} the command line is wrong`;

export const checkCommand: Command = {
  summary: 'checks a config, and shows what it does',
  help,
  async run(args, io) {
    const { out, env, readFile } = io;
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { online: { type: 'boolean', default: false } },
    });
    const [file = USUAL_CONFIG, ...more] = positionals;
    if (more.length > 0) throw new UsageError(`one file at a time, not ${positionals.length}`);
    const loaded = loadConfig(file, env, readFile);
    out(summary(loaded));
    return values.online ? online(loaded, io) : offline(loaded, io);
  },
};

async function online(loaded: LoadedConfig, io: Io): Promise<number> {
  const { codes } = loaded.compared;
  io.err(`asks ${loaded.config.l2l.url} about ${codes.length} ${codes.length === 1 ? 'code' : 'codes'} …`);
  // Without --online the command loads no HTTP stack.
  const { askOnline } = await import('../../app/ask-online.ts');
  const result = await askOnline(loaded, io.signal);
  if (result.kind === 'no answer') {
    io.out('');
    io.err(`L2L could not be asked: ${result.detail}`);
    offline(loaded, io);
    return EXIT.failed;
  }
  show(loaded, result.check, 'asked', io);
  return result.check.rows.some(({ state }) => state === 'wrong') ? EXIT.badConfig : EXIT.ok;
}

function offline(loaded: LoadedConfig, io: Io): number {
  const last = openCheckFile(loaded.dataFolder).read();
  if (last?.destination === destinationOf(loaded.config.l2l)) show(loaded, last, 'last asked', io);
  return EXIT.ok;
}

function show(loaded: LoadedConfig, check: OnlineCheck, asked: string, { out, columns }: Io): void {
  const { url, timezone } = loaded.config.l2l;
  const said = saidAbout(check.rows, loaded.compared);
  out('');
  out(`${url}, ${asked} ${createTimeNotation(timezone).people(check.at)}:`);
  for (const line of onlineTable(said, columns)) out(line);
  out('');
  out(onlineSum(said));
}
