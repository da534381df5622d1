import type { Action, ActionKind } from '../actions/action.ts';
import type { KindPolicy } from '../actions/kind.ts';
import type { CallResult } from '../actions/result.ts';

/** Why an attempt did not succeed. The set is closed, because it is also the metric label. */
export type Reason =
  | 'network' // name, refused, TLS: certainly not sent
  | 'rate_limited' // 429
  | 'timeout'
  | 'reset' // the connection ended after the request left
  | 'server' // any 5xx after the request left
  | 'unreadable' // no JSON, or not L2L's envelope
  | 'auth' // 401, 403 in L2L's own words
  | 'refused' // success:false; with `retry`: L2L is unable only for the moment
  | 'code' // L2L does not know a code of the call: it holds up only the lanes of the call
  | 'rights' // the key may not use one area of L2L: it holds up only the lanes that need that area
  | 'denied' // success:false to a read, and to a read of every other area
  | 'unread' // the config says that L2L is not read
  | 'blocked' // refused as long as a dispatch of another type is open on the machine
  | 'crashed' // found `sending` after a restart
  | 'undecided' // the look-up in L2L did not decide it either
  | 'stopped'; // the gateway had to stop while the request was on its way

/** The outcome of one HTTP attempt. `retry` only when the request certainly had no effect; otherwise `unknown`. */
export type Outcome =
  | { readonly kind: 'delivered'; readonly result: CallResult; readonly answer: string }
  | { readonly kind: 'accepted'; readonly result: CallResult; readonly answer: string }
  | { readonly kind: 'retry'; readonly reason: Reason; readonly detail: string; readonly retryAfter?: number }
  | { readonly kind: 'unknown'; readonly reason: Reason; readonly detail: string }
  /** `isOwn`: the refusal names a code of this call, so it shows nothing about other calls. */
  | {
      readonly kind: 'rejected';
      readonly reason: 'refused';
      readonly detail: string;
      readonly answer: string;
      readonly isOwn?: boolean;
    }
  | { readonly kind: 'halt'; readonly reason: 'auth'; readonly detail: string }
  /**
   * The call certainly had no effect and is over. Its actions wait for another call with another body, for at least `after` ms. Until then
   * they are outside the order of their lane.
   */
  | {
      readonly kind: 'again';
      /** null: the call did its part, and another call does the rest. */
      readonly reason: Extract<Reason, 'blocked' | 'refused'> | null;
      readonly detail: string;
      readonly after: number;
      readonly guarded: boolean;
    };

/** The setback of a read, or of a send that certainly had no effect. It is tried again. */
export type Setback = Extract<Outcome, { kind: 'retry' | 'halt' }>;

/** An action with its place in the journal. Ids rise in the order of the commits. */
export type StoredAction = Action & {
  readonly id: number;
  /** The action is outside the order of its lane until then (ms since 1970). */
  readonly notBefore?: number;
  /**
   * An earlier call with it may have had effect. For an open, L2L is asked to prevent duplicates. For a record set: it was sent to L2L
   * before, and L2L may still list why it refused it then.
   */
  readonly guarded?: boolean;
  /** Since when L2L refuses it, and it is sent again by itself (ms since 1970). */
  readonly refusedSince?: number;
};

/**
 * The exact request, built once. All attempts have the same bytes; another body is another call.
 * The API key is not part of it.
 */
export type FrozenRequest = {
  readonly method: 'POST';
  /** Path below the site's address, without a query. */
  readonly path: string;
  /** application/x-www-form-urlencoded. */
  readonly body: string;
};

/**
 * One call in the journal: one HTTP request for one action, or for several merged ones. frozen → sending → delivered | retry | unknown |
 * accepted | rejected | parked; retry and unknown lead back to sending.
 */
