import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { commandLine } from '../core/command-line.ts';
import { errorMessage, StartError } from '../core/errors.ts';
import { hostTimeNotation } from '../core/time-notation.ts';
import { recover } from './calls/recover.ts';
import { TIME_AS_IT_WAS, takeTime } from './clock/time-shift.ts';
import { suspicionOf } from './damage/suspicion.ts';
import { filesIn } from './file/data-folder.ts';
import { onBroken } from './file/database.ts';
import { type GroupCommit, groupCommit } from './file/group-commit.ts';
import { createMeta, type Meta } from './file/meta.ts';
import { insertEvent } from './history/events.ts';
import { identityOf, whyNotTheSame } from './identity/identity.ts';
import { type Witness, witnessOf } from './identity/witness.ts';
import type { JournalOptions } from './journal-options.ts';
import { noteRun } from './rules/rule-decisions.ts';

/** One process with its journal. */
export type Life = {
  readonly id: string;
  readonly epoch: number;
  /** When the process before was last alive (ms since 1970); null: there was none. */
  readonly lastAlive: number | null;
  readonly meta: Meta;
  readonly witness: Witness;
};

/**
 * The first transaction of a process. It takes the file over, moves all times to its clock, and recovers the calls that the last process
 * left under way [S3, T4]. `rebuilt`: why this journal begins anew; null when it does not.
 */
export function beginLife(db: DatabaseSync, options: JournalOptions, rebuilt: string | null): Life {
  const { folder, destination, settle, timeout = 0, timezone } = options;
  const { time = TIME_AS_IT_WAS, shiftState = state => state, forgetTimes = state => state } = options;
  const meta = createMeta(db);
  const known = meta.get('id');
  const id = known ?? randomUUID();
  const epoch = Number(meta.get('epoch') ?? 0) + 1;
  const witness = witnessOf(folder);
  if (known === undefined) witness.forget();
  else expectTheSame(folder, meta, options.writeTime ?? hostTimeNotation().iso);

  db.exec('BEGIN IMMEDIATE');
  meta.put('id', id);
  meta.put('epoch', String(epoch));
  meta.put('home', JSON.stringify(identityOf(filesIn(folder).journal)));
  if (rebuilt !== null) insertEvent(db).run(options.now(), 'rebuilt', rebuilt);
  takeTime(db, time, { shift: shiftState, forget: forgetTimes }, options.now());
  const lastAlive = numberOrNull(meta.get('alive'));
  noteRun(db, { startedAt: options.now(), lastAliveAt: lastAlive });
  const now = options.now();
  const zone = meta.get('timezone');
  const hasNewZone = timezone !== undefined && zone !== undefined && zone !== timezone;
  if (timezone !== undefined) meta.put('timezone', timezone);
  recover(db, { destination, settle, timeout, now, diedAt: lastAlive ?? now, hasNewZone });
  db.exec('COMMIT');
  return { id, epoch, lastAlive, meta, witness };
}

/** The group commit of this life. It refuses all writes when another process has the file, or the file is damaged [P11]. */
export function groupOf(db: DatabaseSync, { epoch, meta }: Life, options: JournalOptions): GroupCommit {
  const { folder, log } = options;
  // Somebody may delete the lock file, and then a second process can start. Only the process that started last may write.
  const group = groupCommit(db, () => {
    if (meta.get('epoch') === String(epoch)) return;
    throw new Error(`another gateway has opened the journal in ${folder} since: this one writes and sends nothing`);
  });
  onBroken(db, cause => {
    suspicionOf(folder).raise(errorMessage(cause));
    group.abandon(cause);
    log.error(
      { file: filesIn(folder).journal, error: errorMessage(cause) },
      'the disk failed or the journal is damaged: nobody may go on with it',
    );
    options.onFatal?.(cause);
  });
  return group;
}

/** A copied or restored journal may list an action as waiting that has been sent in the meantime [J7]. */
function expectTheSame(folder: string, meta: Meta, writeTime: (at: number) => string): void {
  const why = whyNotTheSame(folder, meta, writeTime);
  if (why === null) return;
  throw new StartError(
    `the journal ${filesIn(folder).journal} is not run: ${why}. The actions that it lists as not sent may have been sent to L2L in the meantime. To use it here, and nowhere else, run: ${commandLine({ data: folder })('journal adopt')}. That parks these actions, and counters start from their next reading`,
  );
}

function numberOrNull(text: string | undefined): number | null {
  return text === undefined ? null : Number(text);
}
