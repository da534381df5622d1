import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { ActionKind } from '../actions/action.ts';
import type { CallJournal } from '../core/call-journal.ts';
import { commandLine } from '../core/command-line.ts';
import { errorMessage, StartError } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { hostTimeNotation } from '../core/time-notation.ts';
import { createCallStore } from './calls/call-store.ts';
import { createChains } from './calls/chains.ts';
import { recover } from './calls/recover.ts';
import { type ForgetTimes, type JournalTime, type ShiftState, TIME_AS_IT_WAS, takeTime } from './clock/time-shift.ts';
import { Damaged } from './damage/check.ts';
import type { startFullCheck } from './damage/full-check.ts';
import { setAside } from './damage/set-aside.ts';
import { suspicionOf } from './damage/suspicion.ts';
import { filesIn, lockDataFolder } from './file/data-folder.ts';
import { onBroken, openDatabase } from './file/database.ts';
import { groupCommit } from './file/group-commit.ts';
import { createMeta, type Meta } from './file/meta.ts';
import { failureOf } from './file/sqlite-error.ts';
import { createEvents, type EventEntry, eventReader, insertEvent } from './history/events.ts';
import { createHistory, type History } from './history/history.ts';
import { createOverview, type Overview } from './history/overview.ts';
import { identityOf, whyNotTheSame } from './identity/identity.ts';
import { progressOf, startNoting, witnessOf } from './identity/witness.ts';
import { type Corrections, codeWriter, createCorrections } from './people/corrections.ts';
import { createDecisions, createProspects, type Decisions } from './people/decisions.ts';
import { createRuleDecisions, noteRun, type RuleDecisions } from './rules/rule-decisions.ts';
import { createRuleStore, type RuleStore } from './rules/rule-store.ts';
import type { Bounds } from './upkeep/prune.ts';
import { startUpkeep, type UpkeepStatus } from './upkeep/upkeep.ts';

export type JournalOptions = {
  /** The data folder: made when it is not there, locked for the life of the process. */
  readonly folder: string;
  /** Host and site the actions are meant for. What waits for another destination is parked at open. */
  readonly destination: string;
  /** The rules there are, with the names they had before: what another one left open holds no dispatch. Left out: all. */
  readonly rules?: ReadonlySet<string>;
  readonly now: () => number;
  /** Longest time that a request is on its way (ms). Left out: it ends at once. */
  readonly timeout?: number;
  /** How long after its request ended a call of a kind, found `sending`, may still take effect (ms): it is looked up no sooner. */
  readonly settle: (kind: ActionKind) => number;
  /** IANA name of the zone in which calls are written. Left out: as in the life before. */
  readonly timezone?: string;
  /** Left out: times are as they were, and to be trusted. */
  readonly time?: JournalTime;
  readonly shiftState?: ShiftState;
  readonly forgetTimes?: ForgetTimes;
  readonly log: Logger;
  /** How an instant (ms since 1970) is written in an error. Left out: ISO text in this host's zone. */
  readonly writeTime?: (at: number) => string;
  /** `ballast` in bytes, 0: none. Left out: everything is kept, and nothing is put aside for a full disk. */
  readonly limits?: Bounds & { readonly ballast: number };
  /** Reads the whole file once, after the start. Left out: in a thread. */
  readonly fullCheck?: typeof startFullCheck;
  /** What to do with a damaged file: refuse to start (default), or set it aside and begin anew. */
  readonly onCorrupt?: 'refuse' | 'rebuild';
  /**
   * The disk failed or the file is damaged: nobody may go on with it. Called before anybody else hears of it; the process has to
   * end, and the next one to read the file from the disk. Left out: every write is refused from then on.
   */
  readonly onFatal?: (error: Error) => void;
};

