import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { ActionKind } from '../core/action.ts';
import type { StoredAction } from '../core/delivery.ts';
import type { Logger } from '../core/logger.ts';
import { type CallStore, createCallStore } from './call-store.ts';
import { lockDataFolder } from './data-folder.ts';
import { openDatabase, query } from './database.ts';
import { groupCommit } from './group-commit.ts';
import { createRuleStore, type RuleStore } from './rule-store.ts';

export type JournalOptions = {
  /** The data folder: made when it is not there, locked for the life of the process. */
  readonly folder: string;
  /** Host and site the actions are meant for. What waits for another destination is parked at open. */
  readonly destination: string;
  readonly now: () => number;
  /** How long after its send a call of a kind, found `sending`, may still take effect (ms): it is looked up no sooner. */
  readonly settle: (kind: ActionKind) => number;
  readonly log: Logger;
};

/** An action L2L was not told and will not be told by itself: a person decides. */
export type UnsettledAction = Pick<StoredAction, 'id' | 'kind' | 'rule' | 'lane' | 'params' | 'at'> & {
  /** dead: L2L refused it. parked: it can't be decided whether L2L took it, or it may not be sent. */
  readonly state: 'dead' | 'parked';
  readonly settledAt: number | null;
  /** Why, in L2L's words where it has some. */
  readonly detail: string | null;
};

/** Numbers for the status page. */
export type JournalCounts = {
  readonly waiting: number;
  readonly oldestWaitingAt: number | null;
  /** Journalled and never sent: what the rules would have told L2L. */
  readonly shadow: number;
  readonly deadLetters: number;
  readonly parked: number;
};

/** The truth: what the rules know, what L2L must be told, what it was told. One file, one writer, one transaction a group. */
export interface Journal extends RuleStore, Omit<CallStore, 'lanes'> {
  readonly id: string;
  /** Rises with every start; a send needs the current one. */
  readonly epoch: number;
  readonly lastAlive: number | null;
  counts(): JournalCounts;
  /** The newest dead letters and parked actions, newest first. */
  unsettled(limit: number): readonly UnsettledAction[];
  close(): void;
}

/** Opens the journal in a data folder. Throws a StartError that says what to do when it can't. */
export function openJournal(options: JournalOptions): Journal {
  const lock = lockDataFolder(options.folder);
  let db: DatabaseSync | undefined;
  try {
    db = openDatabase(join(options.folder, 'journal.db'));
    return assemble(db, lock, options);
  } catch (cause) {
    db?.close();
    lock[Symbol.dispose]();
    throw cause;
  }
}

