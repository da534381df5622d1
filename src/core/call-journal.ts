import type { ActionKind } from '../actions/action.ts';
import type { Destination } from '../actions/kind.ts';
import type { CallTransition } from './commit.ts';
import type { Call, CallBase, CallState, ChainState, FrozenRequest, StoredAction } from './delivery.ts';

/** How an accepted batch ended, by the keys of its actions. */
export type BatchEnd = {
  readonly failed: ReadonlyMap<string, string>;
  readonly parked?: ReadonlyMap<string, string>;
  readonly detail: string;
};

/** How many actions of a kind wait in a lane, in no call yet. */
export type LaneCount = { readonly lane: string; readonly kind: ActionKind; readonly waiting: number };

/**
 * What the queue needs of the journal; src/journal implements it. Reads see everything written before, committed or not.
 * Writes go into the next group commit; the promise resolves when that commit is durable and rejects when it is not
 * (disk full, IO error): then nothing may be sent [P10].
 */
export interface CallJournal {
  /** Identity and life of this journal: part of the queue's prefix in Redis. */
  readonly id: string;
  readonly epoch: number;

  /** The oldest waiting action of every lane, of one destination or of all, oldest first. Actions of shadow mode never appear. */
  waitingHeads(limit: number, destination?: Destination): readonly StoredAction[];
  /** The waiting actions of one lane, oldest first. */
  waiting(lane: string, limit: number): readonly StoredAction[];
  /** What waits, lane by lane. It is counted as it comes and goes, so this costs the same however much waits. */
  waitingCounts(): Iterable<LaneCount>;
  /** When the oldest waiting action happened (ms since 1970); null: none waits. */
  oldestWaitingAt(destination: Destination): number | null;
  /** Calls that are not final: frozen, sending, retry, unknown, accepted. All but accepted hold their lanes. */
  openCalls(): readonly Call[];
  call(id: number): Call | undefined;
  chain(chain: string): ChainState;
  /** How many calls before this one sent the same and ended `undecided`, since a person last decided. */
  doubts(id: number): number;

  /** Freezes actions into a new call. Throws when one of them is not waiting any more [S1]. */
  freeze(actions: readonly StoredAction[], request: FrozenRequest, notBefore: number): Call;
  /**
   * Waiting actions become dead letters: they are too old, or the dispatch of their chain was never opened. Those that L2L may have taken
   * before are parked.
   */
  giveUp(actions: readonly StoredAction[], why: string): Promise<void>;
  /** Ends waiting actions for which there is nothing to send. */
  settleNothing(actions: readonly StoredAction[], why: string): Promise<void>;
  /**
   * The compare-and-set before every send [S1]: the call is `frozen` or `retry`, its attempt is the job's, the epoch is mine
   * and no other call of its lanes is `sending`. Resolves to the call, now durably `sending` with attempt + 1 and `base`,
   * or to null: then the job is a no-op.
   */
  markSending(id: number, attempt: number, base: CallBase | null, at: number): Promise<Call | null>;
  /** The compare-and-set that ends an attempt, a look or a follow-up: only from one of `from`. Resolves to false when it was not so. */
  transition(id: number, from: readonly CallState[], to: CallTransition): Promise<boolean>;
  /**
   * Ends a call that L2L refused as a whole, from `retry` or `sending`: `keep` go into a new call with `request`, its other
   * actions wait again in their lanes. Resolves to the new call, or to null when the call was not so any more.
   */
  split(id: number, keep: readonly StoredAction[], request: FrozenRequest, detail: string): Promise<Call | null>;
  /**
   * Ends an accepted batch: the actions in `failed` become dead letters, those in `parked` are parked, the others are delivered. What was
   * settled before them stays as it is.
   */
  finish(id: number, end: BatchEnd): Promise<boolean>;
}
