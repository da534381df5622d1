import type { DatabaseSync } from 'node:sqlite';
import { query } from '../file/database.ts';

/**
 * What was sent again although nobody knew whether L2L had taken it before. Each action counts its own: its next call may also
 * send others, which were never in doubt.
 */
export type Doubts = {
  /** How many calls before this one sent one of its actions and ended undecided. */
  before(call: number): number;
};

/**
 * SQL: what an action becomes that L2L refuses or that is too old. The parameter says why. A dead letter is what L2L certainly does not
 * have: a person may send all of them again without a look.
 */
export const REFUSE = `state = CASE WHEN doubts > 0 THEN 'parked' ELSE 'dead' END,
  detail = ? || CASE WHEN doubts > 0 THEN '; L2L may have taken it when it was sent before' ELSE '' END`;

export function createDoubts(db: DatabaseSync): Doubts {
  const most = query<{ n: number | null }>(db, 'SELECT max(doubts) AS n FROM action WHERE call = ?');
  return { before: call => most.get(call)?.n ?? 0 };
}
