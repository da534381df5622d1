import type { DatabaseSync } from 'node:sqlite';
import type { ActionKind } from '../../actions/action.ts';
import type { BatchEnd, CallJournal } from '../../core/call-journal.ts';
import type { CallTransition } from '../../core/commit.ts';
import type { Call, CallState, FrozenRequest, StoredAction } from '../../core/delivery.ts';
import { query } from '../file/database.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import { createDoubts, REFUSE } from './doubts.ts';
import { createLanes, type Lanes } from './lanes.ts';
import {
  ACTION_COLUMNS,
  type ActionRow,
  actionOf,
  CALL_COLUMNS,
  type CallRow,
  callOf,
  jsonOrNull,
  lanesOf,
} from './rows.ts';

/** Calls and the actions that wait for one, with the compare-and-sets every send has to pass. */
export interface CallStore extends Omit<CallJournal, 'id' | 'epoch' | 'chain'> {
  readonly lanes: Lanes;
  action(id: number): StoredAction;
}

/** States in which a call keeps its lanes: nothing of theirs may be sent before it is settled. */
const HOLDS_LANES: ReadonlySet<CallState> = new Set(['frozen', 'sending', 'retry', 'unknown']);
const NO_LANES: ReadonlySet<string> = new Set();
const IS_OPEN: ReadonlySet<CallState> = new Set([...HOLDS_LANES, 'accepted']);
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

export type CallStoreOptions = {
  readonly epoch: number;
  readonly now: () => number;
};

