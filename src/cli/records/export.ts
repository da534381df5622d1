import { type HistoryQuery, type HistoryReader, LARGEST_PAGE } from '../../core/history.ts';
import { EXIT, type Io } from '../command.ts';
import { decisionLine, toLine } from './json-line.ts';
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
  return wanted.machine === undefined && wanted.kind === undefined && wanted.states === undefined
    ? await exportDecisions({ reader, times }, wanted, io)
    : EXIT.ok;
}

/** What the rules decided: after the actions, oldest first. */
async function exportDecisions(
  { reader, times }: Pick<Source, 'reader' | 'times'>,
  { rule, since, until }: Omit<HistoryQuery, 'limit'>,
  io: Io,
): Promise<number> {
  const span = {
    ...(rule !== undefined && { rule }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  };
  let after: Awaited<ReturnType<HistoryReader['decisions']>>['next'] = null;
  do {
    const page = await reader.decisions({ ...span, ...(after && { after }), limit: LARGEST_PAGE });
    const lines = page.entries.map(decision => decisionLine(decision, times));
    if (lines.length > 0) io.out(lines.join('\n'));
    if (io.signal.aborted || (await io.taken?.()) === false) return EXIT.failed;
    after = page.next;
  } while (after !== null);
  return EXIT.ok;
}
