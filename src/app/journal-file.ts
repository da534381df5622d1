import type { Clock } from '../core/clock.ts';
import type { HistoryReader } from '../core/history.ts';
import type { Logger } from '../core/logger.ts';
import { openJournalFile, readOrSay } from '../journal/file/journal-file.ts';
import { type Adopted, adoptJournal } from '../journal/identity/adopt.ts';
import { COUNTING_KINDS } from '../rules/about-rules.ts';

/**
 * Reads the journal of a gateway that does not run, or does not answer. Writes nothing. `destination` is where the gateway sends, null when
 * it is not known. Throws a StartError that says what to do.
 */
export function readJournalFile(folder: string, destination: string | null): HistoryReader & Disposable {
  const file = openJournalFile(folder, destination);
  return {
    page: async wanted => readOrSay(folder, () => file.history.page(wanted)),
    records: async wanted => readOrSay(folder, () => file.history.records(wanted)),
    decisions: async wanted => readOrSay(folder, () => file.ruleDecisions.page(wanted)),
    runs: async ({ since, until }) => readOrSay(folder, () => file.ruleDecisions.runs(since, until, false)),
    names: async () => readOrSay(folder, () => file.history.names()),
    action: async id => readOrSay(folder, () => file.prospects.detail(id) ?? null),
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}

/**
 * Makes the copied or restored journal of a data folder the one that runs here. With `unmoved` it does so even when nothing distinguishes
 * it from the original. Throws a StartError when it can't.
 */
export function adoptJournalFile(folder: string, unmoved: boolean | undefined, clock: Clock, log: Logger): Adopted {
  return adoptJournal({ folder, now: clock.now(), log, counting: COUNTING_KINDS, unmoved });
}
