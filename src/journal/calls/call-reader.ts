import type { DatabaseSync } from 'node:sqlite';
import type { ActionKind } from '../../actions/action.ts';
import type { Call, StoredAction } from '../../core/delivery.ts';
import { query } from '../file/database.ts';
import { ACTION_COLUMNS, type ActionRow, actionOf, CALL_COLUMNS, type CallRow, callOf } from './rows.ts';

/** Calls and their actions as the file holds them. */
export interface CallReader {
  /** Throws when no call has this number. */
  action(id: number): StoredAction;
  /** Actions that are in no call yet, oldest first. */
  waiting(): Iterable<{ readonly id: number; readonly lane: string; readonly kind: ActionKind }>;
  call(id: number): Call | undefined;
  /** Calls that are not final, oldest first. */
  openCalls(): Call[];
  /** The call that had this action before; null: none. */
  predecessorOf(action: number): number | null;
  /** The highest number of a call; 0: there is no call. */
  lastCall(): number;
}

export function createCallReader(db: DatabaseSync): CallReader {
  const action = query<ActionRow>(db, `SELECT ${ACTION_COLUMNS} FROM action WHERE id = ?`);
  const waiting = query<{ id: number; lane: string; kind: ActionKind }>(
    db,
    "SELECT id, lane, kind FROM action WHERE state = 'waiting' ORDER BY id",
  );
  const actionsOf = query<ActionRow>(db, `SELECT ${ACTION_COLUMNS} FROM action WHERE call = ? ORDER BY id`);
  const open = query<CallRow>(
    db,
    `SELECT ${CALL_COLUMNS} FROM call WHERE state IN ('frozen', 'sending', 'retry', 'unknown', 'accepted') ORDER BY id`,
  );
  const call = query<CallRow>(db, `SELECT ${CALL_COLUMNS} FROM call WHERE id = ?`);
  const endedOf = query<{ key: string }>(db, "SELECT key FROM action WHERE call = ? AND state <> 'in_call'");
  const predecessor = query<{ call: number | null }>(db, 'SELECT call FROM action WHERE id = ?');
  const last = query<{ last: number | null }>(db, 'SELECT max(id) AS last FROM call');

  const withActions = (row: CallRow) => callOf(row, actionsOf.all(row.id).map(actionOf));

  /** Some actions of an accepted batch may have ended before the others. */
  function withEnded(accepted: Call): Call {
    const keys = endedOf.all(accepted.id).map(({ key }) => key);
    return keys.length > 0 ? { ...accepted, ended: new Set(keys) } : accepted;
  }

  return {
    action(id) {
      const row = action.get(id);
      if (!row) throw new Error(`the journal has no action ${id}`);
      return actionOf(row);
    },
    waiting: () => waiting.iterate(),
    call(id) {
      const row = call.get(id);
      return row && withActions(row);
    },
    openCalls: () =>
      open
        .all()
        .map(withActions)
        .map(one => (one.state === 'accepted' ? withEnded(one) : one)),
    predecessorOf: id => predecessor.get(id)?.call ?? null,
    lastCall: () => last.get()?.last ?? 0,
  };
}