/** The truth: the states of the rules, the actions to send, the actions that were sent. One file, one writer, one transaction a group. */
export interface Journal extends RuleStore, CallJournal, Overview {
  readonly lastAlive: number | null;
  /** What happened to the journal itself (clock steps, a full disk, a rebuild …), newest first. */
  events(limit: number): readonly EventEntry[];
  /** What was sent and why, for people. */
  readonly history: History;
  /** What the rules decided without an action, and when the gateway ran. */
  readonly ruleDecisions: RuleDecisions;
  /** What a person says about dead letters and parked calls. */
  readonly decisions: Decisions;
  /** Corrected codes for what L2L does not have. */
  readonly corrections: Corrections;
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
    const found = cause instanceof Damaged || failureOf(cause) === 'damaged' ? errorMessage(cause) : null;
    if (found === null) throw cause;
    if (options.onCorrupt !== 'rebuild') {
      throw new StartError(
        `the journal ${file} is damaged (${found}). It is left as it is. To set it aside and begin anew, start once with --rebuild or set gateway.journal.on_corrupt: rebuild: counters then start from what they show, and what was not sent to L2L yet is never sent`,
      );
    }
    const aside = setAside(folder, options.now());
    log.error(
      { file, found, aside },
      'the journal is damaged: it is set aside and a new one begins. Counters start from what they show; what was not sent to L2L stands in the file set aside',
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
  const { time = TIME_AS_IT_WAS, shiftState = state => state, forgetTimes = state => state } = options;
  const known = meta.get('id');
  const id = known ?? randomUUID();
  const epoch = Number(meta.get('epoch') ?? 0) + 1;
  const witness = witnessOf(folder);
  if (known === undefined) witness.forget();
  else expectTheSame(folder, meta, options.writeTime ?? hostTimeNotation().iso);

  db.exec('BEGIN IMMEDIATE');
  meta.put('id', id);
  meta.put('epoch', String(epoch));
  meta.put('home', JSON.stringify(identityOf(file)));
  if (rebuilt !== null) insertEvent(db).run(options.now(), 'rebuilt', rebuilt);
  takeTime(db, time, { shift: shiftState, forget: forgetTimes }, options.now());
  const lastAlive = numberOrNull(meta.get('alive'));
  noteRun(db, { startedAt: options.now(), lastAliveAt: lastAlive });
  const { destination, settle, timeout = 0 } = options;
  const now = options.now();
  const zone = meta.get('timezone');
  const { timezone } = options;
  const hasNewZone = timezone !== undefined && zone !== undefined && zone !== timezone;
  if (timezone !== undefined) meta.put('timezone', timezone);
  recover(db, { destination, settle, timeout, now, diedAt: lastAlive ?? now, hasNewZone });
  db.exec('COMMIT');

  // The lock file keeps a second process out, but not one that finds the lock file gone: whoever came last writes, alone.
  const group = groupCommit(db, () => {
    if (meta.get('epoch') === String(epoch)) return;
    throw new Error(
      `another gateway has opened the journal in ${options.folder} since: this one writes and sends nothing`,
    );
  });
  onBroken(db, cause => {
    suspicionOf(folder).raise(errorMessage(cause));
    group.abandon(cause);
    log.error(
      { file, error: errorMessage(cause) },
      'the disk failed or the journal is damaged: nobody may go on with it',
    );
    options.onFatal?.(cause);
  });
  const noting = startNoting({ witness, meta, group, now: options.now });
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
      ...(options.fullCheck && { fullCheck: options.fullCheck }),
    });
  const calls = createCallStore(db, group, { epoch, now: options.now });
  const rules = createRuleStore(db, group, {
    destination,
    log,
    untimed: time.doubted !== null,
    problem: () => upkeep?.problem ?? null,
    meta,
    onAlive: at => meta.put('alive', String(at)),
    onActions(stored) {
      for (const action of stored) calls.lanes.add(action);
    },
  });
  const overview = createOverview(db);
  const history = createHistory(db);
  const deciding = {
    db,
    group,
    history,
    prospects: createProspects(db, history, destination),
    now: options.now,
    onWaiting: (ids: readonly number[]) => calls.lanes.putBack(ids.map(calls.action)),
    onGone: (ids: readonly number[]) => calls.lanes.remove(ids.map(calls.action)),
  };
  const decisions = createDecisions({ ...deciding, rewrite: codeWriter(db) });
  const corrections = createCorrections({ ...deciding, transition: calls.transition });
  let closed = false;

  return {
    ...rules,
    history,
    ruleDecisions: createRuleDecisions(db, meta),
    decisions,
    corrections,
    waitingHeads: calls.waitingHeads,
    waiting: calls.waiting,
    waitingCounts: calls.waitingCounts,
    oldestWaitingAt: calls.oldestWaitingAt,
    openCalls: calls.openCalls,
    call: calls.call,
    doubts: calls.doubts,
    chain: createChains(db, { destination, rules: options.rules }),
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
    ...overview,
    events: eventReader(db),
    upkeep: () => upkeep?.status() ?? null,
    close() {
      if (closed) return;
      closed = true;
      upkeep?.stop();
      noting[Symbol.dispose]();
      try {
        group.flush();
        // Open still: the disk failed, and what is read in it is not committed.
        if (!db.isTransaction) witness.note(progressOf(meta));
      } finally {
        db.close();
        lock[Symbol.dispose]();
      }
    },
  };
}

/** A journal that was copied or restored may say that something is still to be sent which was sent since. */
function expectTheSame(folder: string, meta: Meta, writeTime: (at: number) => string): void {
  const why = whyNotTheSame(folder, meta, writeTime);
  if (why === null) return;
  throw new StartError(
    `the journal ${filesIn(folder).journal} is not run: ${why}. What it holds as not sent may have been sent to L2L since. If it is to be used here, and nowhere else, run: ${commandLine({ data: folder })('journal adopt')}. That parks what was not sent and lets counters start from what they show`,
  );
}

function numberOrNull(text: string | undefined): number | null {
  return text === undefined ? null : Number(text);
}
