import { type HistoryEntry, type HistoryQuery, type HistoryReader, LARGEST_PAGE } from '../../core/history.ts';

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
