import type { DatabaseSync } from 'node:sqlite';
import { query } from '../file/database.ts';

/** Deletes calls that no action names any more. Every method but `isDue` runs inside a write of the group commit. */
export interface CallPruner {
  /** Deletes this call if it has no actions, and then its predecessors. */
  drop(call: number | null): void;
  /** True: it is time to look for strays again. */
  isDue(now: number): boolean;
  /** Deletes strays, which are calls that were merged into another or released. True: there are more to look at. */
  dropStrays(now: number): boolean;
}

/** Calls that are looked at in one step. */
const CALLS = 100;
const STRAYS_EVERY = 3_600_000;

/** `keep`: strays that are older (ms) are deleted. */
export function createCallPruner(db: DatabaseSync, keep: number): CallPruner {
  // The newest call stays, so that its number is not given out again.
  const spentCall = query<{ predecessor: number | null }>(
    db,
    `SELECT predecessor FROM call
     WHERE id = ? AND state IN ('delivered', 'rejected', 'parked', 'released', 'dropped') AND id <> (SELECT max(id) FROM call)
       AND NOT EXISTS (SELECT 1 FROM action WHERE call = call.id) AND NOT EXISTS (SELECT 1 FROM call s WHERE s.predecessor = call.id)`,
  );
  const dropAttempts = query(db, 'DELETE FROM attempt WHERE call = ?');
  const dropCall = query(db, 'DELETE FROM call WHERE id = ?');
  const nextCalls = query<{ id: number; at: number }>(
    db,
    `SELECT id, created_at AS at FROM call WHERE id > ? ORDER BY id LIMIT ${CALLS}`,
  );
  /** Calls up to this id were checked for strays; the next check is at `straysAt`. */
  let seenCalls = 0;
  let straysAt = Number.NEGATIVE_INFINITY;

  function drop(call: number | null): void {
    for (let id = call; id !== null; ) {
      const spent = spentCall.get(id);
      if (!spent) return;
      dropAttempts.run(id);
      dropCall.run(id);
      id = spent.predecessor;
    }
  }

  return {
    drop,
    isDue: now => now >= straysAt,
    dropStrays(now) {
      const rows = nextCalls.all(seenCalls);
      for (const { id, at } of rows) {
        if (at >= now - keep) break;
        seenCalls = id;
        drop(id);
      }
      const more = rows.length === CALLS && rows.at(-1)?.id === seenCalls;
      if (!more) {
        seenCalls = 0;
        straysAt = now + STRAYS_EVERY;
      }
      return more;
    },
  };
}
