import { nearest } from '../core/nearest.ts';
import type { CheckRow, CodeSubject, SentCode } from '../core/online-check.ts';
import { CODE_AREAS, isFalse } from './code-areas.ts';
import { type L2lRecord, textField } from './envelope.ts';
import type { ReadFailure } from './outcome.ts';
import { type Reader, readPages } from './reader.ts';

type Compared =
  | { readonly ok: true; readonly rows: readonly CheckRow[] }
  | { readonly ok: false; readonly outcome: ReadFailure };

/** A list is read up to this length. What is not in it, the gateway asks for by code. */
const PAGES = { size: 2000, most: 5 };
/** So many codes of an area are asked for one by one at most. Each one is a call. */
const MOST_SINGLE = 200;

const OPEN = 'the values of signals are a part of this code, so it can be compared only when it is sent';
const TOO_MANY = 'not asked, because there are too many codes';

/** Compares the codes of one kind with the records of L2L. */
export async function compareCodes(
  reader: Reader,
  site: number,
  what: CodeSubject,
  sent: readonly SentCode[],
  signal: AbortSignal,
): Promise<Compared> {
  const { method, fields = [], few } = CODE_AREAS[what];
  const codes = sent.flatMap(({ code, open }) => (open ? [] : [code]));
  const query = { site, fields: ['code', 'active', ...fields].join(',') };
  const found = new Map<string, L2lRecord>();
  const keep = (records: readonly L2lRecord[]) => {
    for (const record of records) found.set(textField(record, 'code') ?? '', record);
  };
  const missing = () => codes.filter(code => !found.has(code));
  let isWhole = false;

  async function list(): Promise<ReadFailure | null> {
    const read = await readPages(reader, method, { ...query, order_by: 'id' }, PAGES, signal);
    if (!read.ok) return read.outcome;
    keep(read.records);
    isWhole = !read.cut;
    return null;
  }

  async function single(): Promise<ReadFailure | null> {
    for (const code of missing().slice(0, MOST_SINGLE)) {
      const read = await reader.read(method, { ...query, code }, signal);
      if (!read.ok) return read.outcome;
      keep(read.records);
      asked.add(code);
    }
    return null;
  }

  const asked = new Set<string>();
  const isListed = codes.length > few;
  let failure = isListed ? await list() : null;
  if (failure === null && !isWhole) failure = await single();
  // The list has the codes that a person may have meant.
  if (failure === null && !isListed && missing().length > 0) failure = await list();
  if (failure !== null) return { ok: false, outcome: failure };

  const known = [...found.keys()].filter(code => code !== '');
  const rows = sent.map((one): CheckRow => {
    const { code, open } = one;
    if (open) return { what, code, state: 'unchecked', words: OPEN };
    const record = found.get(code);
    if (record !== undefined) return rowOf(what, one, record);
    return isWhole || asked.has(code)
      ? { what, code, state: 'wrong', words: unknownWords(what, code, known) }
      : { what, code, state: 'unchecked', words: TOO_MANY };
  });
  return { ok: true, rows };
}

function rowOf(what: CodeSubject, sent: SentCode, record: L2lRecord): CheckRow {
  const { code } = sent;
  const words = isFalse(record.active)
    ? 'not active in L2L; activate it there, or write another code'
    : CODE_AREAS[what].lack?.(record, sent);
  return { what, code, state: words === undefined ? 'good' : 'wrong', words: words ?? '' };
}

function unknownWords(what: CodeSubject, code: string, known: readonly string[]): string {
  const { unknown } = CODE_AREAS[what];
  const meant = nearest(code, known);
  const next = meant === undefined ? 'correct the code, or set it up in L2L' : `did you mean \`${meant}\`?`;
  return `L2L does not have it${unknown === undefined ? '' : ` (${unknown})`}; ${next}`;
}
