import type { ActionKind } from '../core/action.ts';
import type { Clock } from '../core/clock.ts';
import type { CallPolicy, ChainState, Delivery, Outcome } from '../core/delivery.ts';
import { words } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { ActionContext, ActionHandler } from './actions/action.ts';
import { ACTIONS } from './actions/registry.ts';
import type { Client } from './client.ts';
import { judge, type ReadFailure } from './outcome.ts';
import { createReader } from './reader.ts';
import type { SiteZone } from './site-time.ts';

export type DeliveryOptions = {
  readonly client: Client;
  /** The site number (sites.site), not the record id. */
  readonly site: number;
  /** Login of the L2L user who opens dispatches. */
  readonly user: string;
  readonly zone: SiteZone;
  readonly clock: Clock;
  readonly log: Logger;
  /** Parts of L2L's words (any case) that mean "not now" in a refusal: such a call is repeated. */
  readonly transient?: readonly string[];
  /** Parts of L2L's words (any case) that refuse an open while a dispatch of another type is open on the machine. */
  readonly blocked?: readonly string[];
  /** How long such an open waits before it is tried again (ms). */
  readonly blockedWait?: number;
  /** How long after an unknown outcome L2L may still apply a call (ms), and a batch, which it works on after it took it. */
  readonly settle: { readonly call: number; readonly batch: number };
  /** What the journal knows of an episode now. */
  readonly chainOf: (chain: string) => ChainState;
};

const BLOCKED_WAIT = 60_000;
/** What L2L was seen to take for a batch makes nobody wait longer than this (ms). */
const LONGEST_SETTLE = 3_600_000;

/** How the queue reaches L2L. A fault in here is logged and becomes the outcome that can't double anything. */
export function createDelivery(options: DeliveryOptions): Delivery {
  const { client, log, transient = [], blocked = [], blockedWait = BLOCKED_WAIT, settle } = options;
  const handlers = handlersOf({ ...options, blocked, blockedWait, reader: createReader(client, transient) });

  const policies = Object.fromEntries(
    Object.entries(ACTIONS).map(([kind, { policy, worksLater }]) => [
      kind,
      { ...policy, settle: worksLater ? settle.batch : settle.call },
    ]),
  ) as Record<ActionKind, CallPolicy>;

  async function guarded<T>(
    what: string,
    call: { readonly id: number },
    work: () => Promise<T>,
    faulty: (detail: string) => T,
  ) {
    try {
      return await work();
    } catch (error) {
      log.error({ call: call.id, what, error: words(error) }, 'L2L call could not be handled');
      return faulty(`the gateway could not handle it: ${words(error)}`);
    }
  }
  const failed = (detail: string): { readonly kind: 'failed'; readonly outcome: ReadFailure } => ({
    kind: 'failed',
    outcome: { kind: 'retry', reason: 'unreadable', detail },
  });

  return {
    policy(kind) {
      const policy = policies[kind];
      // A batch slower than any before proves nothing by its absence; nobody waits for longer than a batch is followed.
      const settle = Math.max(policy.settle, Math.min(2 * (handlers[kind].slowest?.() ?? 0), LONGEST_SETTLE));
      return settle === policy.settle ? policy : { ...policy, settle };
    },

    mayRepeat: call => handlers[call.kind].mayRepeat?.(call) ?? policies[call.kind].repeatable,

    freeze(actions, chain) {
      const [first] = actions;
      if (!first) return { kind: 'nothing', why: 'there is no action' };
      return handlers[first.kind].freeze(actions, chain);
    },

    prepare: (call, signal) =>
      guarded(
        'prepare',
        call,
        async () => (await handlers[call.kind].prepare?.(call, signal)) ?? { kind: 'send', base: null },
        failed,
      ),

    admit: signal => client.admit(signal),

    send(call, signal) {
      const handler = handlers[call.kind];
      let isOut = false;
      return guarded<Outcome>(
        'send',
        call,
        async () => {
          const request = handler.request?.(call) ?? call.request;
          isOut = true;
          const verdict = judge(await client.post(request, signal), transient);
          if (verdict.kind === 'success') return handler.succeeded(call, verdict.envelope, verdict.answer, signal);
          return verdict.kind === 'rejected' && handler.refused ? handler.refused(call, verdict, signal) : verdict;
        },
        // Nothing can have left before the request was built.
        detail => ({ kind: isOut ? 'unknown' : 'retry', reason: 'unreadable', detail }),
      );
    },

    look: (call, signal) => guarded('look', call, () => handlers[call.kind].look(call, signal), failed),

    follow: (call, signal) =>
      guarded(
        'follow',
        call,
        async () =>
          (await handlers[call.kind].follow?.(call, signal)) ?? {
            kind: 'undecided',
            detail: `${call.kind} calls are not followed up`,
          },
        failed,
      ),
  };
}

/** One handler a kind. The cast is sound: a call reaches a handler by its own kind only. */
function handlersOf(context: ActionContext): Readonly<Record<ActionKind, ActionHandler<ActionKind>>> {
  const handlers = Object.entries(ACTIONS).map(([kind, definition]) => [kind, definition.create(context)]);
  return Object.fromEntries(handlers) as unknown as Readonly<Record<ActionKind, ActionHandler<ActionKind>>>;
}