export function createCallStore(db: DatabaseSync, group: GroupCommit, options: CallStoreOptions): CallStore {
  const { epoch, now } = options;
  const readAction = query<ActionRow>(db, `SELECT ${ACTION_COLUMNS} FROM action WHERE id = ?`);
  const readWaiting = query<{ id: number; lane: string; kind: ActionKind }>(
    db,
    "SELECT id, lane, kind FROM action WHERE state = 'waiting' ORDER BY id",
  );
  const readActionsOf = query<ActionRow>(db, `SELECT ${ACTION_COLUMNS} FROM action WHERE call = ? ORDER BY id`);
  const readOpen = query<CallRow>(
    db,
    `SELECT ${CALL_COLUMNS} FROM call WHERE state IN ('frozen', 'sending', 'retry', 'unknown', 'accepted') ORDER BY id`,
  );
  const readCall = query<CallRow>(db, `SELECT ${CALL_COLUMNS} FROM call WHERE id = ?`);
  const insertCall = query(
    db,
    "INSERT INTO call (id, kind, path, body, state, not_before, created_at, epoch, predecessor) VALUES (?, ?, ?, ?, 'frozen', ?, ?, ?, ?)",
  );
  const takeAction = query(db, "UPDATE action SET state = 'in_call', call = ? WHERE id = ? AND state = 'waiting'");
  const predecessorOf = query<{ call: number | null }>(db, 'SELECT call FROM action WHERE id = ?');
  const settleAsNothing = query(
    db,
    "UPDATE action SET state = 'nothing', detail = ?, settled_at = ? WHERE id = ? AND state = 'waiting'",
  );
  const refuse = (which: string) => query(db, `UPDATE action SET ${REFUSE}, settled_at = ? WHERE ${which}`);
  const giveUp = refuse("id = ? AND state = 'waiting'");
  // The epoch in the condition fences a process that lost the journal to another one.
  const sending = query(
    db,
    `UPDATE call SET state = 'sending', attempt = attempt + 1, sent_at = ?, base = COALESCE(?, base), epoch = ?
     WHERE id = ? AND state IN ('frozen', 'retry') AND attempt = ?
       AND (SELECT value FROM meta WHERE key = 'epoch') = ?`,
  );
  const move = query(
    db,
    `UPDATE call SET state = ?, not_before = ?, reason = ?, detail = ?, result = COALESCE(?, result), looks = ? WHERE id = ? AND state = ?`,
  );
  const moveActions = query(
    db,
    "UPDATE action SET state = ?, result = COALESCE(?, result), detail = ?, settled_at = ? WHERE call = ? AND state = 'in_call'",
  );
  const refuseActions = refuse("call = ? AND state = 'in_call'");
  // A set that was settled before the others may be dropped by now, or wait for another call.
  const failAction = refuse("call = ? AND key = ? AND state = 'in_call'");
  const parkAction = query(
    db,
    "UPDATE action SET state = 'parked', detail = ?, settled_at = ? WHERE call = ? AND key = ? AND state = 'in_call'",
  );
  const readEnded = query<{ key: string }>(db, "SELECT key FROM action WHERE call = ? AND state <> 'in_call'");
  // The call stays named: it is the predecessor of the next one.
  const release = query(
    db,
    "UPDATE action SET state = 'waiting', not_before = ?, guarded = ?, doubts = doubts + ? WHERE call = ?",
  );
  const note = query(
    db,
    'INSERT INTO attempt (call, attempt, at, state, reason, detail, answer) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );

  const doubts = createDoubts(db);

  /** Never given out twice in a life, also after a rollback: a run of the call that is gone must not meet another one. */
  let nextCall = (query<{ last: number | null }>(db, 'SELECT max(id) AS last FROM call').get()?.last ?? 0) + 1;
  const open = new Map<number, Call>();
  /** Lane → the call that holds it. */
  const holders = new Map<string, number>();
  const isHeld = { has: (lane: string) => holders.has(lane) } as ReadonlySet<string>;
  let lanes = createLanes(read);

  function read(id: number): StoredAction {
    const row = readAction.get(id);
    if (!row) throw new Error(`the journal has no action ${id}`);
    return actionOf(row);
  }

  function load(): void {
    lanes = createLanes(read);
    for (const { id, lane, kind } of readWaiting.iterate()) lanes.addId(lane, id, kind);
    open.clear();
    holders.clear();
    for (const row of readOpen.all()) {
      const ended = row.state === 'accepted' ? readEnded.all(row.id).map(({ key }) => key) : [];
      const call = callOf(row, readActionsOf.all(row.id).map(actionOf));
      remember(ended.length > 0 ? { ...call, ended: new Set(ended) } : call);
    }
  }

  function remember(call: Call): void {
    if (IS_OPEN.has(call.state)) open.set(call.id, call);
    else open.delete(call.id);
    for (const lane of call.lanes) {
      if (HOLDS_LANES.has(call.state)) holders.set(lane, call.id);
      else if (holders.get(lane) === call.id) holders.delete(lane);
    }
  }

  function transition(id: number, from: readonly CallState[], to: CallTransition): Promise<boolean> {
    const call = open.get(id);
    if (!call || !from.includes(call.state)) return Promise.resolve(false);
    const looks = to.looks ?? call.looks;
    // What came of a call has no hurry, found `sending` after a crash it is only looked up; unless its lane goes on with it.
    const when = call.lanes.some(lane => lanes.waiting(lane, 1).length > 0) ? 'soon' : 'lazily';
    const { durable } = group.write(() => {
      const moved = move.run(
        to.state,
        to.notBefore,
        to.reason,
        to.detail,
        jsonOrNull(to.result),
        looks,
        id,
        call.state,
      );
      if (moved !== 1) throw new Error(`call ${id} is not ${call.state} in the journal`);
      note.run(id, call.attempt, to.at, to.state, to.reason, to.detail, to.answer ?? null);
      const state = ACTION_STATE[to.state];
      if (state === 'waiting')
        release.run(to.notBefore, to.guarded === true ? 1 : null, to.reason === 'undecided' ? 1 : 0, id);
      else if (state === 'dead') refuseActions.run(to.detail, to.at, id);
      else if (state !== 'in_call') moveActions.run(state, jsonOrNull(to.result), to.detail, to.at, id);
      for (const [key, refusal] of to.failed ?? []) failAction.run(refusal, to.at, id, key);
    }, when);
    const { state, notBefore, reason, detail } = to;
    const ended = to.failed && { ended: new Set([...(call.ended ?? []), ...to.failed.keys()]) };
    remember({ ...call, state, notBefore, reason, detail, looks, result: to.result ?? call.result, ...ended });
    if (state === 'released') {
      const guarded = to.guarded === true;
      lanes.putBack(call.actions.map(action => ({ ...action, notBefore, guarded })));
    }
    return durable.then(() => true);
  }

  function insertFrozen(actions: readonly StoredAction[], request: FrozenRequest, notBefore: number): Call {
    const first = actions[0];
    if (!first) throw new Error('a call needs an action');
    const id = nextCall++;
    const createdAt = now();
    const predecessor = predecessorOf.get(first.id)?.call ?? null;
    insertCall.run(id, first.kind, request.path, request.body, notBefore, createdAt, epoch, predecessor);
    for (const action of actions) {
      if (takeAction.run(id, action.id) !== 1) throw new Error(`action ${action.key} is not waiting any more`);
    }
    return {
      id,
      kind: first.kind,
      lanes: lanesOf(actions),
      actions,
      request,
      state: 'frozen',
      attempt: 0,
      looks: 0,
      notBefore,
      createdAt,
      sentAt: null,
      base: null,
      result: null,
      reason: null,
      detail: null,
    };
  }

  async function settleWaiting(actions: readonly StoredAction[], settle: typeof giveUp, why: string): Promise<void> {
    const { durable } = group.write(() => {
      for (const { id } of actions) settle.run(why, now(), id);
    });
    lanes.remove(actions);
    await durable;
  }

  group.onRollback(load);
  load();

  return {
    get lanes() {
      return lanes;
    },
    action: read,
    waitingHeads: limit => lanes.heads(isHeld, limit),
    waiting: (lane, limit) => lanes.waiting(lane, limit),
    waitingCounts: () => lanes.counts(),
    oldestWaitingAt: () => lanes.heads(NO_LANES, 1)[0]?.at ?? null,
    openCalls: () => [...open.values()],
    call(id) {
      const known = open.get(id);
      if (known) return known;
      const row = readCall.get(id);
      return row && callOf(row, readActionsOf.all(id).map(actionOf));
    },
    doubts: doubts.before,
    freeze(actions, request, notBefore) {
      for (const lane of lanesOf(actions)) {
        if (holders.has(lane)) throw new Error(`lane ${lane} already has call ${holders.get(lane)} under way`);
      }
      // Lost with a crash its actions wait again; what has to be durable before the send is the mark that follows.
      const { value: call } = group.write(() => insertFrozen(actions, request, notBefore), 'ahead');
      lanes.remove(actions);
      remember(call);
      return call;
    },
    async split(id, keep, request, detail) {
      const call = open.get(id);
      if (call?.state !== 'retry' && call?.state !== 'sending') return null;
      const at = now();
      const { value: half, durable } = group.write(() => {
        if (move.run('rejected', at, 'refused', detail, null, call.looks, id, call.state) !== 1) {
          throw new Error(`call ${id} is not ${call.state} in the journal`);
        }
        note.run(id, call.attempt, at, 'rejected', 'refused', detail, null);
        release.run(null, null, 0, id);
        return insertFrozen(keep, request, at);
      });
      remember({ ...call, state: 'rejected', detail });
      // By id: after a commit that failed, whoever held the call has other objects than this store.
      const kept = new Set(keep.map(({ id }) => id));
      lanes.putBack(call.actions.filter(action => !kept.has(action.id)));
      remember(half);
      await durable;
      return half;
    },
    settleNothing: (actions, why) => settleWaiting(actions, settleAsNothing, why),
    giveUp: (actions, why) => settleWaiting(actions, giveUp, why),
    async markSending(id, attempt, base, at) {
      const call = open.get(id);
      if (!call || (call.state !== 'frozen' && call.state !== 'retry') || call.attempt !== attempt) return null;
      if (call.lanes.some(lane => holders.get(lane) !== id)) return null;
      const { value: marked, durable } = group.write(() =>
        sending.run(at, jsonOrNull(base), epoch, id, attempt, String(epoch)),
      );
      if (marked !== 1) return null;
      const now = { ...call, state: 'sending', attempt: attempt + 1, sentAt: at, base: base ?? call.base } as const;
      remember(now);
      await durable;
      return now;
    },
    transition,
    async finish(id, { failed, parked = new Map(), detail }: BatchEnd) {
      const call = open.get(id);
      if (call?.state !== 'accepted') return false;
      const at = now();
      const { durable } = group.write(() => {
        if (move.run('delivered', 0, null, detail, null, call.looks, id, 'accepted') !== 1) {
          throw new Error(`call ${id} is not accepted in the journal`);
        }
        note.run(id, call.attempt, at, 'delivered', null, detail, null);
        for (const [key, refusal] of failed) failAction.run(refusal, at, id, key);
        for (const [key, why] of parked) parkAction.run(why, at, id, key);
        moveActions.run('delivered', jsonOrNull(call.result), detail, at, id);
      });
      remember({ ...call, state: 'delivered', detail });
      await durable;
      return true;
    },
  };
}
