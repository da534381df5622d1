import type { DatabaseSync } from 'node:sqlite';
import type { CallJournal } from '../../core/call-journal.ts';
import type { CallTransition, SentAgain } from '../../core/commit.ts';
import type { Call, FrozenRequest, StoredAction } from '../../core/delivery.ts';
import type { GroupCommit } from '../file/group-commit.ts';
import { createCallMirror } from './call-mirror.ts';
import { createCallReader } from './call-reader.ts';
import { type CallWriter, createCallWriter } from './call-writer.ts';
import { createDoubts } from './doubts.ts';
import type { Lanes } from './lanes.ts';
import { lanesOf } from './rows.ts';

/** Calls and waiting actions, with the compare-and-sets that every send has to pass [S1]. */
export interface CallStore extends Omit<CallJournal, 'id' | 'epoch' | 'chain'> {
  readonly lanes: Lanes;
  action(id: number): StoredAction;
}

const NO_LANES: ReadonlySet<string> = new Set();

export type CallStoreOptions = {
  readonly epoch: number;
  readonly now: () => number;
};

/** Every change is written into the open transaction first, and then taken over into the mirror. */
export function createCallStore(db: DatabaseSync, group: GroupCommit, { epoch, now }: CallStoreOptions): CallStore {
  const reader = createCallReader(db);
  const writer = createCallWriter(db, epoch);
  const mirror = createCallMirror(reader);
  group.onRollback(mirror.reload);
  /** A life uses a number once, also after a rollback. So a job of a call that was rolled back never finds another call. */
  let nextCall = reader.lastCall() + 1;

  function insertFrozen(actions: readonly StoredAction[], request: FrozenRequest, notBefore: number): Call {
    const call = frozenCall(nextCall++, actions, request, notBefore, now());
    writer.insert(call, reader.predecessorOf(actions[0]?.id ?? -1));
    return call;
  }

  async function endWaiting(actions: readonly StoredAction[], end: CallWriter['giveUp'], why: string): Promise<void> {
    const { durable } = group.write(() => {
      for (const { id } of actions) end(id, why, now());
    });
    mirror.lanes.remove(actions);
    await durable;
  }

  return {
    get lanes() {
      return mirror.lanes;
    },
    action: reader.action,
    waitingHeads: (limit, destination) => mirror.lanes.heads(mirror.heldLanes, limit, destination),
    waiting: (lane, limit) => mirror.lanes.waiting(lane, limit),
    waitingCounts: () => mirror.lanes.counts(),
    oldestWaitingAt: destination => mirror.lanes.heads(NO_LANES, 1, destination)[0]?.at ?? null,
    openCalls: () => [...mirror.openCalls()],
    call: id => mirror.open(id) ?? reader.call(id),
    doubts: createDoubts(db).before,
    freeze(actions, request, notBefore) {
      for (const lane of lanesOf(actions)) {
        const holder = mirror.holderOf(lane);
        if (holder !== undefined) throw new Error(`lane ${lane} already has call ${holder} under way`);
      }
      // This call need not be durable: after a crash its actions wait again. Only the mark before the send has to be durable [S2].
      const { value: call } = group.write(() => insertFrozen(actions, request, notBefore), 'ahead');
      mirror.lanes.remove(actions);
      mirror.remember(call);
      return call;
    },
    async split(id, keep, request, detail) {
      const call = mirror.open(id);
      if (call?.state !== 'retry' && call?.state !== 'sending') return null;
      const at = now();
      const { value: half, durable } = group.write(() => {
        writer.move(call, { state: 'rejected', at, notBefore: at, reason: 'refused', detail });
        writer.release(id, null, null, false);
        return insertFrozen(keep, request, at);
      });
      mirror.remember({ ...call, state: 'rejected', detail });
      // Compares ids: after a failed commit the store has new objects, and the caller still has the old ones.
      const kept = new Set(keep.map(({ id }) => id));
      mirror.lanes.putBack(call.actions.filter(action => !kept.has(action.id)));
      mirror.remember(half);
      await durable;
      return half;
    },
    settleNothing: (actions, why) => endWaiting(actions, writer.endAsNothing, why),
    giveUp: (actions, why) => endWaiting(actions, writer.giveUp, why),
    async markSending(id, attempt, base, at) {
      const call = mirror.open(id);
      if (!call || (call.state !== 'frozen' && call.state !== 'retry') || call.attempt !== attempt) return null;
      if (call.lanes.some(lane => mirror.holderOf(lane) !== id)) return null;
      const { value: isMarked, durable } = group.write(() => writer.markSending(id, attempt, base, at));
      if (!isMarked) return null;
      const sending = { ...call, state: 'sending', attempt: attempt + 1, sentAt: at, base: base ?? call.base } as const;
      mirror.remember(sending);
      await durable;
      return sending;
    },
    transition(id, from, to) {
      const call = mirror.open(id);
      if (!call || !from.includes(call.state)) return Promise.resolve(false);
      // Only the next action of its lane waits for this commit: after a crash the call would be found `sending` and looked up.
      const isAwaited = call.lanes.some(lane => mirror.lanes.waiting(lane, 1).length > 0);
      const { durable } = group.write(
        () => {
          writer.move(call, to);
          writer.moveActions(call, to);
        },
        isAwaited ? 'soon' : 'lazily',
      );
      mirror.remember(afterTransition(call, to));
      if (to.again) mirror.lanes.putBack(waitingAgain(call, to.again, to.at));
      if (to.state === 'released') {
        const { notBefore, guarded = false } = to;
        mirror.lanes.putBack(call.actions.map(action => ({ ...action, notBefore, guarded })));
      }
      return durable.then(() => true);
    },
    async finish(id, { failed, parked = new Map(), again = new Map(), detail }) {
      const call = mirror.open(id);
      if (call?.state !== 'accepted') return false;
      const at = now();
      const delivered = { state: 'delivered', at, notBefore: 0, reason: null, detail } as const;
      const { durable } = group.write(() => {
        writer.move(call, delivered);
        writer.refuse(id, failed, at);
        writer.park(id, parked, at);
        writer.sendAgain(id, again, at);
        writer.moveActions(call, { ...delivered, ...(call.result && { result: call.result }) });
      });
      mirror.remember({ ...call, state: 'delivered', detail });
      mirror.lanes.putBack(waitingAgain(call, again, at));
      await durable;
      return true;
    },
  };
}

function frozenCall(
  id: number,
  actions: readonly StoredAction[],
  request: FrozenRequest,
  notBefore: number,
  createdAt: number,
): Call {
  const [first] = actions;
  if (!first) throw new Error('a call needs an action');
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

/** The refused actions of a call as they wait now. */
function waitingAgain({ actions, ended }: Call, again: ReadonlyMap<string, SentAgain>, at: number): StoredAction[] {
  return actions.flatMap(action => {
    const to = again.get(action.key);
    if (!to || ended?.has(action.key)) return [];
    return [{ ...action, notBefore: to.notBefore, guarded: true, refusedSince: action.refusedSince ?? at }];
  });
}

function afterTransition(call: Call, to: CallTransition): Call {
  const { state, notBefore, reason, detail } = to;
  const keys = [...(to.failed?.keys() ?? []), ...(to.again?.keys() ?? [])];
  const ended = keys.length > 0 && { ended: new Set([...(call.ended ?? []), ...keys]) };
  const looks = to.looks ?? call.looks;
  return { ...call, state, notBefore, reason, detail, looks, result: to.result ?? call.result, ...ended };
}
