import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import {
  type HistoryAttempt,
  type HistoryCall,
  type HistoryEntry,
  type HistoryPage,
  type HistoryQuery,
  type HistoryRecord,
  type KnownNames,
  LARGEST_PAGE,
  type StoredState,
} from '../../core/history.ts';
import { isOfEpisode } from '../calls/kinds.ts';
import { type Query, query } from '../file/database.ts';
import { namesReader } from './names.ts';
import {
  type EntryRow,
  entryOf,
  type HistoryCallRow,
  historyCallOf,
  SELECT_ENTRY,
  SELECT_HISTORY_CALL,
} from './rows.ts';

/** The sent actions and their causes, in pages of a few milliseconds each. So a read of a million rows delays no call. */
export interface History {
  page(wanted: HistoryQuery): HistoryPage<HistoryEntry>;
  /** Like `page`, but each action has its calls and their attempts. */
  records(wanted: HistoryQuery): HistoryPage<HistoryRecord>;
  entry(id: number): HistoryEntry | undefined;
  record(entry: HistoryEntry): HistoryRecord;
  /** The other actions of its episode and of its call, oldest first. */
  others(entry: HistoryEntry, limit: number): readonly HistoryEntry[];
  /** The rules with a state or a decision, and the rules, machines and lines of the newest actions. */
  names(): KnownNames;
}

/** Most rows that a page reads in its search. */
const ROWS_A_PAGE = 5000;
/** Most attempts in a page of records, because a call over days has thousands. */
const ATTEMPTS_A_PAGE = 5000;
const ATTEMPTS_A_CALL = 200;
/** Most calls of an action, one after the other. */
const MOST_PREDECESSORS = 20;

/** States of the partial index `action_unsettled`. SQLite uses it only when the query has its condition word for word. */
const INDEXED: ReadonlySet<StoredState> = new Set(['waiting', 'in_call', 'dead', 'parked', 'shadow']);
const IS_INDEXED = "a.state IN ('waiting', 'in_call', 'dead', 'parked', 'shadow')";

