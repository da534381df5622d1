import { adoptJournalFile } from '../../app/journal-file.ts';
import { systemClock } from '../../core/clock.ts';
import { commandLine } from '../../core/command-line.ts';
import { silentLogger } from '../../core/logger.ts';
import { EXIT, type Io } from '../command.ts';
import { readArguments } from '../records/arguments.ts';
import { placeOf } from '../records/source.ts';

/**
 * `journal adopt`: a journal that was copied, or put back from a backup, is used here from now on. Resolves to the exit code. Throws a
 * StartError that says what to do when this is not possible.
 */
export async function journalAdopt(args: readonly string[], io: Io): Promise<number> {
  const { gateway, values } = readArguments(args, ['yes'], 'none');
  const { dataFolder } = placeOf(gateway, io);
  const { id, parked, forgotten } = adoptJournalFile(dataFolder, values.yes, systemClock(), silentLogger);
  io.out(`the journal in ${dataFolder} is used here from now on, as ${id}`);
  io.out(`parked, because L2L may have got them since: ${parked === 1 ? '1 action' : `${parked} actions`}`);
  if (parked > 0) io.out(`look into L2L, then retry or drop each:\n  ${commandLine(gateway, io.env)('queue list')}`);
  io.out(`rules whose counters start from what the counters show now: ${forgotten}`);
  io.out('never run a gateway on the copy and on the original: both would send to L2L');
  return EXIT.ok;
}
