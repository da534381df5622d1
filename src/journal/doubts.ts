import type { DatabaseSync } from 'node:sqlite';
import { query } from './database.ts';

/** What was sent again although nobody could tell whether L2L had taken it before. */
export type Doubts = {
  /** How many calls before this one told the same and ended undecided. */
  before(call: number): number;
  /** Whether a call of this waiting action ended undecided: L2L may have taken it. */
  of(action: number): boolean;
};

export const MAY_BE_THERE = 'L2L may have taken it when it was sent before';

export function createDoubts(db: DatabaseSync): Doubts {
  const count = query<{ n: number }>(
    db,
    `WITH RECURSIVE former (id, reason) AS (
       SELECT id, NULL FROM call WHERE id = ?
       UNION ALL SELECT c.id, c.reason FROM former JOIN call l ON l.id = former.id JOIN call c ON c.id = l.predecessor WHERE c.state = 'released')
     SELECT count(*) AS n FROM former WHERE reason = 'undecided'`,
  );
  const readLast = query<{ id: number; reason: string | null }>(
    db,
    "SELECT c.id, c.reason FROM action a JOIN call c ON c.id = a.call WHERE a.id = ? AND c.state = 'released'",
  );
  const before = (call: number) => count.get(call)?.n ?? 0;
  return {
    before,
    of(action) {
      const last = readLast.get(action);
      return last !== undefined && (last.reason === 'undecided' || before(last.id) > 0);
    },
  };
}
