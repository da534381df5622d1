import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { errorMessage, StartError } from '../../core/errors.ts';
import type { Logger } from '../../core/logger.ts';
import { IS_UNNAMED } from '../calls/rows.ts';
import { Damaged } from '../damage/check.ts';
import { suspicionOf } from '../damage/suspicion.ts';
import { filesIn, lockDataFolder } from '../file/data-folder.ts';
import { openDatabase, query } from '../file/database.ts';
import { createMeta } from '../file/meta.ts';
import { insertEvent } from '../history/events.ts';
import { identityOf, whyNotTheSame } from './identity.ts';
import { witnessOf } from './witness.ts';

export type AdoptOptions = {
  readonly folder: string;
  readonly now: number;
  readonly log: Logger;
  /** The kinds of rules whose state has counter readings. */
  readonly counting: readonly string[];
  /** Also adopts a journal in an unchanged place, because a cloned disk or a restored virtual machine looks the same. */
  readonly unmoved?: boolean | undefined;
};

export type Adopted = {
  readonly id: string;
  /** The number of actions that were parked, because they may have been sent to L2L since. */
  readonly parked: number;
  /** The number of rules whose counters start from their next reading. */
  readonly forgotten: number;
};

const WHY = 'from a copied or restored journal: it may have been sent to L2L in the meantime';
const OPEN = "state IN ('frozen', 'sending', 'retry', 'unknown', 'accepted')";

/**
 * Makes a copied or restored journal the one that runs here [J7]. It gets another id and epoch. None of its
 * waiting actions is sent by itself, and counters start from their next reading. Throws a StartError that says what to
 * do when it can't.
 */
export function adoptJournal({ folder, now, log, counting, unmoved = false }: AdoptOptions): Adopted {
  using _lock = lockDataFolder(folder);
  const file = filesIn(folder).journal;
  if (!existsSync(file)) throw new StartError(`there is no journal in ${folder}`);
  const db = open(file, suspicionOf(folder).isRaised);
  try {
    const meta = createMeta(db);
    const former = meta.get('id');
    if (former === undefined)
      throw new StartError(`there is nothing to adopt in ${folder}: its journal was never used`);
    const home = meta.get('home');
    if (!unmoved && home !== undefined && whyNotTheSame(folder, meta, String) === null) {
      throw new StartError(
        `nothing was done: the journal in ${folder} is in the place where it was written, so the gateway can start with it. Adopting would park all actions that were not sent yet. If this is a cloned disk or a restored machine, run the command again with --yes`,
      );
    }
    const id = randomUUID();
    db.exec('BEGIN IMMEDIATE');
    meta.put('id', id);
    meta.put('epoch', String(Number(meta.get('epoch') ?? 0) + 1));
    meta.put('home', JSON.stringify(identityOf(file)));
    query(
      db,
      `INSERT INTO attempt (call, attempt, at, state, detail) SELECT id, attempt, ?, 'parked', ? FROM call WHERE ${OPEN}`,
    ).run(now, WHY);
    query(db, `UPDATE call SET state = 'parked', detail = ? WHERE ${OPEN}`).run(WHY);
    const parked = query(
      db,
      `UPDATE action SET state = 'parked', detail = ?, settled_at = ? WHERE state IN ('waiting', 'in_call') OR ${IS_UNNAMED}`,
    ).run(WHY, now);
    const forgotten = query(
      db,
      "DELETE FROM rule_state WHERE json_extract(state, '$.kind') IN (SELECT value FROM json_each(?))",
    ).run(JSON.stringify(counting));
    // A broker may have sent later changes to the gateway of the other journal.
    query(db, 'DELETE FROM kept_value').run();
    insertEvent(db).run(now, 'adopted', `journal ${former} as ${id}; ${parked} actions parked`);
    db.exec('COMMIT');
    // This comes last: until the adoption is durable, the note has to stop a start with the former journal.
    witnessOf(folder).forget();
    log.warn({ file, former, id, parked, forgotten }, 'a copied or restored journal is adopted');
    return { id, parked, forgotten };
  } finally {
    db.close();
  }
}

function open(file: string, thorough: boolean) {
  try {
    return openDatabase(file, thorough);
  } catch (cause) {
    if (cause instanceof Damaged)
      throw new StartError(
        `the journal ${file} is damaged (${errorMessage(cause)}) and can't be adopted: put a sound copy in its place, or start the gateway once with --rebuild, which sets it aside`,
      );
    throw cause;
  }
}