function assemble(db: DatabaseSync, lock: Disposable, options: JournalOptions): Journal {
  const getMeta = query<{ value: string }>(db, 'SELECT value FROM meta WHERE key = ?');
  const putMeta = query(db, 'INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value');
  const lastAlive = numberOrNull(getMeta.get('alive')?.value);
  const id = getMeta.get('id')?.value ?? randomUUID();
  const epoch = Number(getMeta.get('epoch')?.value ?? 0) + 1;

  db.exec('BEGIN IMMEDIATE');
  putMeta.run('id', id);
  putMeta.run('epoch', String(epoch));
  recover(db, options, lastAlive);
  db.exec('COMMIT');

  const group = groupCommit(db);
  const calls = createCallStore(db, group, { epoch, destination: options.destination, now: options.now });
  const rules = createRuleStore(
    db,
    group,
    options.destination,
    stored => {
      for (const action of stored) calls.lanes.add(action);
    },
    at => void putMeta.run('alive', String(at)),
    options.log,
  );
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
     FROM action WHERE state IN ('dead', 'parked') ORDER BY id DESC LIMIT ?`,
  );
  let closed = false;

  return {
    ...rules,
    waitingHeads: calls.waitingHeads,
    waiting: calls.waiting,
    openCalls: calls.openCalls,
    call: calls.call,
    chain: calls.chain,
    freeze: calls.freeze,
    giveUp: calls.giveUp,
    settleNothing: calls.settleNothing,
    markSending: calls.markSending,
    transition: calls.transition,
    split: calls.split,
    finish: calls.finish,
    id,
    epoch,
    lastAlive,
    counts() {
      const by = new Map(countStates.all().map(row => [row.state, row.n]));
      return {
        waiting: calls.lanes.count,
        oldestWaitingAt: oldest.get()?.at ?? null,
        shadow: by.get('shadow') ?? 0,
        deadLetters: by.get('dead') ?? 0,
        parked: by.get('parked') ?? 0,
      };
    },
    unsettled: limit =>
      newestUnsettled.all(limit).map(row => ({ ...row, params: JSON.parse(row.params) as StoredAction['params'] })),
    close() {
      if (closed) return;
      closed = true;
      try {
        group.flush();
      } finally {
        db.close();
        lock[Symbol.dispose]();
      }
    },
  };
}

/** Puts in order what an earlier life left behind, before anybody reads. */
function recover(db: DatabaseSync, options: JournalOptions, lastAlive: number | null): void {
  const diedAt = lastAlive ?? options.now();
  query(
    db,
    "INSERT INTO attempt (call, attempt, at, state, reason) SELECT id, attempt, ?, 'unknown', 'crashed' FROM call WHERE state = 'sending'",
  ).run(diedAt);
  // A mark without an outcome: the request may have left, and may still land for a while.
  const doubt = query(
    db,
    "UPDATE call SET state = 'unknown', reason = 'crashed', detail = 'the gateway ended while this call was on its way', not_before = MAX(sent_at, ?) + ?, looks = 0 WHERE id = ?",
  );
  const sending = query<{ id: number; kind: ActionKind }>(db, "SELECT id, kind FROM call WHERE state = 'sending'");
  for (const { id, kind } of sending.all()) doubt.run(diedAt, options.settle(kind), id);
  parkDeadly(db, options);
  // Never sent: its actions wait again, and may be merged with what came since.
  query(
    db,
    "UPDATE action SET state = 'waiting', call = NULL WHERE call IN (SELECT id FROM call WHERE state = 'frozen')",
  ).run();
  query(db, "DELETE FROM call WHERE state = 'frozen'").run();
  parkForeign(db, options);
}

/** A call that was on its way each time the gateway ended may be what ends it: it is not tried for ever. */
const MOST_CRASHES = 5;

function parkDeadly(db: DatabaseSync, options: JournalOptions): void {
  const why = `the gateway ended ${MOST_CRASHES} times while this call was on its way`;
  // Each mark is an attempt of its own; looks at a call found so carry the same reason and are none.
  const deadly = `SELECT call FROM attempt WHERE reason = 'crashed' GROUP BY call HAVING count(DISTINCT attempt) >= ${MOST_CRASHES}`;
  query(
    db,
    `UPDATE action SET state = 'parked', detail = ?, settled_at = ?
     WHERE state = 'in_call' AND call IN (SELECT id FROM call WHERE state = 'unknown' AND id IN (${deadly}))`,
  ).run(why, options.now());
  query(db, `UPDATE call SET state = 'parked', detail = ? WHERE state = 'unknown' AND id IN (${deadly})`).run(why);
}

/** Nothing made for one L2L site is ever sent to another. */
function parkForeign(db: DatabaseSync, options: JournalOptions): void {
  const why = `made for another destination than ${options.destination}`;
  const at = options.now();
  query(
    db,
    "UPDATE call SET state = 'parked', detail = ? WHERE state IN ('retry', 'unknown', 'accepted') AND id IN (SELECT call FROM action WHERE destination <> ? AND state = 'in_call')",
  ).run(why, options.destination);
  query(
    db,
    "UPDATE action SET state = 'parked', detail = ?, settled_at = ? WHERE state IN ('waiting', 'in_call') AND destination <> ?",
  ).run(why, at, options.destination);
}

function numberOrNull(text: string | undefined): number | null {
  return text === undefined ? null : Number(text);
}
