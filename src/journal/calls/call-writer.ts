import type { DatabaseSync } from 'node:sqlite';
import type { CallTransition, SentAgain } from '../../core/commit.ts';
import type { Call, CallBase } from '../../core/delivery.ts';
import { query } from '../file/database.ts';
import { REFUSE } from './doubts.ts';
import { jsonOrNull } from './rows.ts';

/** Changes calls and their actions in the file. Every method runs inside a write of the group commit. */
export interface CallWriter {
  /** Writes a new call with its actions. Throws when one of the actions is not waiting any more. */
  insert(call: Call, predecessor: number | null): void;
  /** The compare-and-set before every send [S1, P11]. False: the call, its attempt or the journal's epoch is not as expected. */
  markSending(id: number, attempt: number, base: CallBase | null, at: number): boolean;
  /** Moves a call on from the state that it is in, and records the attempt. Throws when the file holds another state. */
  move(call: Call, to: CallTransition): void;
  /** Moves the actions of a call to the state that its new state brings. */
  moveActions(call: Call, to: CallTransition): void;
  /** The actions of a call wait for another call. `guarded` null: as before. */
  release(id: number, notBefore: number | null, guarded: boolean | null, isDoubted: boolean): void;
  /** Records why L2L refused these actions of a call, by key. */
  refuse(id: number, refused: ReadonlyMap<string, string>, at: number): void;
  /** Records why a person has to decide about these actions of a call, by key. */
  park(id: number, parked: ReadonlyMap<string, string>, at: number): void;
  /** These actions of a call, by key, wait for another call. */
  sendAgain(id: number, again: ReadonlyMap<string, SentAgain>, at: number): void;
  /** Ends this waiting action, because it needs no call. */
  endAsNothing(action: number, why: string, at: number): void;
  /** This waiting action is not sent any more. */
  giveUp(action: number, why: string, at: number): void;
}

const ACTION_STATE = {
  retry: 'in_call',
  unknown: 'in_call',
  accepted: 'in_call',
  delivered: 'delivered',
  rejected: 'dead',
  parked: 'parked',
  released: 'waiting',
  dropped: 'dropped',
} as const satisfies Record<CallTransition['state'], string>;

export function createCallWriter(db: DatabaseSync, epoch: number): CallWriter {
  const call = callStatements(db);
  const action = actionStatements(db);

  function release(id: number, notBefore: number | null, guarded: boolean | null, isDoubted: boolean): void {
    action.release.run(notBefore, guarded ? 1 : null, isDoubted ? 1 : 0, id);
  }

  function refuse(id: number, refused: ReadonlyMap<string, string>, at: number): void {
    for (const [key, why] of refused) action.refuseOne.run(why, at, id, key);
  }

  function sendAgain(id: number, again: ReadonlyMap<string, SentAgain>, at: number): void {
    for (const [key, { notBefore, detail }] of again) action.sendAgain.run(notBefore, detail, at, id, key);
  }

  return {
    insert({ id, kind, request, notBefore, createdAt, actions }, predecessor) {
      call.insert.run(id, kind, request.path, request.body, notBefore, createdAt, epoch, predecessor);
      for (const one of actions) {
        if (action.take.run(id, one.id) !== 1) throw new Error(`action ${one.key} is not waiting any more`);
      }
    },
    markSending: (id, attempt, base, at) =>
      call.markSending.run(at, jsonOrNull(base), epoch, id, attempt, String(epoch)) === 1,
    move({ id, state, attempt, looks }, to) {
      const { reason, detail } = to;
      const result = jsonOrNull(to.result);
      const moved = call.move.run(to.state, to.notBefore, reason, detail, result, to.looks ?? looks, id, state);
      if (moved !== 1) throw new Error(`call ${id} is not ${state} in the journal`);
      call.recordAttempt.run(id, attempt, to.at, to.state, reason, detail, to.answer ?? null);
    },
    moveActions({ id }, to) {
      const state = ACTION_STATE[to.state];
      if (state === 'waiting') release(id, to.notBefore, to.guarded === true, to.reason === 'undecided');
      else if (state === 'dead') action.refuseAll.run(to.detail, to.at, id);
      else if (state !== 'in_call') action.endAll.run(state, jsonOrNull(to.result), to.detail, to.at, id);
      if (to.failed) refuse(id, to.failed, to.at);
      if (to.again) sendAgain(id, to.again, to.at);
      if (to.isRefused) action.markRefused.run(to.at, id);
    },
    release,
    refuse,
    park(id, parked, at) {
      for (const [key, why] of parked) action.parkOne.run(why, at, id, key);
    },
    sendAgain,
    endAsNothing: (id, why, at) => void action.endAsNothing.run(why, at, id),
    giveUp: (id, why, at) => void action.giveUp.run(why, at, id),
  };
}

