import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { ActionKind } from '../core/action.ts';
import type { StoredAction } from '../core/delivery.ts';
import { StartError, words } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { type CallStore, createCallStore } from './call-store.ts';
import { Damaged } from './check.ts';
import { filesIn, lockDataFolder } from './data-folder.ts';
import { onBroken, openDatabase, query } from './database.ts';
import { createDecisions, createProspects, type Decisions } from './decisions.ts';
import { createEvents, type EventEntry, eventReader, insertEvent } from './events.ts';
import { groupCommit } from './group-commit.ts';
import { createHistory, type History } from './history.ts';
import { identityOf, whyNotTheSame } from './identity.ts';
import { createMeta, type Meta } from './meta.ts';
import type { Bounds } from './prune.ts';
import { createRuleStore, type RuleStore } from './rule-store.ts';
import { setAside } from './set-aside.ts';
import { failureOf } from './sqlite-error.ts';
import { suspicionOf } from './suspicion.ts';
import { type JournalTime, type ShiftState, TIME_AS_IT_WAS, takeTime } from './time-shift.ts';
import { startUpkeep, type UpkeepStatus } from './upkeep.ts';
import { progressOf, startNoting, witnessOf } from './witness.ts';

export type JournalOptions = {
  /** The data folder: made when it is not there, locked for the life of the process. */
  readonly folder: string;
  /** Host and site the actions are meant for. What waits for another destination is parked at open. */
  readonly destination: string;
  /** The rules there are, with the names they had before: what another one left open holds no dispatch. Left out: all. */
  readonly rules?: ReadonlySet<string>;
  readonly now: () => number;
  /** How long after its send a call of a kind, found `sending`, may still take effect (ms): it is looked up no sooner. */
  readonly settle: (kind: ActionKind) => number;
  /** Left out: times are as they were, and to be trusted. */
  readonly time?: JournalTime;
  readonly shiftState?: ShiftState;
  readonly log: Logger;
  /** `ballast` in bytes, 0: none. Left out: everything is kept, and nothing is put aside for a full disk. */
  readonly limits?: Bounds & { readonly ballast: number };
  /** What to do with a damaged file: refuse to start (default), or set it aside and begin anew. */
  readonly onCorrupt?: 'refuse' | 'rebuild';
  /**
   * The disk failed or the file is damaged: nobody may go on with it. Called before anybody else hears of it; the process has to
   * end, and the next one to read the file from the disk. Left out: every write is refused from then on.
   */
  readonly onFatal?: (error: Error) => void;
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
export interface Journal extends RuleStore, Omit<CallStore, 'lanes' | 'action'> {
  readonly id: string;
  /** Rises with every start; a send needs the current one. */
  readonly epoch: number;
  readonly lastAlive: number | null;
  counts(): JournalCounts;
  /** The newest dead letters and parked actions, newest first. */
  unsettled(limit: number): readonly UnsettledAction[];
  /** What happened to the journal itself (clock steps, a full disk, a rebuild …), newest first. */
  events(limit: number): readonly EventEntry[];
  /** What was told and why, for people. */
  readonly history: History;
  /** What a person says about dead letters and parked calls. */
  readonly decisions: Decisions;
  /** How it stands with the file; null when the journal was opened without limits. */
  upkeep(): UpkeepStatus | null;
  close(): void;
}

/** Opens the journal in a data folder. Throws a StartError that says what to do when it can't. */
export function openJournal(options: JournalOptions): Journal {
  const lock = lockDataFolder(options.folder);
  try {
    return openLocked(lock, options);
  } catch (cause) {
    lock[Symbol.dispose]();
    if (failureOf(cause instanceof StartError ? cause.cause : cause) !== 'full') throw cause;
    throw new StartError(`the disk of the data folder ${options.folder} is full; free some of it`, { cause });
  }
}

function openLocked(lock: Disposable, options: JournalOptions): Journal {
  const { folder, log } = options;
  const file = filesIn(folder).journal;
  try {
    return openOnce(lock, options, null);
  } catch (cause) {
    if (failureOf(cause instanceof StartError ? cause.cause : cause) === 'full') {
      // The start itself needs some room.
      rmSync(filesIn(folder).ballast, { force: true });
      return openOnce(lock, options, null);
    }
    const found = cause instanceof Damaged || failureOf(cause) === 'damaged' ? words(cause) : null;
    if (found === null) throw cause;
    if (options.onCorrupt !== 'rebuild') {
      throw new StartError(
        `the journal ${file} is damaged (${found}). It is left as it is. To set it aside and begin anew, start once with --rebuild or set gateway.journal.on_corrupt: rebuild: counters then start from what they show, and what was not told to L2L stays untold`,
      );
    }
    const aside = setAside(folder, options.now());
    log.error(
      { file, found, aside },
      'the journal is damaged: it is set aside and a new one begins. Counters start from what they show; what L2L was not told stands in the file set aside',
    );
    return openOnce(lock, options, `${found}; the file is now ${aside}`);
  }
}

/** `rebuilt`: why this journal begins anew; null when it does not. */
function openOnce(lock: Disposable, options: JournalOptions, rebuilt: string | null): Journal {
  const file = filesIn(options.folder).journal;
  const suspicion = suspicionOf(options.folder);
  const db = openDatabase(file, rebuilt === null && suspicion.isRaised);
  try {
    suspicion.clear();
    return assemble(db, lock, options, rebuilt);
  } catch (cause) {
    db.close();
    throw cause;
  }
}

function assemble(db: DatabaseSync, lock: Disposable, options: JournalOptions, rebuilt: string | null): Journal {
  const { folder, log } = options;
  const file = filesIn(folder).journal;
  const meta = createMeta(db);
  const { time = TIME_AS_IT_WAS, shiftState = state => state } = options;
  const known = meta.get('id');
  const id = known ?? randomUUID();
  const epoch = Number(meta.get('epoch') ?? 0) + 1;
  const witness = witnessOf(folder);
  if (known === undefined) witness.forget();
  else expectTheSame(folder, meta);

  db.exec('BEGIN IMMEDIATE');
  meta.put('id', id);
  meta.put('epoch', String(epoch));
  meta.put('home', JSON.stringify(identityOf(file)));
  if (rebuilt !== null) insertEvent(db).run(options.now(), 'rebuilt', rebuilt);
  takeTime(db, time, shiftState, options.now());
  const lastAlive = numberOrNull(meta.get('alive'));
  recover(db, options, lastAlive);
  db.exec('COMMIT');

  // The lock file keeps a second process out, but not one that finds the lock file gone: whoever came last writes, alone.
  const group = groupCommit(db, () => {
    if (meta.get('epoch') === String(epoch)) return;
    throw new Error(
      `another gateway has opened the journal in ${options.folder} since: this one writes and sends nothing`,
    );
  });
  onBroken(db, cause => {
    suspicionOf(folder).raise(words(cause));
    group.abandon(cause);
    log.error({ file, error: words(cause) }, 'the disk failed or the journal is damaged: nobody may go on with it');
    options.onFatal?.(cause);
  });
  const noting = startNoting({ witness, meta, group });
  const upkeep =
    options.limits &&
    startUpkeep({
      db,
      group,
      events: createEvents(db, group, options.now),
      suspicion: suspicionOf(folder),
      folder,
      bounds: options.limits,
      ballast: options.limits.ballast,
      now: options.now,
      log,
    });
  const calls = createCallStore(db, group, {
    epoch,
    destination: options.destination,
    now: options.now,
    rules: options.rules,
  });
  const rules = createRuleStore(db, group, {
    destination: options.destination,
    log,
    untimed: time.doubted !== null,
    problem: () => upkeep?.problem ?? null,
    onAlive: at => meta.put('alive', String(at)),
    onActions(stored) {
      for (const action of stored) calls.lanes.add(action);
    },
  });
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
  const history = createHistory(db);
  const decisions = createDecisions({
    db,
    group,
    history,
    prospects: createProspects(db, history, options.destination),
    now: options.now,
    onWaiting: ids => calls.lanes.putBack(ids.map(calls.action)),
    onGone: ids => calls.lanes.remove(ids.map(calls.action)),
  });
  let closed = false;

  return {
    ...rules,
    history,
    decisions,
    waitingHeads: calls.waitingHeads,
    waiting: calls.waiting,
    waitingCounts: calls.waitingCounts,
    oldestWaitingAt: calls.oldestWaitingAt,
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
    events: eventReader(db),
    upkeep: () => upkeep?.status() ?? null,
    close() {
      if (closed) return;
      closed = true;
      upkeep?.stop();
      noting[Symbol.dispose]();
      try {
        group.flush();
        witness.note(progressOf(meta));
      } finally {
        db.close();
        lock[Symbol.dispose]();
      }
    },
  };
}

/** A journal that was copied or restored may say that something is still to be told which was told since. */
function expectTheSame(folder: string, meta: Meta): void {
  const why = whyNotTheSame(folder, meta);
  if (why === null) return;
  throw new StartError(
    `the journal ${filesIn(folder).journal} is not run: ${why}. What it holds as untold may have been told to L2L since. If it is to be used here, and nowhere else, run: l2l-gateway journal adopt FILE (FILE: the config). That parks what is untold and lets counters start from what they show`,
  );
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
  // Never sent: its actions wait again, and may be merged with what came since. The call before it stays named: it is their history.
  query(
    db,
    `UPDATE action SET state = 'waiting', call = (SELECT predecessor FROM call WHERE id = action.call)
     WHERE call IN (SELECT id FROM call WHERE state = 'frozen')`,
  ).run();
  query(db, "DELETE FROM call WHERE state = 'frozen'").run();
  parkForeign(db, options);
}

/** A call that was on its way each time the gateway ended may be what ends it: it is not tried for ever. */
const MOST_CRASHES = 5;

function parkDeadly(db: DatabaseSync, options: JournalOptions): void {
  const why = `the gateway ended ${MOST_CRASHES} times while this call was on its way`;
  // Each mark is an attempt of its own; looks at a call found so carry the same reason and are none. A call that was told again by
  // another one counts with it, as long as each of them crashed.
  const deadly = `WITH RECURSIVE crashed (call, id) AS (
      SELECT id, id FROM call WHERE state = 'unknown'
      UNION SELECT crashed.call, former.id FROM crashed JOIN call ON call.id = crashed.id JOIN call AS former ON former.id = call.predecessor
      WHERE former.state = 'released' AND EXISTS (SELECT 1 FROM attempt WHERE reason = 'crashed' AND call = former.id))
    SELECT crashed.call FROM crashed JOIN attempt ON attempt.call = crashed.id AND attempt.reason = 'crashed'
    GROUP BY crashed.call HAVING count(DISTINCT crashed.id || ' ' || attempt.attempt) >= ${MOST_CRASHES}`;
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
