import type { Priority } from './budget.ts';
import type { Client } from './client.ts';
import { type Envelope, type L2lRecord, numberField, recordsOf } from './envelope.ts';
import type { Fields } from './form.ts';
import { judge, type ReadFailure, readFailure } from './outcome.ts';

/** The result of a read. */
export type Read =
  | { readonly ok: true; readonly records: readonly L2lRecord[]; readonly envelope: Envelope }
  | { readonly ok: false; readonly outcome: ReadFailure };

/** Reads records of L2L. */
export interface Reader {
  /** `method` as in `machines/`. */
  read(method: string, query: Fields, signal: AbortSignal): Promise<Read>;
}

/** The records of all pages of a list, or of the first ones: `cut` when more may follow. */
export type Pages =
  | { readonly ok: true; readonly records: readonly L2lRecord[]; readonly cut: boolean }
  | { readonly ok: false; readonly outcome: ReadFailure };

/** Whether another page may follow. L2L may give shorter pages than `asked`, and says so in `limit`. */
export function hasMore({ records, envelope }: Extract<Read, { ok: true }>, asked = Number.POSITIVE_INFINITY): boolean {
  const limit = numberField(envelope.body, 'limit') ?? asked;
  return records.length > 0 && records.length >= Math.min(limit, asked);
}

/** Pages of a list that are read at most. */
const MOST_PAGES = 100;

/**
 * The whole list, in pages as long as L2L gives them. Only further pages are asked for with an offset, because not every method is
 * known to take one. `cut`: L2L gave the same page again, or there are too many.
 */
export async function readWhole(reader: Reader, method: string, query: Fields, signal: AbortSignal): Promise<Pages> {
  const records: L2lRecord[] = [];
  let last = '';
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const from = records.length === 0 ? {} : { offset: records.length };
    const read = await reader.read(method, { ...query, ...from }, signal);
    if (!read.ok) return read;
    const text = JSON.stringify(read.records);
    if (read.records.length > 0 && text === last) return { ok: true, records, cut: true };
    last = text;
    records.push(...read.records);
    if (!hasMore(read)) return { ok: true, records, cut: false };
  }
  return { ok: true, records, cut: true };
}

/** For a key without the right to read: no read leaves (`l2l.reads: never`). */
export const NO_READS: Reader = {
  read: () => Promise.resolve({ ok: false, outcome: { kind: 'retry', reason: 'unread', detail: UNREAD } }),
};
const UNREAD = 'L2L is not read, because the config says l2l.reads: never';

/** How often a read is tried while L2L says "not now". The budget keeps the pause that L2L asks for. */
const TRIES = 3;

/** HTTP 429, or words such as "rate limit exceeded" in an answer with HTTP 200. */
function isNotNow(verdict: ReturnType<typeof judge>): boolean {
  return verdict.kind === 'retry' && (verdict.reason === 'rate_limited' || verdict.reason === 'refused');
}

export function createReader(
  client: Pick<Client, 'get'>,
  transient: readonly string[],
  priority: Priority = 'look',
): Reader {
  return {
    async read(method, query, signal) {
      const ask = async () => judge(await client.get(method, query, priority, signal), { transient });
      let verdict = await ask();
      // A look may need many reads. It would never end if each read that is put off made it begin anew.
      for (let tries = 1; tries < TRIES && isNotNow(verdict) && !signal.aborted; tries += 1) verdict = await ask();
      if (verdict.kind !== 'success') {
        const outcome = readFailure(verdict);
        // A right may lack for one area alone.
        if (outcome.kind === 'halt')
          return { ok: false, outcome: { ...outcome, detail: `reading /${method}: ${outcome.detail}` } };
        return { ok: false, outcome };
      }
      return { ok: true, records: recordsOf(verdict.envelope), envelope: verdict.envelope };
    },
  };
}

/** Reads a list page by page: `size` records at a time, and not more than `most` pages. */
export async function readPages(
  reader: Reader,
  method: string,
  query: Fields,
  { size, most }: { readonly size: number; readonly most: number },
  signal: AbortSignal,
): Promise<Pages> {
  const records: L2lRecord[] = [];
  for (let page = 0; page < most; page += 1) {
    const read = await reader.read(method, { ...query, limit: size, offset: records.length }, signal);
    if (!read.ok) return read;
    records.push(...read.records);
    if (!hasMore(read, size)) return { ok: true, records, cut: false };
  }
  return { ok: true, records, cut: true };
}
