import { adopt } from '../../app/adopt.ts';
import { systemClock } from '../../core/clock.ts';
import { silentLogger } from '../../core/logger.ts';
import { EXIT, type Io } from '../command.ts';
import { readArguments } from '../records/arguments.ts';
import { placeOf } from '../records/source.ts';

/**
 * `l2l-gateway journal adopt [FILE] [--yes]`: a journal that was copied, or put back from a backup, is used here from now on. Resolves to
 * the exit code; throws a StartError when it can't, with what to do.
 */
export async function journalAdopt(args: readonly string[], io: Io): Promise<number> {
  const { whose, values } = readArguments(args, ['yes'], 'none');
  const { dataFolder } = placeOf(whose, io);
  const { id, parked, forgotten } = adopt(dataFolder, values.yes, systemClock(), silentLogger);
  io.out(`the journal in ${dataFolder} is used here from now on, as ${id}`);
  io.out(
    `parked, because it may have been sent to L2L since: ${parked}${parked > 0 ? '; queue list shows them: look into L2L, then retry or drop' : ''}`,
  );
  io.out(`counters that start from what they show: those of ${forgotten} ${forgotten === 1 ? 'rule' : 'rules'}`);
  io.out('never run the gateway on the copy and on the original: both would send to L2L');
  return EXIT.ok;
}
