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

/** Whether another page may follow. L2L may give shorter pages than `asked`, and says so in `limit`. */
export function hasMore({ records, envelope }: Extract<Read, { ok: true }>, asked = Number.POSITIVE_INFINITY): boolean {
  const limit = numberField(envelope.body, 'limit') ?? asked;
  return records.length > 0 && records.length >= Math.min(limit, asked);
}

export function createReader(
  client: Pick<Client, 'get'>,
  transient: readonly string[],
  priority: Priority = 'look',
): Reader {
  return {
    async read(method, query, signal) {
      const verdict = judge(await client.get(method, query, priority, signal), { transient });
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
