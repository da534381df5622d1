import type { ActionKind } from '../../src/actions/action.ts';
import type {
  Call,
  CallPolicy,
  ChainState,
  Delivery,
  Follow,
  Freeze,
  Look,
  Outcome,
  Prepared,
  Setback,
  StoredAction,
} from '../../src/core/delivery.ts';

type Script<T> = (call: Call, signal: AbortSignal) => T | Promise<T>;

/** An L2L whose answers the test decides. It remembers what it received. */
export type ScriptedDelivery = Delivery & {
  /** Sends in the order in which they began, with the keys of their actions. */
  readonly sent: { readonly call: Call; readonly keys: readonly string[] }[];
  /** The largest number of sends of one lane that were under way at once. */
  readonly mostAtOnce: number;
  /** The calls that were looked up and followed up, in order. */
  readonly looked: Call[];
  readonly followed: Call[];
  on: {
    prepare: Script<Prepared>;
    send: Script<Outcome>;
    look: Script<Look>;
    follow: Script<Follow>;
    freeze: (actions: readonly StoredAction[], chain: ChainState) => Freeze;
  };
};

const POLICIES: Record<ActionKind, CallPolicy> = {
  open_dispatch: { priority: 0, repeatable: false, maxActions: 1, acrossLanes: false, settle: 60 },
  close_dispatch: { priority: 0, repeatable: true, maxActions: 1, acrossLanes: false, settle: 60 },
  close_machine: { priority: 0, repeatable: false, maxActions: 1, acrossLanes: false, settle: 60 },
  increment_cycles: { priority: 1, repeatable: false, maxActions: 1000, acrossLanes: false, settle: 60 },
  set_cycles: { priority: 1, repeatable: true, maxActions: 1000, acrossLanes: false, settle: 60 },
  add_scrap_detail: { priority: 2, repeatable: false, maxActions: 1, acrossLanes: false, settle: 60 },
  record_details: { priority: 2, repeatable: false, maxActions: 50, acrossLanes: true, settle: 60 },
};

export const DELIVERED: Outcome = { kind: 'delivered', result: {}, answer: '{"success":true}' };
export const AWAY: Setback = { kind: 'retry', reason: 'network', detail: 'connection refused' };
export const LOST: Outcome = { kind: 'unknown', reason: 'timeout', detail: 'no answer within 60 s' };
export const REFUSED: Outcome = {
  kind: 'rejected',
  reason: 'refused',
  detail: 'no rights',
  answer: '{"success":false}',
};
export const NO_KEY: Outcome = { kind: 'halt', reason: 'auth', detail: '401' };

export function scriptedDelivery(overrides: Partial<Record<ActionKind, Partial<CallPolicy>>> = {}): ScriptedDelivery {
  const sent: ScriptedDelivery['sent'] = [];
  const looked: Call[] = [];
  const followed: Call[] = [];
  const underWay = new Map<string, number>();
  let mostAtOnce = 0;
  const on: ScriptedDelivery['on'] = {
    prepare: () => ({ kind: 'send', base: null }),
    send: () => DELIVERED,
    look: () => ({ kind: 'undecided', detail: 'nobody knows' }),
    follow: () => ({ kind: 'final', failed: new Map(), detail: 'all of it' }),
    freeze: actions => ({
      kind: 'request',
      request: { method: 'POST', path: '/x', body: actions.map(action => action.key).join('&') },
    }),
  };
  return {
    sent,
    looked,
    followed,
    on,
    get mostAtOnce() {
      return mostAtOnce;
    },
    policy: kind => ({ ...POLICIES[kind], ...overrides[kind] }),
    mayRepeat: call => ({ ...POLICIES[call.kind], ...overrides[call.kind] }).repeatable,
    freeze: (actions, chain) => on.freeze(actions, chain),
    prepare: async (call, signal) => on.prepare(call, signal),
    admit: async () => true,
    async send(call, signal) {
      sent.push({ call, keys: call.actions.map(action => action.key) });
      for (const lane of call.lanes) {
        underWay.set(lane, (underWay.get(lane) ?? 0) + 1);
        mostAtOnce = Math.max(mostAtOnce, underWay.get(lane) ?? 0);
      }
      try {
        return await on.send(call, signal);
      } finally {
        for (const lane of call.lanes) underWay.set(lane, (underWay.get(lane) ?? 1) - 1);
      }
    },
    async look(call, signal) {
      looked.push(call);
      return on.look(call, signal);
    },
    async follow(call, signal) {
      followed.push(call);
      return on.follow(call, signal);
    },
  };
}
