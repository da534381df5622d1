import type { HistoryReader } from '../core/history.ts';
import { openJournalFile, readOrSay } from '../journal/file/journal-file.ts';

/**
 * Reads the journal of a gateway that does not run, or does not answer. Nothing is written; `destination` is where the gateway
 * sends, null when nobody says. Throws a StartError that says what to do.
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
