import type { DatabaseSync } from 'node:sqlite';
import type {
  DecisionPage,
  DecisionPlace,
  DecisionQuery,
  DecisionRow,
  GatewayRuns,
  GatewayStart,
  RuleDecision,
} from '../../core/rule-decision.ts';
import { type Query, query } from '../file/database.ts';
import type { Meta } from '../file/meta.ts';

/** The decisions of rules, for people, in pages of a few milliseconds each. */
export interface RuleDecisions {
  page(wanted: DecisionQuery): DecisionPage;
  /** `isRunning`: the reader is the gateway that runs with this journal. */
  runs(since: number, until: number, isRunning: boolean): GatewayRuns;
}

const LARGEST_PAGE = 1000;
/** The longest time over which one row counts (ms). A row that began before that is outside the wanted time. */
const LONGEST_COUNT = 3_600_000;
/** How many starts are kept: enough for a day in which the gateway ends right after each start, every few seconds. */
const MOST_RUNS = 20_000;

type Row = {
  readonly id: number;
  readonly rule: string;
  readonly at: number;
  readonly kind: RuleDecision['kind'];
  readonly text: string;
  readonly shown: string;
  readonly count: number;
  readonly until: number | null;
};

const SELECT = 'SELECT id, rule, at, kind, text, shown, count, until FROM decision';

/** Writes rows in the open transaction. A row that counts replaces its former version. */
export function decisionWriter(db: DatabaseSync): (rows: readonly DecisionRow[]) => void {
  const insert = query(
    db,
    'INSERT INTO decision (rule, at, kind, text, shown, count, until, row) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const update = query(
    db,
    'UPDATE decision SET text = ?, shown = ?, count = ?, until = ? WHERE rule = ? AND at = ? AND kind = ? AND row = ?',
  );
  return rows => {
    for (const { rule, at, kind, text, values, count, until, row } of rows) {
      const shown = JSON.stringify(values);
      const isThere = row !== null && count > 1 && update.run(text, shown, count, until, rule, at, kind, row) > 0;
      if (!isThere) insert.run(rule, at, kind, text, shown, count, until, row);
    }
  };
}

/** Records the start of the gateway, in the transaction that opens the journal. */
export function noteRun(db: DatabaseSync, { startedAt, lastAliveAt }: GatewayStart): void {
  query(db, 'INSERT INTO run (started_at, last_alive_at) VALUES (?, ?)').run(startedAt, lastAliveAt);
  query(db, `DELETE FROM run WHERE id <= (SELECT max(id) FROM run) - ${MOST_RUNS}`).run();
}

export function createRuleDecisions(db: DatabaseSync, meta: Meta): RuleDecisions {
  const inOrder = query<Row>(db, `${SELECT} WHERE id > ? ORDER BY id LIMIT ?`);
  const oldestFirst = ofRule(db, '>', 'ASC');
  const latestFirst = ofRule(db, '<', 'DESC');
  const startsIn = query<{ started_at: number; last_alive_at: number | null }>(
    db,
    `SELECT started_at, last_alive_at FROM run
     WHERE started_at <= ?2 AND id >= coalesce((SELECT max(id) FROM run WHERE started_at < ?1), 0) ORDER BY id LIMIT 1000`,
  );

  return {
    page({ rule, since = -Infinity, until = Infinity, newestFirst = false, after, limit }) {
      const most = Math.max(1, Math.min(limit, LARGEST_PAGE));
      if (rule !== undefined) {
        const from: DecisionPlace = after ?? { at: newestFirst ? Infinity : -Infinity, id: 0 };
        const rows = (newestFirst ? latestFirst : oldestFirst).all(rule, since, until, from.at, from.id, most);
        return pageOf(rows, rows.length === most);
      }
      const read = inOrder.all(after?.id ?? 0, LARGEST_PAGE);
      const wanted = read.filter(({ at, until: last }) => at <= until && (last ?? at) >= since);
      const rows = wanted.slice(0, most);
      if (rows.length < wanted.length) return pageOf(rows, true);
      const last = read.at(-1);
      return { entries: rows.map(decisionOf), next: last && read.length === LARGEST_PAGE ? placeOf(last) : null };
    },
    runs: (since, until, isRunning) => ({
      starts: startsIn.all(since, until).map(run => ({ startedAt: run.started_at, lastAliveAt: run.last_alive_at })),
      stoppedAt: isRunning ? null : Number(meta.get('alive') ?? Number.NaN) || null,
    }),
  };
}

/** The rows of one rule by time. A row that counts belongs to the whole time over which it counted. */
function ofRule(db: DatabaseSync, beyond: '>' | '<', order: 'ASC' | 'DESC'): Query<Row> {
  return query<Row>(
    db,
    `${SELECT} WHERE rule = ?1 AND at <= ?3 AND at >= ?2 - ${LONGEST_COUNT} AND coalesce(until, at) >= ?2 AND (at, id) ${beyond} (?4, ?5)
     ORDER BY at ${order}, id ${order} LIMIT ?6`,
  );
}

function pageOf(rows: readonly Row[], isFull: boolean): DecisionPage {
  const last = rows.at(-1);
  return { entries: rows.map(decisionOf), next: isFull && last ? placeOf(last) : null };
}

function placeOf({ at, id }: Row): DecisionPlace {
  return { at, id };
}

function decisionOf({ rule, at, kind, text, shown, count, until }: Row): RuleDecision {
  return { rule, at, kind, text, values: JSON.parse(shown), count, until };
}
