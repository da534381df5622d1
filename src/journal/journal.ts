import { rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { CallJournal } from '../core/call-journal.ts';
import { errorMessage, StartError } from '../core/errors.ts';
import type { SiteMemory } from '../core/site-memory.ts';
import { beginLife, groupOf } from './begin-life.ts';
import { createCallStore } from './calls/call-store.ts';
import { createChains } from './calls/chains.ts';
import { createRecordedSets, type RecordedSets } from './calls/recorded-sets.ts';
import { createSiteMemory } from './calls/site-memory.ts';
import { TIME_AS_IT_WAS } from './clock/time-shift.ts';
import { Damaged } from './damage/check.ts';
import { setAside } from './damage/set-aside.ts';
import { suspicionOf } from './damage/suspicion.ts';
import { filesIn, lockDataFolder } from './file/data-folder.ts';
import { openDatabase } from './file/database.ts';
import { failureOf } from './file/sqlite-error.ts';
import { createEvents, type EventEntry, eventReader } from './history/events.ts';
import { createHistory, type History } from './history/history.ts';
import { createOverview, type Overview } from './history/overview.ts';
import { progressOf, startNoting } from './identity/witness.ts';
import type { JournalOptions } from './journal-options.ts';
import { type Corrections, codeWriter, createCorrections } from './people/corrections.ts';
import { createDecisions, type Decisions } from './people/decisions.ts';
import { createProspects } from './people/prospects.ts';
import { createRuleDecisions, type RuleDecisions } from './rules/rule-decisions.ts';
import { createRuleStore, type RuleStore } from './rules/rule-store.ts';
import { startUpkeep, type UpkeepStatus } from './upkeep/upkeep.ts';

/** The truth: the states of the rules, the actions to send, the actions that were sent. One file, one writer, one transaction a group. */
export interface Journal extends RuleStore, CallJournal, Overview {
  readonly lastAlive: number | null;
  /** Events of the journal itself (clock steps, a full disk, a rebuild …), newest first. */
  events(limit: number): readonly EventEntry[];
  /** The sent actions and their causes, for people. */
  readonly history: History;
  /** The decisions of rules that made no action, and the times at which the gateway ran. */
  readonly ruleDecisions: RuleDecisions;
  /** Decisions of people about dead letters and parked actions. */
  readonly decisions: Decisions;
  /** What the gateway found out about the site. */
  readonly site: SiteMemory;
  readonly recordedSets: RecordedSets;
  /** Gives corrected codes to actions that L2L does not have. */
  readonly corrections: Corrections;
  /** The state of the file; null: the journal has no limits. */
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
    throw new StartError(`the disk of the data folder ${options.folder} is full; free some room on it`, { cause });
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
        `the journal ${file} is damaged (${found}). The file was not changed. To set it aside and begin a new journal, start once with --rebuild, or set gateway.journal.on_corrupt: rebuild. Counters then start from their next reading, and the actions that were not sent yet are never sent`,
      );
    }
    const aside = setAside(folder, options.now());
    log.error(
      { file, found, aside },
      'the journal is damaged: it is set aside and a new one begins. Counters start from their next reading. The actions that were not sent are in the old file',
    );
    return openOnce(lock, options, `${found}; the old file is now ${aside}`);
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
  const { folder, destination, log } = options;
  const life = beginLife(db, options, rebuilt);
  const { id, epoch, lastAlive, meta, witness } = life;
  const group = groupOf(db, life, options);
  const events = createEvents(db, group, options.now);
  const noting = startNoting({ witness, meta, group, now: options.now });
  const upkeep =
    options.limits &&
    startUpkeep({
      db,
      group,
      events,
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
    untimed: (options.time ?? TIME_AS_IT_WAS).doubted !== null,
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
    site: createSiteMemory(meta, group, events, destination),
    recordedSets: createRecordedSets(db),
    upkeep: () => upkeep?.status() ?? null,
    close() {
      if (closed) return;
      closed = true;
      upkeep?.stop();
      noting[Symbol.dispose]();
      try {
        group.flush();
        // A transaction is still open: the disk failed, and the content of the transaction is not committed.
        if (!db.isTransaction) witness.note(progressOf(meta));
      } finally {
        db.close();
        lock[Symbol.dispose]();
      }
    },
  };
}
