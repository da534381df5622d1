import type { DatabaseSync } from 'node:sqlite';
import type { Absence } from '../../core/commit.ts';
import type { StoredAction } from '../../core/delivery.ts';
import type { RuleJournal } from '../../core/rule-journal.ts';
import type { Quality } from '../../core/sample.ts';
import { valueFromJson, valueToJson } from '../../core/sample.ts';
import { query } from '../file/database.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import type { Meta } from '../file/meta.ts';
import { type ActionWriterOptions, actionWriter } from './action-writer.ts';
import { decisionWriter } from './rule-decisions.ts';

/** Rule states, last values and taken messages. They are written in one transaction with the actions that they caused. */
export type RuleStore = Omit<RuleJournal, 'lastAlive'> & {
  /** The number of the action with this key, as `queue show` takes it; undefined: there is none. */
  numberOf(key: string): number | undefined;
};

export type RuleStoreOptions = ActionWriterOptions & {
  /** Why no new action may be accepted; null: it may. */
  readonly problem: () => string | null;
  /** Called in the transaction of each commit, with its time (ms since 1970). */
  readonly onAlive: (at: number) => void;
  readonly meta: Meta;
  readonly onActions: (actions: readonly StoredAction[]) => void;
};

export function createRuleStore(db: DatabaseSync, group: GroupCommit, options: RuleStoreOptions): RuleStore {
  const { problem, onAlive, onActions, meta } = options;
  /** The sources whose taken messages go with the next commit, and those whose messages went with a commit that is not durable yet. */
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
  const readByKey = query<{ id: number }>(db, 'SELECT id FROM action WHERE key = ?');
  const states = query<{ rule: string; state: string }>(db, 'SELECT rule, state FROM rule_state');
  const values = query<{ signal: string; value: string; quality: Quality; at: number }>(db, 'SELECT * FROM kept_value');

  const putDecisions = decisionWriter(db);
  const putActions = actionWriter(db, options);

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
        return putActions(write.actions, write.at);
      });
      const gone = [...forgetting];
      for (const source of gone) forgotten.add(source);
      forgetting.clear();
      durable.then(() => gone.forEach(source => void forgotten.delete(source))).catch(() => {}); // A rollback puts these back.
      if (stored.length > 0) onActions(stored);
      return durable;
    },
  };
}
