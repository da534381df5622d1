import { type HistoryQuery, type HistoryReader, LARGEST_PAGE } from '../../core/history.ts';
import { EXIT, type Io } from '../command.ts';
import { toLine } from './json-line.ts';
import type { Source } from './source.ts';

/**
 * Writes the actions wanted with their calls and attempts, a JSON object a line, oldest first. A page at a time, and no faster than
 * it is read: memory and the gateway are the same with a million of them.
 */
export async function exportRecords(
  { reader, times }: Pick<Source, 'reader' | 'times'>,
  wanted: Omit<HistoryQuery, 'limit'>,
  io: Io,
): Promise<number> {
  let next: number | null = wanted.after ?? 0;
  while (next !== null) {
    const page: Awaited<ReturnType<HistoryReader['records']>> = await reader.records({
      ...wanted,
      after: next,
      limit: LARGEST_PAGE,
    });
    const lines = page.entries.map(entry => toLine(entry, times));
    if (lines.length > 0) io.out(lines.join('\n'));
    if (io.signal.aborted || (await io.taken?.()) === false) return EXIT.failed;
    next = page.next;
  }
  return EXIT.ok;
}
