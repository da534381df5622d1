import { type HistoryEntry, type HistoryQuery, type HistoryReader, LARGEST_PAGE } from '../../core/history.ts';
import type { Source } from './source.ts';

/** What stands below a list: how to see more of it, the zone of its times, and the command that shows one of its actions. */
export function footer(
  of: 'queue' | 'journal',
  { times, commandLine }: Pick<Source, 'times' | 'commandLine'>,
  shown: number,
  more: string | null,
): string {
  const notes = [...(more === null ? [] : [more]), `times in ${times.zone}`];
  return `\n${notes.join('; ')}; everything about ${shown}:\n  ${commandLine(`${of} show ${shown}`)}`;
}

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