export type CallState =
  | 'frozen' // built, never sent
  | 'sending' // the mark is durable, the request may be on its way
  | 'retry' // certainly without effect; sent again at notBefore
  | 'unknown' // may have had effect; looked up at notBefore
  | 'accepted' // L2L took it and works on it; followed up at notBefore
  | 'delivered'
  | 'rejected' // dead letter: L2L's words are in detail
  | 'parked' // undecidable: a person decides
  | 'released' // over without a result: its actions wait for another call
  | 'dropped'; // undecidable, and the rule or a person gives it up

export type Call = {
  readonly id: number;
  readonly kind: ActionKind;
  readonly lanes: readonly string[];
  readonly actions: readonly StoredAction[];
  readonly request: FrozenRequest;
  readonly state: CallState;
  /** How many attempts began. */
  readonly attempt: number;
  /** How many look-ups were made since the outcome became unknown, or how many follow-ups since it was accepted. */
  readonly looks: number;
  /** Before this time it is not sent, looked up or followed up (ms since 1970). */
  readonly notBefore: number;
  readonly createdAt: number;
  /** When the last request left; null: none has left yet. */
  readonly sentAt: number | null;
  /** Facts that were read in L2L before the first attempt, and that decide look-ups later. */
  readonly base: CallBase | null;
  readonly result: CallResult | null;
  readonly reason: Reason | null;
  readonly detail: string | null;
  /** For an accepted batch: the keys of the actions that ended before the others. */
  readonly ended?: ReadonlySet<string>;
};

/** How long a count that was read in L2L is used (ms). A person may have changed an older one, so it is read again before a send. */
export const BASE_GOOD_FOR = 15 * 60_000;

/** Facts that were read before a send. They become durable with the mark `sending`. */
export type CallBase = {
  /** The machine's cycle count before an increment, or the anchor of the first set_cycles of a chain. */
  readonly cycleCount?: number;
  /** The scrap of the newest scrap records of the line, by their ids. */
  readonly scrapRows?: Readonly<Record<string, number>>;
  /** The one dispatch that a close of many ends, where L2L may not close all of them at once. */
  readonly dispatch?: { readonly id: number; readonly reported: number | null; readonly isCompleted: boolean };
  /** Errors that L2L already listed about record sets of this call, because they were sent earlier. None of them is about this call. */
  readonly errors?: readonly string[];
  /** When it was read (ms since 1970). */
  readonly at: number;
};

/**
 * A dispatch of an episode that is over and waits for a person's decision. It is named by its open's action, and by its id when that is
 * known.
 */
export type StuckDispatch = { readonly key: string; readonly reported: number; readonly dispatchId: number | null };

/**
 * The results of a chain's earlier actions. A close needs the id that its open was given. A set_cycles needs the anchor of the newest
 * delivered set_cycles of its chain; for those, `open` has no meaning. This is not a picture of one moment: everything below `result` is
 * read when it is used.
 */
export type ChainState = {
  readonly open: 'none' | 'pending' | 'delivered' | 'dead' | 'dropped';
  readonly result: CallResult | null;
  /** Other episodes that hold the same dispatch and are not over. The last one to end closes it. Rule names. */
  readonly heldBy: readonly string[];
  /** An episode of the gateway opened the dispatch, or adopted it with the right to end it. */
  readonly isOurs: boolean;
  /** The actions of the chain that wait and are in no call yet, oldest first. They include the ones that are to be frozen. */
  readonly waiting: readonly StoredAction[];
  /** This journal has neither sent nor looked for a dispatch of this machine and type yet. A former journal may have left one open. */
  readonly isFirst: boolean;
  /** The episode is over, and its end is parked: a person decides about it. */
  readonly isEndParked: boolean;
  /**
   * Other episodes of its lane that are over, and whose open or close is a dead letter or parked. No other episode may end their dispatch.
   */
  readonly stuck: readonly StuckDispatch[];
  /** Ids of dispatches that another action of the chain closed. */
  readonly closed: readonly number[];
  /** Rules whose earlier open of the same machine and type is parked: a person decides whether L2L has it. */
  readonly inDoubt: readonly string[];
};

