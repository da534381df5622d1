import type { ActionKind } from '../../actions/action.ts';
import type { Clock } from '../../core/clock.ts';
import type {
  Call,
  ChainState,
  Follow,
  Freeze,
  FrozenRequest,
  Look,
  Outcome,
  Prepared,
  StoredAction,
} from '../../core/delivery.ts';
import type { Logger } from '../../core/logger.ts';
import type { SiteMemory } from '../../core/site-memory.ts';
import type { Envelope } from '../envelope.ts';
import type { Reader } from '../reader.ts';
import type { RecordedSets } from '../set-matches.ts';
import type { SiteZone } from '../site-time.ts';
import type { Differences } from './answer-differences.ts';

/** A stored action of one kind. */
export type ActionOf<K extends ActionKind> = Extract<StoredAction, { readonly kind: K }>;

/** A call of one kind. It has at least one action. */
export type CallOf<K extends ActionKind> = Omit<Call, 'kind' | 'actions'> & {
  readonly kind: K;
  readonly actions: readonly ActionOf<K>[];
};

/** L2L refused the call. */
export type Refusal = Extract<Outcome, { kind: 'rejected' }>;

/** Whether L2L may be read. */
export type Reads = 'full' | 'never';

/** What every kind of action can use. */
export type ActionContext = {
  /** The site number (sites.site), not the record id. */
  readonly site: number;
  /** Login of the L2L user who opens dispatches. */
  readonly user: string;
  readonly zone: SiteZone;
  readonly clock: Clock;
  readonly log: Logger;
  readonly reader: Reader;
  /** never: the key may not read anything. The reader then fails with the reason `unread`. */
  readonly reads: Reads;
  /** Parts of L2L's words (any case) that refuse an open while a dispatch of another type is open on the machine. */
  readonly blocked: readonly string[];
  /** How long such an open waits before it is tried again (ms). */
  readonly blockedWait: number;
  /** The state of an episode now. */
  readonly chainOf: (chain: string) => ChainState;
  /** What the gateway found out about the site. */
  readonly memory: () => SiteMemory;
  readonly differences: Differences;
  /** The record sets of the journal. */
  readonly recordedSets: RecordedSets;
};

/** Builds the requests of one kind of action, and interprets L2L's answers to them. */
export interface ActionHandler<K extends ActionKind> {
  /** Builds the request. Pure: the same actions and chain give the same bytes. */
  freeze(actions: readonly ActionOf<K>[], chain: ChainState): Freeze;
  /**
   * Reads what a send depends on; left out: nothing. It may run again before a later attempt, when the earlier one certainly had no
   * effect.
   */
  prepare?(call: CallOf<K>, signal: AbortSignal): Promise<Prepared>;
  /**
   * What to do when the key may not read what `prepare` reads; null or left out: the call waits for the right. With `reads: never` nothing
   * is ever read. Pure.
   */
  unprepared?(call: CallOf<K>): Prepared | null;
  /** What to do in place of a look-up when nothing may be read; left out: a person decides. Pure. */
  unlooked?(call: CallOf<K>): Look;
  /** The request to send, when it depends on what `prepare` read; left out: the frozen request. Pure. */
  request?(call: CallOf<K>): FrozenRequest;
  /** L2L reported success: the result in its answer. */
  succeeded(call: CallOf<K>, envelope: Envelope, answer: string, signal: AbortSignal): Outcome | Promise<Outcome>;
  /** What a refusal means for this kind, such as "already done" or "not now". May read L2L. Left out: it is a refusal. */
  refused?(call: CallOf<K>, refusal: Refusal, signal: AbortSignal): Outcome | Promise<Outcome>;
  /** Whether this call may be sent again without a look-up; left out: as the policy of its kind says. */
  mayRepeat?(call: CallOf<K>): boolean;
  /** Reads from L2L whether a call without an answer took effect. */
  look(call: CallOf<K>, signal: AbortSignal): Promise<Look>;
  /** How many actions may share a call, when they are fewer than the policy of the kind says. */
  readonly maxActions?: number;
  /** The longest time since the start that L2L took for a call that it works on later (ms). */
  slowest?(): number;
  /** Reads what became of an accepted call. */
  follow?(call: CallOf<K>, signal: AbortSignal): Promise<Follow>;
}

export type ActionDefinition<K extends ActionKind> = {
  readonly kind: K;
  /** L2L takes such a call at once and works on it later. So a look-up that finds nothing proves nothing for a longer time. */
  readonly worksLater: boolean;
  /** Called once in a process. A handler may remember facts between calls. */
  create(context: ActionContext): ActionHandler<K>;
};

/** Checks the types of one kind, before the registry mixes definitions of all kinds. */
export function defineAction<K extends ActionKind>(definition: ActionDefinition<K>): ActionDefinition<K> {
  return definition;
}

/** The only action of a call, or the newest of the merged ones. */
export function newest<K extends ActionKind>(actions: readonly ActionOf<K>[]): ActionOf<K> {
  const action = actions.at(-1);
  if (!action) throw new Error('a call needs an action');
  return action;
}

/** The only action of a call, or the first one of an episode whose other actions are in the same call. */
export function oldest<K extends ActionKind>(actions: readonly ActionOf<K>[]): ActionOf<K> {
  const [action] = actions;
  if (!action) throw new Error('a call needs an action');
  return action;
}
