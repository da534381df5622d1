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
  /** The clock can't be trusted: actions are marked, so that their times can be mended. */
  readonly untimed: boolean;
};

/** Writes new actions at `at` (ms since 1970). Returns those that wait to be sent. */
export function actionWriter(
  db: DatabaseSync,
  { destination, log, untimed }: ActionWriterOptions,
): (actions: readonly Action[], at: number) => StoredAction[] {
  // The key makes an action unique: a rule that was stepped again from an older state can't send twice.
  const putAction = query(
    db,
    `INSERT INTO action
       (key, kind, rule, lane, chain, at, time, params, cause, mode, destination, state, detail, created_at, settled_at,
        expires_at, on_unknown, untimed)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING`,
  );
  // Its open may have been given other codes since the episode began.
  const readOpen = query<{ lane: string; machine: string; type: string }>(
    db,
    `SELECT lane, json_extract(params, '$.machine') AS machine, json_extract(params, '$.type') AS type FROM action
     WHERE chain = ? AND ${opens('kind')} AND destination = ? LIMIT 1`,
  );
  const readByKey = query<{ id: number; params: string }>(db, 'SELECT id, params FROM action WHERE key = ?');
  const inserted = query<{ id: number }>(db, 'SELECT last_insert_rowid() AS id');

  /** A close goes where its open went. */
  function afterItsOpen(action: Action): Action {
    if (kindOf(action.kind).chain.role !== 'ends' || action.chain === null) return action;
    const open = readOpen.get(action.chain, destination);
    if (!open || open.lane === action.lane) return action;
    const { lane, machine, type } = open;
    return { ...action, lane, params: { ...action.params, machine, type } } as Action;
  }

  /** The same action again is what the key is for. Another one under its key would be lost without a word. */
  function noteConflict(action: Action): void {
    const known = readByKey.get(action.key);
    if (known?.params === JSON.stringify(action.params)) return;
    log.error({ action: action.key, rule: action.rule }, 'another action has this key already; this one is not sent');
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

/** Where an action begins. A set whose product is not known can't be sent before somebody names it. */
function placeOf({ mode, kind, params }: Action) {
  if (mode === 'shadow') return { state: 'shadow', detail: null } as const;
  const why = kindOf(kind).decision.product?.unknown(params)?.why;
  return why !== undefined
    ? ({ state: 'parked', detail: why } as const)
    : ({ state: 'waiting', detail: null } as const);
}
