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
import type { Envelope } from '../envelope.ts';
import type { Reader } from '../reader.ts';
import type { SiteZone } from '../site-time.ts';

/** A stored action of one kind. */
export type ActionOf<K extends ActionKind> = Extract<StoredAction, { readonly kind: K }>;

/** A call of one kind; freezing makes sure that it has at least one action. */
export type CallOf<K extends ActionKind> = Omit<Call, 'kind' | 'actions'> & {
  readonly kind: K;
  readonly actions: readonly ActionOf<K>[];
};

/** L2L said no. */
export type Refusal = Extract<Outcome, { kind: 'rejected' }>;

/** What every kind of action may use. */
export type ActionContext = {
  /** The site number (sites.site), not the record id. */
  readonly site: number;
  /** Login of the L2L user who opens dispatches. */
  readonly user: string;
  readonly zone: SiteZone;
  readonly clock: Clock;
  readonly log: Logger;
  readonly reader: Reader;
  /** Parts of L2L's words (any case) that refuse an open while a dispatch of another type is open on the machine. */
  readonly blocked: readonly string[];
  /** How long such an open waits before it is tried again (ms). */
  readonly blockedWait: number;
  /** What is known of an episode now. */
  readonly chainOf: (chain: string) => ChainState;
};

/** How one kind of action becomes requests, and what L2L's answers to them mean. */
export interface ActionHandler<K extends ActionKind> {
  /** Pure: the same actions and chain give the same bytes. */
  freeze(actions: readonly ActionOf<K>[], chain: ChainState): Freeze;
  /**
   * Reads what must be known before a send; left out: nothing. May be asked again before a later attempt that follows one
   * certainly without effect.
   */
  prepare?(call: CallOf<K>, signal: AbortSignal): Promise<Prepared>;
  /** The bytes to send, where they depend on what `prepare` read; left out: the frozen request. Pure. */
  request?(call: CallOf<K>): FrozenRequest;
  /** L2L said success: what it gave us. */
  succeeded(call: CallOf<K>, envelope: Envelope, answer: string, signal: AbortSignal): Outcome | Promise<Outcome>;
  /** What a refusal means for this kind: that it is already so, or not now. May read L2L. Left out: what it says. */
  refused?(call: CallOf<K>, refusal: Refusal, signal: AbortSignal): Outcome | Promise<Outcome>;
  /** Whether this call may be sent again without asking L2L; left out: as the policy of its kind says. */
  mayRepeat?(call: CallOf<K>): boolean;
  /** Asks L2L whether a call whose answer is missing took effect. */
  look(call: CallOf<K>, signal: AbortSignal): Promise<Look>;
  /** The longest L2L took for a call that it works on later, as seen since the start (ms). */
  slowest?(): number;
  /** Asks what became of an accepted call. */
  follow?(call: CallOf<K>, signal: AbortSignal): Promise<Follow>;
}

export type ActionDefinition<K extends ActionKind> = {
  readonly kind: K;
  /** L2L takes such a call at once and works on it later: that nothing is there yet proves nothing for longer. */
  readonly worksLater: boolean;
  /** Once a process: what a handler remembers between calls lives as long. */
  create(context: ActionContext): ActionHandler<K>;
};

/** Keeps the kind inside while the registry lists definitions of all kinds. */
export function defineAction<K extends ActionKind>(definition: ActionDefinition<K>): ActionDefinition<K> {
  return definition;
}

/** The one action, or the newest of the merged ones. */
export function newest<K extends ActionKind>(actions: readonly ActionOf<K>[]): ActionOf<K> {
  const action = actions.at(-1);
  if (!action) throw new Error('a call needs an action');
  return action;
}

/** The one action, or the first of an episode whose other actions the same call sends. */
export function oldest<K extends ActionKind>(actions: readonly ActionOf<K>[]): ActionOf<K> {
  const [action] = actions;
  if (!action) throw new Error('a call needs an action');
  return action;
}
