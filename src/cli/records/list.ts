import { type HistoryEntry, type HistoryQuery, type HistoryReader, LARGEST_PAGE } from '../../core/history.ts';
import { EXIT, type Io } from '../command.ts';
import { readArguments } from './arguments.ts';
import { toLine } from './export.ts';
import { page } from './page.ts';
import { withHistory } from './source.ts';

export type Listed = { readonly entries: readonly HistoryEntry[]; readonly more: boolean };

/** Collects up to `limit` entries, page by page; without one more to say whether there is more. */
export async function collect(
  reader: HistoryReader,
  wanted: Omit<HistoryQuery, 'limit'>,
  limit: number,
  signal: AbortSignal,
): Promise<Listed> {
  const entries: HistoryEntry[] = [];
  let after = wanted.after;
  while (!signal.aborted) {
    const size = Math.min(LARGEST_PAGE, limit + 1 - entries.length);
    const read = await reader.page({ ...wanted, ...(after !== undefined && { after }), limit: size });
    entries.push(...read.entries);
    if (entries.length > limit) return { entries: entries.slice(0, limit), more: true };
    if (read.next === null) break;
    after = read.next;
  }
  return { entries, more: false };
}

/** `queue show` and `journal show`. */
export async function show(args: readonly string[], io: Io): Promise<number> {
  const { whose, ids, values } = readArguments(args, ['json'], 'one');
  return withHistory(whose, io, async ({ reader, times }) => {
    const action = await reader.action(ids[0] ?? 0);
    if (!action) {
      io.err(`the journal has no action ${ids[0]}; queue list and journal list show the numbers`);
      return EXIT.failed;
    }
    io.out(values.json ? toLine(action) : page(action, times, io.columns).join('\n'));
    return EXIT.ok;
  });
}