function callStatements(db: DatabaseSync) {
  return {
    insert: query(
      db,
      "INSERT INTO call (id, kind, path, body, state, not_before, created_at, epoch, predecessor) VALUES (?, ?, ?, ?, 'frozen', ?, ?, ?, ?)",
    ),
    // The epoch in the condition stops a process from which another one took the journal [P11].
    markSending: query(
      db,
      `UPDATE call SET state = 'sending', attempt = attempt + 1, sent_at = ?, base = COALESCE(?, base), epoch = ?
       WHERE id = ? AND state IN ('frozen', 'retry') AND attempt = ?
         AND (SELECT value FROM meta WHERE key = 'epoch') = ?`,
    ),
    move: query(
      db,
      `UPDATE call SET state = ?, not_before = ?, reason = ?, detail = ?, result = COALESCE(?, result), looks = ? WHERE id = ? AND state = ?`,
    ),
    recordAttempt: query(
      db,
      'INSERT INTO attempt (call, attempt, at, state, reason, detail, answer) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ),
  };
}

/** Only actions `in_call` move: an action of a batch that ended before the others may be dropped by now, or wait for another call. */
function actionStatements(db: DatabaseSync) {
  const refuse = (which: string) => query(db, `UPDATE action SET ${REFUSE}, settled_at = ? WHERE ${which}`);
  return {
    take: query(db, "UPDATE action SET state = 'in_call', call = ? WHERE id = ? AND state = 'waiting'"),
    endAsNothing: query(
      db,
      "UPDATE action SET state = 'nothing', detail = ?, settled_at = ? WHERE id = ? AND state = 'waiting'",
    ),
    giveUp: refuse("id = ? AND state = 'waiting'"),
    refuseAll: refuse("call = ? AND state = 'in_call'"),
    refuseOne: refuse("call = ? AND key = ? AND state = 'in_call'"),
    parkOne: query(
      db,
      "UPDATE action SET state = 'parked', detail = ?, settled_at = ? WHERE call = ? AND key = ? AND state = 'in_call'",
    ),
    // L2L may still list why it refused the action now, so its next call is guarded.
    sendAgain: query(
      db,
      `UPDATE action SET state = 'waiting', not_before = ?, detail = ?, guarded = 1, refused_since = COALESCE(refused_since, ?)
       WHERE call = ? AND key = ? AND state = 'in_call'`,
    ),
    markRefused: query(db, 'UPDATE action SET refused_since = COALESCE(refused_since, ?) WHERE call = ?'),
    endAll: query(
      db,
      "UPDATE action SET state = ?, result = COALESCE(?, result), detail = ?, settled_at = ? WHERE call = ? AND state = 'in_call'",
    ),
    // The action keeps the number of this call, which is the predecessor of the next one.
    release: query(
      db,
      "UPDATE action SET state = 'waiting', not_before = ?, guarded = ?, doubts = doubts + ? WHERE call = ?",
    ),
  };
}
