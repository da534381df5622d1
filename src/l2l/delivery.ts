import { type ActionKind, kindOf } from '../actions/registry.ts';
import type { Clock } from '../core/clock.ts';
import type {
  Call,
  CallPolicy,
  ChainState,
  Delivery,
  Follow,
  FrozenRequest,
  Look,
  Outcome,
  Prepared,
  Setback,
} from '../core/delivery.ts';
import { errorMessage } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import { type SiteMemory, shortMemory } from '../core/site-memory.ts';
import type { ActionContext, ActionHandler, Reads } from './actions/action.ts';
import { createDifferences } from './actions/answer-differences.ts';
import { ACTIONS } from './actions/registry.ts';
import type { Client } from './client.ts';
import { BAD_SIGNATURE, judge, type ReadFailure } from './outcome.ts';
import type { Reachability } from './reachability.ts';
import { createReader, NO_READS } from './reader.ts';
import { codesOf, explained, isAboutCodes, withUserPlace } from './refused-codes.ts';
import type { RecordedSets } from './set-matches.ts';
import type { SiteZone } from './site-time.ts';

export type DeliveryOptions = {
  readonly client: Client;
  /** The site number (sites.site), not the record id. */
  readonly site: number;
  /** Login of the L2L user who opens dispatches. */
  readonly user: string;
  /** Where the config names this user, as `file:line`. */
  readonly userPlace?: string;
  /** Where it names the real user; left out: it names none. */
  readonly realUserPlace?: string;
  readonly zone: SiteZone;
  readonly clock: Clock;
  readonly log: Logger;
  /** Parts of L2L's words (any case) that mean "not now" in a refusal. Such a call is repeated. */
  readonly transient?: readonly string[];
  /** Parts of L2L's words (any case) that refuse an open while a dispatch of another type is open on the machine. */
  readonly blocked?: readonly string[];
  /** How long such an open waits before it is tried again (ms). */
  readonly blockedWait?: number;
  /** How long after an unknown outcome L2L may still apply a call or a batch (ms). L2L works on a batch after it took it. */
  readonly settle: { readonly call: number; readonly batch: number };
  /** What the journal knows of an episode now. */
  readonly chainOf: (chain: string) => ChainState;
  /** What the gateway found out about the site; left out: it is forgotten with the process. */
  readonly memory?: () => SiteMemory;
  /** The record sets of the journal; left out: it has none. */
  readonly recordedSets?: RecordedSets;
  /** never: L2L is not read. Default full. */
  readonly reads?: Reads;
  /** The check of key, site and zone. Left out: they count as right, and the key can't be checked. */
  readonly settings?: Pick<Reachability, 'askKey' | 'verify' | 'unverified'>;
};

const BLOCKED_WAIT = 60_000;
/** A slow batch makes later ones wait no longer than this (ms). */
const LONGEST_SETTLE = 3_600_000;
const NO_RIGHT = 'L2L answers other questions with this key, so its user lacks the right to this one: give it in L2L';

const MUST_READ =
  'it must read L2L first, and the config says l2l.reads: never; give the key the right to read, and write l2l.reads: full';
const NOBODY_LOOKS = {
  kind: 'undecided',
  detail: 'the config says l2l.reads: never, so nobody looks whether L2L has it; look in L2L, then retry or drop it',
} as const;

function isUnread(found: { readonly kind: string }): boolean {
  return 'outcome' in found && (found.outcome as Setback).reason === 'unread';
}

