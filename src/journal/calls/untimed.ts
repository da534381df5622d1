import type { DatabaseSync } from 'node:sqlite';
import type { Action } from '../../actions/action.ts';
import { kindOf } from '../../actions/registry.ts';
import { withTimes } from '../../actions/written-times.ts';
import { shiftTime, type TimeShift } from '../../core/time-shift.ts';
import { query } from '../file/database.ts';
import { ends, opens, sendsTimes } from './kinds.ts';
import { IS_UNNAMED } from './rows.ts';

/** Actions marked `untimed` come from a process that did not trust its clock [T7]. */
type UntimedRow = Pick<Action, 'kind' | 'time' | 'at'> & { readonly id: number; readonly params: string };

/** The offset of that clock is known now, so the times are corrected. */
export function correctUntimed(db: DatabaseSync, shift: TimeShift): void {
  const move = (at: number) => shiftTime(at, shift);
  const put = query(db, 'UPDATE action SET at = ?, params = ?, untimed = NULL WHERE id = ?');
  const rows = query<UntimedRow>(db, 'SELECT id, kind, time, at, params FROM action WHERE untimed = 1').all();
  for (const { id, params, ...row } of rows) {
    const action = { ...row, params: JSON.parse(params) } as Action;
    // Times of a source are right. Sets of a line that move back would overlap sets that were sent before.
    const { areIntervals } = kindOf(action.kind).times;
    const stays = action.time === 'source' || (areIntervals && shift.by < 0);
    const right = stays ? action : withTimes(action, areIntervals ? wholeSeconds(move) : move);
    put.run(right.at, JSON.stringify(right.params), id);
  }
}

/** The edges of record sets are whole seconds. */
function wholeSeconds(move: (at: number) => number): (at: number) => number {
  return at => Math.round(move(at) / 1000) * 1000;
}

const ITS_PROCESS = 'by a process that ended before the clock was set';
const NOT_KNOWN = `made while the clock could not be trusted, ${ITS_PROCESS}: its times are not known`;
const END_NOT_KNOWN = `its end was made while the clock could not be trusted, ${ITS_PROCESS}: when it ended is not known`;

/** Actions that send L2L a time of that clock. A count has no time, and `leave` sends nothing. */
const SENDS_ITS_TIME = `time = 'received' AND ${sendsTimes('kind')}
  AND NOT (${ends('kind')} AND json_extract(params, '$.how') = 'leave')`;

/**
 * The offset of the clock of that life stays unknown, so its actions are parked [T6]. Actions without a time of that clock are still sent:
 * counts, and actions with a time of their source.
 */
export function parkUntimed(db: DatabaseSync, now: number): void {
  for (const missed of missedIn(db)) endMissed(db, missed, now);
  query(
    db,
    `UPDATE action SET state = 'parked', settled_at = ?, detail = ?
     WHERE untimed = 1 AND (state = 'waiting' OR ${IS_UNNAMED}) AND ${SENDS_ITS_TIME}`,
  ).run(now, NOT_KNOWN);
  query(db, `UPDATE action SET untimed = NULL WHERE untimed = 1 AND (state = 'waiting' OR ${IS_UNNAMED})`).run();
}

/** An episode that is over, and that L2L certainly does not have. */
type Missed = {
  readonly open: number;
  readonly close: number;
  /** The call that the open is in and that had no effect; null: none. */
  readonly call: number | null;
  readonly becomesNothing: number;
  /** Only the end has an unknown time: an open with an unknown time is parked for that reason. */
  readonly isEndUnknown: number;
};

/** L2L may have a guarded open, and its dispatch would stay open there. So this episode is not taken back. */
function missedIn(db: DatabaseSync): readonly Missed[] {
  return query<Missed>(
    db,
    `SELECT o.id AS open, c.id AS close, l.id AS call, json_extract(o.params, '$.ifMissed') IS 'nothing' AS becomesNothing,
       c.untimed IS 1 AND c.time = 'received' AND json_extract(c.params, '$.how') IN ('close', 'complete')
         AND NOT (o.untimed IS 1 AND o.time = 'received') AS isEndUnknown
     FROM action c JOIN action o ON o.chain = c.chain AND ${opens('o.kind')} AND o.destination = c.destination
       LEFT JOIN call l ON l.id = o.call AND o.state = 'in_call'
     WHERE c.state = 'waiting' AND ${ends('c.kind')} AND (c.untimed = 1 OR o.untimed = 1) AND o.guarded IS NOT 1
       AND (o.state = 'waiting' OR l.state IN ('frozen', 'retry'))`,
  ).all();
}

/**
 * A parked close no longer shows that the episode is over, and its open would be sent for a stop that has ended. So the open ends
 * or is parked together with the close.
 */
function endMissed(db: DatabaseSync, { open, close, call, becomesNothing, isEndUnknown }: Missed, now: number): void {
  if (!becomesNothing && !isEndUnknown) return;
  // The outcome of the last call is history of the action; a call that was never sent is not.
  query(
    db,
    `UPDATE action SET call = (SELECT predecessor FROM call WHERE id = action.call)
     WHERE id = ? AND call IN (SELECT id FROM call WHERE state = 'frozen')`,
  ).run(open);
  query(db, "DELETE FROM call WHERE id = ? AND state = 'frozen'").run(call);
  query(db, "UPDATE call SET state = 'released' WHERE id = ? AND state = 'retry'").run(call);
  const end = query(
    db,
    'UPDATE action SET state = ?, detail = ?, settled_at = ?, not_before = NULL, untimed = NULL WHERE id = ?',
  );
  if (becomesNothing) {
    for (const id of [open, close]) end.run('nothing', 'it was over before it could be sent', now, id);
  } else {
    end.run('parked', END_NOT_KNOWN, now, open);
  }
}