export function createHistory(db: DatabaseSync): History {
  const statements = new Map<string, Query<never>>();
  const readEntry = query<EntryRow>(db, `${SELECT_ENTRY} WHERE a.id = ?`);
  const readCall = query<HistoryCallRow>(db, `${SELECT_HISTORY_CALL} WHERE id = ?`);
  const readAttempts = query<HistoryAttempt>(
    db,
    'SELECT attempt, at, state, reason, detail, answer FROM attempt WHERE call = ? ORDER BY id DESC LIMIT ?',
  );
  const countAttempts = query<{ n: number }>(db, 'SELECT count(*) AS n FROM attempt WHERE call = ?');
  const readOthers = query<EntryRow>(
    db,
    `${SELECT_ENTRY} WHERE a.id <> ?1 AND a.id IN (
       SELECT id FROM action WHERE chain = ?2 AND ${isOfEpisode('kind')}
       UNION SELECT id FROM action WHERE call = ?3)
     ORDER BY a.id LIMIT ?4`,
  );

  /** Each text is prepared once. The states and the direction are part of the text, so that SQLite uses the index. */
  function statement<Row>(sql: string): Query<Row> {
    const known = statements.get(sql) ?? query<never>(db, sql);
    statements.set(sql, known);
    // The text is the key and determines the shape of a row, so each text is used with one shape only.
    return known as unknown as Query<Row>;
  }

  /** One stretch of rows; all have the same state when the index has it. It gives the matching rows and the last id that was read. */
  function stretch(of: string, wanted: HistoryQuery, limit: number) {
    const down = wanted.newestFirst === true;
    const beyond = down ? '<' : '>';
    const order = `ORDER BY a.id ${down ? 'DESC' : 'ASC'}`;
    const start = wanted.after ?? (down ? Number.MAX_SAFE_INTEGER : 0);
    const edge = statement<{ id: number }>(
      `SELECT a.id FROM action a WHERE ${of} AND a.id ${beyond} ? ${order} LIMIT 1 OFFSET ${ROWS_A_PAGE - 1}`,
    ).get(start);
    const { sql, values } = filter(wanted);
    const rows = statement<EntryRow>(
      `${SELECT_ENTRY} WHERE ${of} AND a.id ${beyond} ? ${edge ? `AND a.id ${down ? '>' : '<'}= ?` : ''} ${sql} ${order} LIMIT ?`,
    ).all(start, ...(edge ? [edge.id] : []), ...values, limit);
    const last = rows.at(-1);
    if (last && rows.length === limit) return { rows, upTo: last.id };
    return { rows, upTo: edge ? edge.id : null };
  }

  function page(wanted: HistoryQuery): HistoryPage<HistoryEntry> {
    const limit = Math.max(1, Math.min(wanted.limit, LARGEST_PAGE));
    const compare = wanted.newestFirst ? (a: number, b: number) => b - a : (a: number, b: number) => a - b;
    const stretches = groups(wanted.states).map(of => stretch(of, wanted, limit));
    // Rows of one stretch that are still unread may come before rows of another one.
    const [safe] = stretches.flatMap(({ upTo }) => upTo ?? []).sort(compare);
    const rows = stretches
      .flatMap(({ rows }) => rows)
      .filter(({ id }) => safe === undefined || compare(id, safe) <= 0)
      .sort((a, b) => compare(a.id, b.id));
    const entries = rows.slice(0, limit);
    const next = rows.length > limit ? entries.at(-1)?.id : safe;
    return { entries: entries.map(entryOf), next: next ?? null };
  }

  function callsOf(first: number | undefined, known: Map<number, HistoryCall>): HistoryCall[] {
    const calls: HistoryCall[] = [];
    let id = first ?? null;
    while (id !== null && calls.length < MOST_PREDECESSORS) {
      const call: HistoryCall | undefined = known.get(id) ?? readOne(id);
      if (!call) break;
      known.set(id, call);
      calls.push(call);
      id = call.predecessor;
    }
    return calls;
  }

  function readOne(id: number): HistoryCall | undefined {
    const row = readCall.get(id);
    if (!row) return undefined;
    const attempts = readAttempts.all(id, ATTEMPTS_A_CALL).reverse();
    const all = attempts.length < ATTEMPTS_A_CALL ? attempts.length : (countAttempts.get(id)?.n ?? 0);
    return historyCallOf(row, attempts, all - attempts.length);
  }

  return {
    page,
    records(wanted) {
      const { entries, next } = page(wanted);
      const known = new Map<number, HistoryCall>();
      const records: HistoryRecord[] = [];
      let attempts = 0;
      for (const entry of entries) {
        const calls = callsOf(entry.call?.id, known);
        attempts += calls.reduce((sum, call) => sum + call.attempts.length, 0);
        if (records.length > 0 && attempts > ATTEMPTS_A_PAGE)
          return { entries: records, next: records.at(-1)?.id ?? null };
        records.push({ ...entry, calls });
      }
      return { entries: records, next };
    },
    entry(id) {
      const row = readEntry.get(id);
      return row && entryOf(row);
    },
    record: entry => ({ ...entry, calls: callsOf(entry.call?.id, new Map()) }),
    others: (entry, limit) => readOthers.all(entry.id, entry.chain, entry.call?.id ?? null, limit).map(entryOf),
    names: namesReader(db),
  };
}

/** Conditions whose rows can be read in the order of their ids: one for each state of the index, otherwise one for all rows. */
function groups(states: readonly StoredState[] | undefined): readonly string[] {
  if (!states) return ['1 = 1'];
  const wanted = [...new Set(states)];
  const settled = wanted.filter(state => !INDEXED.has(state));
  return [
    ...wanted.filter(state => INDEXED.has(state)).map(state => `${IS_INDEXED} AND a.state = '${state}'`),
    ...(settled.length > 0 ? [`a.state IN (${settled.map(state => `'${state}'`).join(', ')})`] : []),
  ];
}

function filter(wanted: HistoryQuery): { readonly sql: string; readonly values: readonly SQLInputValue[] } {
  const { rule, machine, kind, since, until } = wanted;
  const parts: (readonly [string, SQLInputValue | undefined])[] = [
    ['a.rule = ?', rule],
    // The lane is `dispatch:`, `cycles:` or `production:`, followed by the code.
    ["substr(a.lane, instr(a.lane, ':') + 1) = ?", machine],
    ['a.kind = ?', kind],
    ['a.at >= ?', since],
    ['a.at <= ?', until],
  ];
  const set = parts.filter((part): part is readonly [string, SQLInputValue] => part[1] !== undefined);
  return { sql: set.map(([sql]) => `AND ${sql}`).join(' '), values: set.map(([, value]) => value) };
}
