import { adopt } from '../app/adopt.ts';
import { loadConfig } from '../config/load.ts';
import { systemClock } from '../core/clock.ts';
import { silentLogger } from '../core/logger.ts';
import { EXIT, type Io, UsageError } from './command.ts';

/**
 * `l2l-gateway journal adopt [FILE]`: a journal that was copied, or put back from a backup, is used here from now on. Resolves to
 * the exit code; throws a StartError when it can't, with what to do.
 */
export async function journalAdopt(args: readonly string[], io: Io): Promise<number> {
  if (args.length > 1) throw new UsageError(`journal adopt takes one file, not ${args.length}`);
  const loaded = loadConfig(args[0] ?? 'config/gateway.yaml', io.env, io.readFile);
  const { id, parked, forgotten } = adopt(loaded, systemClock(), silentLogger);
  io.out(`the journal in ${loaded.dataFolder} is used here from now on, as ${id}`);
  io.out(`parked, because L2L may have been told since: ${parked} (see /status); see to them in L2L`);
  io.out(`counters that start from what they show: those of ${forgotten} ${forgotten === 1 ? 'rule' : 'rules'}`);
  io.out('never run the gateway on the copy and on the original: both would tell L2L');
  return EXIT.ok;
}
