import type { DatabaseSync } from 'node:sqlite';
import type { Absence } from '../../core/commit.ts';
import { shiftTime, type TimeShift } from '../../core/time-shift.ts';
import { correctUntimed, parkUntimed } from '../calls/untimed.ts';
import { query } from '../file/database.ts';
import { createMeta } from '../file/meta.ts';
import { type ClockEvent, insertEvent } from '../history/events.ts';

/** How the life that opens the journal has to treat its times [T4]. */
export type JournalTime = {
  /** The clock was corrected: all earlier times are moved to the present clock; null: no correction. */
  readonly shift: TimeShift | null;
  /**
   * How to treat the actions that the last life marked because it did not trust the clock. keep: its time base goes on.
   * correct: the shift is their offset. park: their offset is unknown.
   */
  readonly marked: 'keep' | 'correct' | 'park';
  /** The clock is not trusted, so actions are marked. The value converts their times if a person confirms the clock. */
  readonly doubted: TimeShift | null;
  /** The event to record in the journal. */
  readonly event: { readonly kind: ClockEvent; readonly detail: string } | null;
};

export const TIME_AS_IT_WAS: JournalTime = { shift: null, marked: 'park', doubted: null, event: null };

/**
 * A rule's state as JSON text, shifted. `sentMoves`: times that it sent by that clock are corrected as well. A parameter, because the
 * journal does not know the fields of a rule state.
 */
export type ShiftState = (state: string, shift: TimeShift, sentMoves: boolean) => string;

/** A rule's state as JSON text, without the times after `from` (ms since 1970), which come from a clock with an unknown offset. */
export type ForgetTimes = (state: string, from: number) => string;

/** How rule states are corrected. A parameter, because the journal does not know the fields of a rule state. */
export type StateTimes = { readonly shift: ShiftState; readonly forget: ForgetTimes };

/** Moves every time that a call or an action still waits for to the right time base, in one transaction, before anything reads it. */
export function takeTime(db: DatabaseSync, time: JournalTime, states: StateTimes, now: number): void {
  const meta = createMeta(db);
  const isCorrected = time.marked === 'correct' && meta.get('doubted') !== undefined;
  const doubted = meta.get('doubted');
  if (time.marked === 'park' && doubted !== undefined)
    changeStates(db, state => states.forget(state, (JSON.parse(doubted) as TimeShift).from));
  if (time.shift) shiftTimes(db, time.shift, states.shift, isCorrected);
  if (time.marked === 'correct' && time.shift) correctUntimed(db, time.shift);
  if (time.marked === 'park') parkUntimed(db, now);
  if (time.doubted) meta.put('doubted', JSON.stringify(time.doubted));
  else meta.drop('doubted');
  if (time.event) {
    const { kind, detail } = time.event;
    insertEvent(db).run(now, kind, detail);
  }
}

/** `shiftTime` in SQL; ?1 is from, ?2 is by. */
const moved = (time: string) => `CASE WHEN ${time} > ?1 THEN ${time} + ?2 ELSE min(${time}, ?1 + ?2) END`;

function changeStates(db: DatabaseSync, change: (state: string) => string): void {
  const put = query(db, 'UPDATE rule_state SET state = ? WHERE rule = ?');
  const rows = query<{ rule: string; state: string }>(db, 'SELECT rule, state FROM rule_state').all();
  for (const { rule, state } of rows) put.run(change(state), rule);
}

function shiftTimes(db: DatabaseSync, shift: TimeShift, shiftState: ShiftState, sentMoves: boolean): void {
  const { from, by } = shift;
  changeStates(db, state => shiftState(state, shift, sentMoves));
  query(db, `UPDATE kept_value SET at = ${moved('at')}`).run(from, by);
  query(db, `UPDATE meta SET value = ${moved('CAST(value AS REAL)')} WHERE key = 'alive'`).run(from, by);
  const meta = createMeta(db);
  const away = JSON.parse(meta.get('away') ?? '[]') as Absence[];
  const shifted = away.map(({ since, ...rest }) => ({
    ...rest,
    since: since === null ? null : shiftTime(since, shift),
  }));
  if (away.length > 0) meta.put('away', JSON.stringify(shifted));
  // An action keeps the times it was made with. Only the time at which it may be sent is by this clock.
  query(
    db,
    `UPDATE action SET created_at = ${moved('created_at')}, not_before = ${moved('not_before')},
       expires_at = CASE WHEN created_at > ?1 THEN expires_at + ?2 ELSE expires_at END
     WHERE state IN ('waiting', 'in_call')`,
  ).run(from, by);
  query(
    db,
    `UPDATE call SET not_before = ${moved('not_before')}, created_at = ${moved('created_at')}, sent_at = ${moved('sent_at')},
       base = json_set(base, '$.at', ${moved("json_extract(base, '$.at')")})
     WHERE state IN ('frozen', 'sending', 'retry', 'unknown', 'accepted')`,
  ).run(from, by);
}
