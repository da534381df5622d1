import type { DatabaseSync } from 'node:sqlite';
import type { Action } from '../../actions/action.ts';
import { kindOf } from '../../actions/registry.ts';
import type { Absence, RuleCommit } from '../../core/commit.ts';
import type { StoredAction } from '../../core/delivery.ts';
import type { Logger } from '../../core/logger.ts';
import type { RuleJournal } from '../../core/rule-journal.ts';
import type { Quality } from '../../core/sample.ts';
import { valueFromJson, valueToJson } from '../../core/sample.ts';
import { opens } from '../calls/kinds.ts';
import { query } from '../file/database.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import type { Meta } from '../file/meta.ts';
import { decisionWriter } from './rule-decisions.ts';

/** Rule states, last values and taken messages: written in one transaction with the actions they gave rise to. */
export type RuleStore = Omit<RuleJournal, 'lastAlive'> & {
  /** The number of the action with this key, as `queue show` takes it; undefined: there is none. */
  numberOf(key: string): number | undefined;
};

export type RuleStoreOptions = {
  readonly destination: string;
  readonly log: Logger;
  /** The clock can't be trusted: actions are marked, so that their times can be mended. */
  readonly untimed: boolean;
  /** Why nothing new may be taken; null when it may. */
  readonly problem: () => string | null;
  /** Called in the transaction of each commit, with its time (ms since 1970). */
  readonly onAlive: (at: number) => void;
  readonly meta: Meta;
  readonly onActions: (actions: readonly StoredAction[]) => void;
};

export function createRuleStore(db: DatabaseSync, group: GroupCommit, options: RuleStoreOptions): RuleStore {
  const { destination, log, untimed, problem, onAlive, onActions, meta } = options;
  /** Sources whose taken messages go with the next commit, and those that went with one that is not durable yet. */
  const forgetting = new Set<string>();
  const forgotten = new Set<string>();
  group.onRollback(() => {
    for (const source of forgotten) forgetting.add(source);
    forgotten.clear();
  });

  const putState = query(
    db,
    'INSERT INTO rule_state VALUES (?, ?) ON CONFLICT (rule) DO UPDATE SET state = excluded.state',
  );
  const dropState = query(db, 'DELETE FROM rule_state WHERE rule = ?');
  const putValue = query(
    db,
    'INSERT INTO kept_value VALUES (?, ?, ?, ?) ON CONFLICT (signal) DO UPDATE SET value = excluded.value, quality = excluded.quality, at = excluded.at',
  );
  const putTaken = query(
    db,
    'INSERT INTO taken VALUES (?, ?, ?) ON CONFLICT (source, packet_id) DO UPDATE SET hash = excluded.hash',
  );
  const forget = query(db, 'DELETE FROM taken WHERE source = ?');
  const taken = query<{ hash: string }>(db, 'SELECT hash FROM taken WHERE source = ? AND packet_id = ?');
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
  const states = query<{ rule: string; state: string }>(db, 'SELECT rule, state FROM rule_state');
  const values = query<{ signal: string; value: string; quality: Quality; at: number }>(db, 'SELECT * FROM kept_value');

  const putDecisions = decisionWriter(db);

  function putActions(write: RuleCommit): StoredAction[] {
    const stored: StoredAction[] = [];
    for (const made of write.actions) {
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
        write.at,
        state === 'parked' ? write.at : null,
        action.expiresAt ?? null,
        action.onUnknown ?? null,
        untimed ? 1 : null,
      );
      if (changes === 0) noteConflict(action);
      const row = changes === 1 ? inserted.get() : undefined;
      if (row && state === 'waiting') stored.push({ ...action, id: row.id });
    }
    return stored;
  }

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

  return {
    ruleStates: () => new Map(states.all().map(row => [row.rule, row.state])),
    numberOf: key => readByKey.get(key)?.id,
    keptValues: () => values.all().map(row => ({ ...row, value: valueFromJson(row.value) })),
    away: () => JSON.parse(meta.get('away') ?? '[]') as Absence[],
    wasTaken: message =>
      !forgetting.has(message.source) && taken.get(message.source, message.packetId)?.hash === message.hash,
    forgetTaken: source => void forgetting.add(source),
    commit(write) {
      const why = problem();
      if (why !== null) return Promise.reject(new Error(why));
      const { value: stored, durable } = group.write(() => {
        for (const source of forgetting) forget.run(source);
        for (const rule of write.forget ?? []) dropState.run(rule);
        for (const { rule, state } of write.states) putState.run(rule, state);
        for (const kept of write.values) putValue.run(kept.signal, valueToJson(kept.value), kept.quality, kept.at);
        for (const message of write.taken) putTaken.run(message.source, message.packetId, message.hash);
        if (write.away) meta.put('away', JSON.stringify(write.away));
        if (write.decisions) putDecisions(write.decisions);
        onAlive(write.at);
        return putActions(write);
      });
      const gone = [...forgetting];
      for (const source of gone) forgotten.add(source);
      forgetting.clear();
      durable.then(() => gone.forEach(source => void forgotten.delete(source))).catch(() => {}); // Put back by the rollback.
      if (stored.length > 0) onActions(stored);
      return durable;
    },
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
