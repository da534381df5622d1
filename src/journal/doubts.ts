import type { DatabaseSync } from 'node:sqlite';
import { query } from './database.ts';

/**
 * What was sent again although nobody could tell whether L2L had taken it before. Each action counts its own: its next call may also
 * send others, which were never in doubt.
 */
export type Doubts = {
  /** How many calls before this one sent one of its actions and ended undecided. */
  before(call: number): number;
  /** Whether a call of this waiting action ended undecided: L2L may have taken it. */
  of(action: number): boolean;
};

export const MAY_BE_THERE = 'L2L may have taken it when it was sent before';

export function createDoubts(db: DatabaseSync): Doubts {
  const most = query<{ n: number | null }>(db, 'SELECT max(doubts) AS n FROM action WHERE call = ?');
  const own = query<{ n: number }>(db, 'SELECT doubts AS n FROM action WHERE id = ?');
  return {
    before: call => most.get(call)?.n ?? 0,
    of: action => (own.get(action)?.n ?? 0) > 0,
  };
}
