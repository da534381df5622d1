import type { ActionKind } from '../actions/action.ts';
import type { Destination } from '../actions/kind.ts';
import type { CallTransition, SentAgain } from './commit.ts';
import type { Call, CallBase, CallState, ChainState, FrozenRequest, StoredAction } from './delivery.ts';

/** The end of an accepted batch, by the keys of its actions. */
export type BatchEnd = {
  readonly failed: ReadonlyMap<string, string>;
  readonly parked?: ReadonlyMap<string, string>;
  readonly again?: ReadonlyMap<string, SentAgain>;
  readonly detail: string;
};

/** How many actions of a kind wait in a lane and are in no call yet. */
export type LaneCount = { readonly lane: string; readonly kind: ActionKind; readonly waiting: number };

/**
 * The part of the journal that the queue uses; src/journal implements it. Reads see everything written before, committed or not. Writes go
 * into the next group commit. The promise resolves when that commit is durable, and rejects when it is not (disk full, IO error): then
 * nothing may be sent [P10].
 */
export interface CallJournal {
  /** Identity and life of this journal. Both are part of the queue's prefix in Redis. */
  readonly id: string;
  readonly epoch: number;

  /** The oldest waiting action of every lane, oldest first; of one destination, or of all. Actions of shadow mode never appear. */
  waitingHeads(limit: number, destination?: Destination): readonly StoredAction[];
  /** The waiting actions of one lane, oldest first. */
  waiting(lane: string, limit: number): readonly StoredAction[];
  /** The number of waiting actions, lane by lane. It is kept up to date, so this costs the same however many wait. */
  waitingCounts(): Iterable<LaneCount>;
  /** When the oldest waiting action happened (ms since 1970); null: none waits. */
  oldestWaitingAt(destination: Destination): number | null;
  /** Calls that are not final: frozen, sending, retry, unknown, accepted. All but accepted hold their lanes. */
  openCalls(): readonly Call[];
  call(id: number): Call | undefined;
  chain(chain: string): ChainState;
  /** How many earlier calls sent the same and ended `undecided`, since the last decision of a person. */
  doubts(id: number): number;

  /** Freezes actions into a new call. Throws when one of them is not waiting any more [S1]. */
  freeze(actions: readonly StoredAction[], request: FrozenRequest, notBefore: number): Call;
  /**
   * Waiting actions become dead letters, because they are too old or the dispatch of their chain was never opened. Actions that L2L may
   * have taken before are parked.
   */
  giveUp(actions: readonly StoredAction[], why: string): Promise<void>;
  /** Ends waiting actions for which there is nothing to send. */
  settleNothing(actions: readonly StoredAction[], why: string): Promise<void>;
  /**
   * The compare-and-set before every send [S1]. It requires: the call is `frozen` or `retry`, its attempt is that of the job, the epoch is
   * this one, and no other call of its lanes is `sending`. Resolves to the call, now durably `sending` with attempt + 1 and `base`.
   * Resolves to null when a requirement fails: then the job does nothing.
   */
  markSending(id: number, attempt: number, base: CallBase | null, at: number): Promise<Call | null>;
  /**
   * The compare-and-set that ends an attempt, a look-up or a follow-up, only from a state in `from`. Resolves to false when the call has
   * another state.
   */
  transition(id: number, from: readonly CallState[], to: CallTransition): Promise<boolean>;
  /**
   * Ends a call that L2L refused as a whole, from `retry` or `sending`. The actions in `keep` go into a new call with `request`; the others
   * wait again in their lanes. Resolves to the new call, or to null when the call has another state by now.
   */
  split(id: number, keep: readonly StoredAction[], request: FrozenRequest, detail: string): Promise<Call | null>;
  /**
   * Ends an accepted batch: the actions in `failed` become dead letters, those in `parked` are parked, those in `again` wait for another
   * call, and the others are delivered. Actions that ended before stay as they are.
   */
  finish(id: number, end: BatchEnd): Promise<boolean>;
}