/** How the queue reaches L2L. An error of the gateway is logged and becomes an outcome that can't double anything. */
export function createDelivery(options: DeliveryOptions): Delivery {
  const { client, log, transient = [], blocked = [], blockedWait = BLOCKED_WAIT, settle } = options;
  const forgotten = shortMemory();
  const { memory = () => forgotten, reads = 'full' } = options;
  const handlers = handlersOf({
    ...options,
    memory,
    differences: createDifferences({ ...options, memory }),
    recordedSets: options.recordedSets ?? (() => []),
    blocked,
    blockedWait,
    reads,
    reader: reads === 'never' ? NO_READS : createReader(client, transient),
  });

  const policies = Object.fromEntries(
    Object.values(ACTIONS).map(({ kind, worksLater }) => [
      kind,
      { ...kindOf(kind).policy, settle: worksLater ? settle.batch : settle.call },
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
      log.error({ call: call.id, what, error: errorMessage(error) }, 'L2L call could not be handled');
      return faulty(`the gateway could not handle it: ${errorMessage(error)}`);
    }
  }
  const failed = (detail: string): { readonly kind: 'failed'; readonly outcome: ReadFailure } => ({
    kind: 'failed',
    outcome: { kind: 'retry', reason: 'unreadable', detail },
  });

  /** Narrows a refusal down: L2L may refuse a single area or a single code, and take everything else. */
  async function ofItsLane<T extends { readonly kind: string }>(
    call: Call,
    outcome: T | Setback,
    signal: AbortSignal,
  ): Promise<T | Setback> {
    const setback = outcome as Setback;
    const isDenied = setback.kind === 'retry' && setback.reason === 'denied';
    if (setback.kind !== 'halt' && !isDenied) return outcome;
    const { detail } = setback;
    if (isDenied && isAboutCodes(detail, call.actions)) return { kind: 'retry', reason: 'code', detail };
    if ((await options.settings?.askKey(signal)) !== 'takes') return outcome;
    // With a wrong signature the right itself may be there.
    const next = detail.includes(BAD_SIGNATURE) ? '' : `; ${NO_RIGHT}`;
    return { kind: 'retry', reason: 'rights', detail: `${detail}${next}` };
  }

  async function read<T extends { readonly kind: string }>(call: Call, found: T, signal: AbortSignal): Promise<T> {
    if (!('outcome' in found)) return found;
    return { ...found, outcome: await ofItsLane(call, found.outcome as Setback, signal) };
  }

  /** The key may not read what `prepare` reads. Some calls are safe without it. */
  function withoutRight(call: Call, found: Prepared): Prepared {
    if (found.kind !== 'failed') return found;
    const { reason } = found.outcome;
    if (reason !== 'rights' && reason !== 'unread') return found;
    const without = handlers[call.kind].unprepared?.(call) ?? null;
    if (without !== null || reason === 'rights') return without ?? found;
    return { kind: 'failed', outcome: { kind: 'retry', reason: 'rights', detail: MUST_READ } };
  }

  return {
    policy(kind) {
      const policy = policies[kind];
      // A batch may take longer than any batch before, so a missing one proves nothing. The wait ends when the gateway gives up on batches.
      const settle = Math.max(policy.settle, Math.min(2 * (handlers[kind].slowest?.() ?? 0), LONGEST_SETTLE));
      const { maxActions = policy.maxActions } = handlers[kind];
      return { ...policy, settle, maxActions };
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
        async () =>
          withoutRight(
            call,
            await read<Prepared>(
              call,
              (await handlers[call.kind].prepare?.(call, signal)) ?? { kind: 'send', base: null },
              signal,
            ),
          ),
        failed,
      ),

    // The check of the settings may take minutes. It comes before the mark, so that what was read for the call is still true at its send.
    async admit(signal) {
      await options.settings?.verify(signal);
      return client.admit(signal);
    },

    send(call, signal) {
      const handler = handlers[call.kind];
      let isOut = false;
      return guarded<Outcome>(
        'send',
        call,
        async () => {
          const request = handler.request?.(call) ?? call.request;
          const unverified = options.settings?.unverified() ?? null;
          if (unverified) return unverified;
          isOut = true;
          const words = { transient, other: blocked, codes: call.actions.flatMap(codesOf) };
          const verdict = judge(await client.post(request, signal), words);
          if (verdict.kind === 'success') return handler.succeeded(call, verdict.envelope, verdict.answer, signal);
          const outcome =
            verdict.kind === 'rejected' && handler.refused ? await handler.refused(call, verdict, signal) : verdict;
          // The call may have had effect, and nobody may read whether it had.
          if (outcome.kind === 'retry' && outcome.reason === 'unread')
            return { kind: 'unknown', reason: 'undecided', detail: outcome.detail };
          if (outcome.kind === 'rejected' && isAboutCodes(outcome.detail, call.actions))
            return { ...outcome, detail: explained(outcome.detail, call.actions), isOwn: true };
          if (outcome.kind === 'rejected')
            return {
              ...outcome,
              detail: withUserPlace(outcome.detail, { user: options.userPlace, realUser: options.realUserPlace }),
            };
          if (outcome.kind !== 'halt' || outcome !== verdict) return ofItsLane(call, outcome, signal);
          return ofItsLane(call, { ...outcome, detail: `writing /${areaOf(request)}/: ${outcome.detail}` }, signal);
        },
        // The error came before the request was built, so nothing was sent.
        detail => ({ kind: isOut ? 'unknown' : 'retry', reason: 'unreadable', detail }),
      );
    },

    look: (call, signal) =>
      guarded(
        'look',
        call,
        async () => {
          const found = await read<Look>(call, await handlers[call.kind].look(call, signal), signal);
          return isUnread(found) ? (handlers[call.kind].unlooked?.(call) ?? NOBODY_LOOKS) : found;
        },
        failed,
      ),

    follow: (call, signal) =>
      guarded(
        'follow',
        call,
        async () => {
          const detail = `${call.kind} calls are not followed up`;
          const found = (await handlers[call.kind].follow?.(call, signal)) ?? { kind: 'undecided', detail };
          return isUnread(found) ? NOBODY_LOOKS : read<Follow>(call, found, signal);
        },
        failed,
      ),
  };
}

/** One handler for each kind. The cast is safe, because the kind of a call selects its handler. */
function handlersOf(context: ActionContext): Readonly<Record<ActionKind, ActionHandler<ActionKind>>> {
  const handlers = Object.entries(ACTIONS).map(([kind, definition]) => [kind, definition.create(context)]);
  return Object.fromEntries(handlers) as unknown as Readonly<Record<ActionKind, ActionHandler<ActionKind>>>;
}

/** The record area of a request, as in `/api/1.0/dispatches/open/`. */
function areaOf({ path }: FrozenRequest): string {
  return path.replace(/^\/api\/[^/]*\//, '').split('/')[0] ?? '';
}
