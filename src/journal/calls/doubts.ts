import type { DatabaseSync } from 'node:sqlite';
import { query } from '../file/database.ts';

/**
 * Counts how often an action was sent again while nobody knew whether L2L had taken it before. Each action has its own count, because
 * its next call may also carry actions that were never in doubt.
 */
export type Doubts = {
  /** The number of earlier calls that sent one of these actions and ended undecided [S6]. */
  before(call: number): number;
};

/**
 * SQL: the new state of an action that L2L refuses or that is too old; the parameter is the reason. L2L certainly does not have a dead
 * letter, so a person may send all dead letters again without a look-up. An action that L2L may have is parked instead.
 */
export const REFUSE = `state = CASE WHEN doubts > 0 THEN 'parked' ELSE 'dead' END,
  detail = ? || CASE WHEN doubts > 0 THEN '; L2L may have taken it when it was sent before' ELSE '' END`;

export function createDoubts(db: DatabaseSync): Doubts {
  const most = query<{ n: number | null }>(db, 'SELECT max(doubts) AS n FROM action WHERE call = ?');
  return { before: call => most.get(call)?.n ?? 0 };
}
