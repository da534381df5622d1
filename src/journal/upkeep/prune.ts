import type { DatabaseSync } from 'node:sqlite';
import { anchors, ends, opens } from '../calls/kinds.ts';
import { query } from '../file/database.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import { createCallPruner } from './prune-calls.ts';

/** How much history the journal keeps. */
export type Bounds = {
  /** Actions that ended longer ago than this are deleted (ms). */
  readonly keep: number;
  /** Bytes of the file that may be in use. Beyond that, history is deleted; undelivered actions stay [J9]. */
  readonly maxSize: number;
  /** Decisions of rules that are older than this are deleted (ms). Left out: the same as `keep`. */
  readonly keepDecisions?: number;
};

/** Deletes history from the journal, oldest first, a little at a time [J9]. It never touches an action that has not ended. */
export interface Pruner {
  /**
   * Works for at most `ms`. Deletes old history, and the oldest history while the file uses more than `bytes`. True: there is more to
   * delete.
   */
  step(now: number, ms: number, bytes: number): boolean;
  /** Bytes of the file in use. */
  used(): number;
}

/** The actions of one query. Each is deleted by itself, so a step ends in time. */
const BATCH = 32;
/** The most decisions of rules that are kept: about 60 MB. */
const MOST_DECISIONS = 200_000;

// The close of an episode is deleted last, because an open without its close would count as an active episode. The open stays until the
// episode is over, and as long as another episode holds the dispatch that it opened. An absolute count stays while it is the newest of its
// chain, because later counts need it as anchor.
const MAY_GO = `
  CASE
    WHEN ${opens('kind')} THEN
      EXISTS (SELECT 1 FROM action c WHERE c.chain = action.chain AND ${ends('c.kind')} AND c.state IN ('delivered', 'nothing', 'dropped', 'shadow'))
      AND (action.result IS NULL OR NOT EXISTS (
        SELECT 1 FROM action o
        WHERE ${opens('o.kind')} AND o.result IS NOT NULL AND o.id <> action.id
          AND json_extract(o.result, '$.dispatchId') = json_extract(action.result, '$.dispatchId')
          AND NOT EXISTS (SELECT 1 FROM action c WHERE c.chain = o.chain AND ${ends('c.kind')} AND c.state IN ('delivered', 'nothing', 'dropped'))))
    WHEN ${ends('kind')} THEN NOT EXISTS (SELECT 1 FROM action o WHERE o.chain = action.chain AND ${opens('o.kind')})
    WHEN ${anchors('kind')} THEN state <> 'delivered' OR EXISTS (
      SELECT 1 FROM action n
      WHERE n.chain = action.chain AND ${anchors('n.kind')} AND n.id > action.id AND n.state = 'delivered' AND n.destination = action.destination)
    ELSE 1
  END`;

export function createPruner(db: DatabaseSync, group: GroupCommit, bounds: Bounds): Pruner {
  type Old = { readonly id: number; readonly call: number | null; readonly at: number };
  const oldestSettled = query<Old>(
    db,
    `SELECT id, call, settled_at AS at FROM action WHERE state IN ('delivered', 'nothing', 'dropped') AND ${MAY_GO} ORDER BY settled_at LIMIT ${BATCH}`,
  );
  const oldestShadow = query<Old>(
    db,
    `SELECT id, call, created_at AS at FROM action WHERE state = 'shadow' AND ${MAY_GO} ORDER BY id LIMIT ${BATCH}`,
  );
  const oldestEvents = query<Old>(db, `SELECT id, NULL AS call, at FROM event ORDER BY id LIMIT ${BATCH}`);
  const oldestDecisions = query<Old>(db, `SELECT id, NULL AS call, at FROM decision ORDER BY id LIMIT ${BATCH}`);
  const newestDecision = query<{ id: number | null }>(db, 'SELECT max(id) AS id FROM decision');
  const dropDecision = query(db, 'DELETE FROM decision WHERE id = ?');
  const dropAction = query(db, 'DELETE FROM action WHERE id = ?');
  const dropEvent = query(db, 'DELETE FROM event WHERE id = ?');
  const inUse = query<{ bytes: number }>(
    db,
    `SELECT (page_count - freelist_count) * page_size AS bytes FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()`,
  );
  const calls = createCallPruner(db, bounds.keep);

  type Kind = {
    readonly read: () => readonly Old[];
    readonly drop: (old: Old) => void;
    /** These are deleted even when there is room. */
    readonly isOver: (old: Old, now: number) => boolean;
  };
  const isOld = ({ at }: Old, now: number) => at < now - bounds.keep;
  const kinds: readonly Kind[] = [
    { read: () => oldestSettled.all(), drop: dropSettled, isOver: isOld },
    { read: () => oldestShadow.all(), drop: old => void dropAction.run(old.id), isOver: isOld },
    { read: () => oldestEvents.all(), drop: old => void dropEvent.run(old.id), isOver: isOld },
    { read: () => oldestDecisions.all(), drop: old => void dropDecision.run(old.id), isOver: isDecisionOver },
  ];

  function isDecisionOver({ id, at }: Old, now: number): boolean {
    const { keepDecisions = bounds.keep } = bounds;
    // Ids rise by one and the oldest rows are deleted first, so the distance of two ids is the number of rows.
    return at < now - keepDecisions || (newestDecision.get()?.id ?? 0) - id >= MOST_DECISIONS;
  }

  function dropSettled({ id, call }: Old): void {
    dropAction.run(id);
    calls.drop(call);
  }

  /** A batch of a kind that exceeds its bounds. When room is needed: the oldest batch of all kinds. null: there is nothing to delete. */
  function batch(now: number, bytes: number) {
    const all = kinds.flatMap(kind => {
      const rows = kind.read();
      const [first] = rows;
      return first ? [{ ...kind, rows, first }] : [];
    });
    const over = all.find(({ first, isOver }) => isOver(first, now));
    if (over) return over;
    const [oldest] = all.sort((a, b) => a.first.at - b.first.at);
    return oldest && used() > bytes ? oldest : null;
  }

  function used(): number {
    return inUse.get()?.bytes ?? 0;
  }

  return {
    used,
    step(now, ms, bytes) {
      const end = performance.now() + ms;
      const found = batch(now, bytes);
      if (!found && !calls.isDue(now)) return false;
      const { value: more } = group.write(() => {
        if (!found) return calls.dropStrays(now);
        for (const old of found.rows) {
          if (!found.isOver(old, now) && used() <= bytes) break;
          found.drop(old);
          if (performance.now() >= end) break;
        }
        return true;
      }, 'lazily');
      return more;
    },
  };
}
