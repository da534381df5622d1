import type { DatabaseSync } from 'node:sqlite';
import type { ActionKind } from '../../actions/action.ts';
import { query } from '../file/database.ts';
import { sendsTimes } from './kinds.ts';

export type RecoverOptions = {
  /** Host and site this gateway sends to. */
  readonly destination: string;
  /** ms since 1970. */
  readonly now: number;
  /** The last known time of the earlier life (ms since 1970). */
  readonly diedAt: number;
  /** Longest time that a request is under way (ms). A request may have gone on after the last known time of the earlier life. */
  readonly timeout: number;
  /** How long after the end of its request a call of a kind may still take effect (ms). */
  readonly settle: (kind: ActionKind) => number;
  /** The site has another zone than in the life before, so texts with times of the former zone are not sent. */
  readonly hasNewZone: boolean;
};

/** Puts the calls and actions of an earlier life in order, before anything reads them [S3]. */
export function recover(db: DatabaseSync, options: RecoverOptions): void {
  const { diedAt, now, timeout } = options;
  query(
    db,
    "INSERT INTO attempt (call, attempt, at, state, reason) SELECT id, attempt, ?, 'unknown', 'crashed' FROM call WHERE state = 'sending'",
  ).run(diedAt);
  // A mark without an outcome: the request may have left, and may still arrive for a while after the process ended. The process ended later
  // than its last known time if it stood still, drained its calls, or accepted nothing because the disk was full.
  const doubt = query(
    db,
    "UPDATE call SET state = 'unknown', reason = 'crashed', detail = 'the gateway ended while this call was on its way', not_before = MAX(sent_at, ?, MIN(?, sent_at + ?)) + ?, looks = 0 WHERE id = ?",
  );
  const sending = query<{ id: number; kind: ActionKind }>(db, "SELECT id, kind FROM call WHERE state = 'sending'");
  for (const { id, kind } of sending.all()) doubt.run(diedAt, now, timeout, options.settle(kind), id);
  parkDeadly(db, options);
  releaseFollowers(db);
  releaseUnsent(db, options);
  // Never sent: its actions wait again, and may be merged with later ones. They keep the number of the call before it as their history.
  query(
    db,
    `UPDATE action SET state = 'waiting', call = (SELECT predecessor FROM call WHERE id = action.call)
     WHERE call IN (SELECT id FROM call WHERE state = 'frozen')`,
  ).run();
  query(db, "DELETE FROM call WHERE state = 'frozen'").run();
  parkForeign(db, options);
}

/**
 * A set that L2L refused before its batch was final may be in a call that was never sent, with sets that were never in that batch.
 * Only the first set is known to have been in it. The batch must not end with more sets than it was sent with.
 */
function releaseFollowers(db: DatabaseSync): void {
  const followers = query<{ call: number; first: number }>(
    db,
    `SELECT c.id AS call, min(a.id) AS first FROM call c JOIN call former ON former.id = c.predecessor JOIN action a ON a.call = c.id
     WHERE c.state = 'frozen' AND former.state = 'accepted' GROUP BY c.id`,
  );
  const release = query(db, "UPDATE action SET state = 'waiting', call = NULL WHERE call = ? AND id <> ?");
  for (const { call, first } of followers.all()) release.run(call, first);
}

/**
 * Builds a call again that was never sent, because its rule may have another code now. The same is done for a call that certainly had no
 * effect, when its times were written in another zone. The actions keep the number of the call: it is their history, with the reason why
 * they wait.
 */
function releaseUnsent(db: DatabaseSync, { hasNewZone }: RecoverOptions): void {
  const which = `state = 'retry' AND (attempt = 0${hasNewZone ? ` OR ${sendsTimes('kind')}` : ''})`;
  query(
    db,
    `UPDATE action SET state = 'waiting', not_before = NULL WHERE state = 'in_call' AND call IN (SELECT id FROM call WHERE ${which})`,
  ).run();
  query(db, `UPDATE call SET state = 'released' WHERE ${which}`).run();
}

/** A call that was under way at each end of the gateway may cause these ends, so it is not sent for ever [S3]. */
const MOST_CRASHES = 5;

function parkDeadly(db: DatabaseSync, options: RecoverOptions): void {
  const why = `the gateway ended ${MOST_CRASHES} times while this call was on its way`;
  // Each mark counts as an attempt. Look-ups of a call that was found so have the same reason and do not count. A call that was sent again
  // by another call counts with it, as long as each of them crashed.
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
  ).run(why, options.now);
  query(db, `UPDATE call SET state = 'parked', detail = ? WHERE state = 'unknown' AND id IN (${deadly})`).run(why);
}

/** An action for one L2L site is never sent to another site [J1]. */
function parkForeign(db: DatabaseSync, options: RecoverOptions): void {
  const why = `made for another destination than ${options.destination}`;
  const at = options.now;
  query(
    db,
    "UPDATE call SET state = 'parked', detail = ? WHERE state IN ('retry', 'unknown', 'accepted') AND id IN (SELECT call FROM action WHERE destination <> ? AND state = 'in_call')",
  ).run(why, options.destination);
  query(
    db,
    "UPDATE action SET state = 'parked', detail = ?, settled_at = ? WHERE state IN ('waiting', 'in_call') AND destination <> ?",
  ).run(why, at, options.destination);
}