export const NO_CHAIN: ChainState = {
  open: 'none',
  result: null,
  heldBy: [],
  isOurs: false,
  waiting: [],
  isFirst: false,
  isEndParked: false,
  stuck: [],
  closed: [],
  inDoubt: [],
};

/** How actions of a kind become calls. */
export type CallPolicy = KindPolicy & {
  /** How long L2L may still apply the call after an unknown outcome (ms). It is looked up or repeated only after that. */
  readonly settle: number;
};

/** The request for some actions; or there is nothing to send; or they wait for an earlier action of their chain. */
export type Freeze =
  /** `and`: later actions of the chain that the same request sends. */
  | { readonly kind: 'request'; readonly request: FrozenRequest; readonly and?: readonly StoredAction[] }
  | { readonly kind: 'nothing'; readonly why: string; readonly and?: readonly StoredAction[] }
  | { readonly kind: 'held'; readonly why: string };

/** The result of a read before a send. */
export type Prepared =
  | { readonly kind: 'send'; readonly base: CallBase | null }
  | { readonly kind: 'done'; readonly result: CallResult }
  /** L2L may have a part of it. Its actions wait for another call, which asks L2L to prevent duplicates. */
  | { readonly kind: 'again'; readonly detail: string }
  | { readonly kind: 'failed'; readonly outcome: Setback };

/** The result of a look-up after an unknown outcome. */
export type Look =
  | { readonly kind: 'applied'; readonly result: CallResult; readonly detail: string }
  | { readonly kind: 'absent'; readonly detail: string }
  /** L2L took it and still works on it: it is followed up, never repeated. */
  | { readonly kind: 'accepted'; readonly result: CallResult; readonly detail: string }
  /** Not decided yet: a later look-up may decide it. */
  | { readonly kind: 'pending'; readonly detail: string }
  | { readonly kind: 'undecided'; readonly detail: string }
  | { readonly kind: 'failed'; readonly outcome: Setback };

/**
 * The result of a follow-up of an accepted call, by the keys of its actions. `failed`: L2L refused them, with its message; they do not wait
 * for the others. `parked`: nobody can decide about them, each with the reason.
 */
export type Follow =
  | { readonly kind: 'pending'; readonly detail: string; readonly failed?: ReadonlyMap<string, string> }
  | {
      readonly kind: 'final';
      readonly failed: ReadonlyMap<string, string>;
      readonly parked?: ReadonlyMap<string, string>;
      readonly detail: string;
    }
  | { readonly kind: 'undecided'; readonly detail: string }
  | { readonly kind: 'failed'; readonly outcome: Setback };

/**
 * How the queue reaches a destination. The app passes it in, so the queue knows no HTTP and no L2L. No method throws for a fault of the
 * destination or the network: such a fault is an outcome.
 */
export interface Delivery {
  policy(kind: ActionKind): CallPolicy;
  /** Whether this call, of unknown outcome, gives the same end state when it is sent again. Mostly as the policy says. */
  mayRepeat(call: Call): boolean;
  /** Pure. Actions are of one kind; of one lane unless the policy says acrossLanes. */
  freeze(actions: readonly StoredAction[], chain: ChainState): Freeze;
  /** Reads what a send needs: a person's open dispatch, the base of a count. Called again when that has become too old. */
  prepare(call: Call, signal: AbortSignal): Promise<Prepared>;
  /**
   * Waits for the budget's permit for one send. Before the `sending` mark, so that a crash while waiting leaves nothing unknown.
   * Resolves to false when `signal` aborted first.
   */
  admit(signal: AbortSignal): Promise<boolean>;
  send(call: Call, signal: AbortSignal): Promise<Outcome>;
  look(call: Call, signal: AbortSignal): Promise<Look>;
  follow(call: Call, signal: AbortSignal): Promise<Follow>;
}
