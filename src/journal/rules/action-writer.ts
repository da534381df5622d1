import type { DatabaseSync } from 'node:sqlite';
import type { Action } from '../../actions/action.ts';
import { kindOf } from '../../actions/registry.ts';
import type { StoredAction } from '../../core/delivery.ts';
import type { Logger } from '../../core/logger.ts';
import { opens } from '../calls/kinds.ts';
import { query } from '../file/database.ts';

export type ActionWriterOptions = {
  readonly destination: string;
  readonly log: Logger;
  /** The clock cannot be trusted: actions are marked, so that their times can be corrected later. */
  readonly untimed: boolean;
};

/** Writes new actions at `at` (ms since 1970). Returns the actions that wait to be sent. */
export function actionWriter(
  db: DatabaseSync,
  { destination, log, untimed }: ActionWriterOptions,
): (actions: readonly Action[], at: number) => StoredAction[] {
  // The key makes an action unique: a rule that runs again from an older state cannot send twice.
  const putAction = query(
    db,
    `INSERT INTO action
       (key, kind, rule, lane, chain, at, time, params, cause, mode, destination, state, detail, created_at, settled_at,
        expires_at, on_unknown, untimed)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING`,
  );
  // The open of an episode may have got other codes since the episode began.
  const readOpen = query<{ lane: string; machine: string; type: string }>(
    db,
    `SELECT lane, json_extract(params, '$.machine') AS machine, json_extract(params, '$.type') AS type FROM action
     WHERE chain = ? AND ${opens('kind')} AND destination = ? LIMIT 1`,
  );
  const readByKey = query<{ id: number; params: string }>(db, 'SELECT id, params FROM action WHERE key = ?');
  const inserted = query<{ id: number }>(db, 'SELECT last_insert_rowid() AS id');

  /** A close goes to the machine of its open. */
  function afterItsOpen(action: Action): Action {
    const { role } = kindOf(action.kind).chain;
    if ((role !== 'ends' && role !== 'joins') || action.chain === null) return action;
    const open = readOpen.get(action.chain, destination);
    if (!open || open.lane === action.lane) return action;
    const { lane, machine, type } = open;
    return { ...action, lane, params: { ...action.params, machine, type } } as Action;
  }

  /** The key exists to stop the same action a second time. A different action with the same key must not disappear silently. */
  function noteConflict(action: Action): void {
    const known = readByKey.get(action.key);
    if (known?.params === JSON.stringify(action.params)) return;
    log.error({ action: action.key, rule: action.rule }, 'another action already has this key; this one is not sent');
  }

  return (actions, at) => {
    const stored: StoredAction[] = [];
    for (const made of actions) {
      const action = afterItsOpen(made);
      const { state, detail } = placeOf(action);
      const changes = putAction.run(
        action.key,
        action.kind,
        action.rule,
        action.lane,
        action.chain,
        action.at,
        action.time,
        JSON.stringify(action.params),
        JSON.stringify(action.cause),
        action.mode,
        destination,
        state,
        detail,
        at,
        state === 'parked' ? at : null,
        action.expiresAt ?? null,
        action.onUnknown ?? null,
        untimed ? 1 : null,
      );
      if (changes === 0) noteConflict(action);
      const row = changes === 1 ? inserted.get() : undefined;
      if (row && state === 'waiting') stored.push({ ...action, id: row.id });
    }
    return stored;
  };
}

/** The first state of an action. A set with an unknown product cannot be sent before somebody names the product. */
function placeOf({ mode, kind, params }: Action) {
  if (mode === 'shadow') return { state: 'shadow', detail: null } as const;
  const why = kindOf(kind).decision.product?.unknown(params)?.why;
  return why !== undefined
    ? ({ state: 'parked', detail: why } as const)
    : ({ state: 'waiting', detail: null } as const);
}
