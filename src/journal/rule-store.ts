import type { DatabaseSync } from 'node:sqlite';
import type { KeptValue, RuleCommit, TakenMessage } from '../core/commit.ts';
import type { StoredAction } from '../core/delivery.ts';
import type { Quality } from '../core/sample.ts';
import { query } from './database.ts';
import type { GroupCommit } from './group-commit.ts';
import { storedAction, valueFromJson, valueToJson } from './rows.ts';

/** Rule states, last values and taken messages: written in one transaction with the actions they gave rise to. */
export interface RuleStore {
  ruleStates(): ReadonlyMap<string, string>;
  keptValues(): readonly KeptValue[];
  wasTaken(message: TakenMessage): boolean;
  forgetTaken(source: string): void;
  commit(write: RuleCommit): Promise<void>;
}

export function createRuleStore(
  db: DatabaseSync,
  group: GroupCommit,
  destination: string,
  onActions: (actions: readonly StoredAction[]) => void,
  alive: (at: number) => void,
): RuleStore {
  const putState = query(
    db,
    'INSERT INTO rule_state VALUES (?, ?) ON CONFLICT (rule) DO UPDATE SET state = excluded.state',
  );
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
  // The key makes an action unique: a rule that was stepped again from an older state can't tell L2L twice.
  const putAction = query(
    db,
    `INSERT INTO action (key, kind, rule, lane, chain, at, time, params, cause, mode, destination, state, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING`,
  );
  const inserted = query<{ id: number }>(db, 'SELECT last_insert_rowid() AS id');
  const states = query<{ rule: string; state: string }>(db, 'SELECT rule, state FROM rule_state');
  const values = query<{ signal: string; value: string; quality: Quality; at: number }>(db, 'SELECT * FROM kept_value');

  function putActions(write: RuleCommit): StoredAction[] {
    const stored: StoredAction[] = [];
    for (const action of write.actions) {
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
        action.mode === 'shadow' ? 'shadow' : 'waiting',
        write.at,
      );
      const row = changes === 1 ? inserted.get() : undefined;
      if (row && action.mode === 'live') stored.push(storedAction(action, row.id));
    }
    return stored;
  }

  return {
    ruleStates: () => new Map(states.all().map(row => [row.rule, row.state])),
    keptValues: () => values.all().map(row => ({ ...row, value: valueFromJson(row.value) })),
    wasTaken: message => taken.get(message.source, message.packetId)?.hash === message.hash,
    forgetTaken: source => void group.write(() => forget.run(source)),
    commit(write) {
      const { value: stored, durable } = group.write(() => {
        for (const { rule, state } of write.states) putState.run(rule, state);
        for (const kept of write.values) putValue.run(kept.signal, valueToJson(kept.value), kept.quality, kept.at);
        for (const message of write.taken) putTaken.run(message.source, message.packetId, message.hash);
        alive(write.at);
        return putActions(write);
      });
      if (stored.length > 0) onActions(stored);
      return durable;
    },
  };
}
