import type { DatabaseSync } from 'node:sqlite';
import type { StoredAction } from '../../core/delivery.ts';
import { query } from '../file/database.ts';

/** An action that was not sent to L2L and is not sent by itself: a person decides. */
export type UnsettledAction = Pick<StoredAction, 'id' | 'kind' | 'rule' | 'lane' | 'params' | 'at'> & {
  /** dead: L2L refused it, or it became too old. parked: nobody knows whether L2L took it, or it may not be sent. */
  readonly state: 'dead' | 'parked';
  readonly settledAt: number | null;
  /** The reason, in L2L's words if it gave some. */
  readonly detail: string | null;
};

/** Numbers for the status page. */
export type JournalCounts = {
  readonly waiting: number;
  readonly oldestWaitingAt: number | null;
  /** Recorded and never sent: the actions of shadow mode. */
  readonly shadow: number;
  readonly deadLetters: number;
  readonly parked: number;
};

/** The numbers of actions for the status page. They may be one commit ahead of the disk, which a power cut can undo. */
export interface Overview {
  counts(): JournalCounts;
  /** The newest dead letters and parked actions, newest first. */
  unsettled(limit: number): readonly UnsettledAction[];
}

export function createOverview(db: DatabaseSync): Overview {
  const countStates = query<{ state: string; n: number }>(
    db,
    "SELECT state, count(*) AS n FROM action WHERE state IN ('waiting', 'in_call', 'dead', 'parked', 'shadow') GROUP BY state",
  );
  const oldest = query<{ at: number }>(
    db,
    "SELECT created_at AS at FROM action WHERE state = 'waiting' ORDER BY id LIMIT 1",
  );
  const newestUnsettled = query<Omit<UnsettledAction, 'params'> & { readonly params: string }>(
    db,
    `SELECT id, kind, rule, lane, params, at, state, settled_at AS settledAt, detail
     FROM action WHERE state IN ('waiting', 'in_call', 'dead', 'parked', 'shadow') AND state IN ('dead', 'parked')
     ORDER BY id DESC LIMIT ?`,
  );

  return {
    counts() {
      const by = new Map(countStates.all().map(row => [row.state, row.n]));
      return {
        waiting: by.get('waiting') ?? 0,
        oldestWaitingAt: oldest.get()?.at ?? null,
        shadow: by.get('shadow') ?? 0,
        deadLetters: by.get('dead') ?? 0,
        parked: by.get('parked') ?? 0,
      };
    },
    unsettled: limit =>
      newestUnsettled.all(limit).map(row => ({ ...row, params: JSON.parse(row.params) as StoredAction['params'] })),
  };
}
