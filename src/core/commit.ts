import type { Action } from '../actions/action.ts';
import type { CallResult } from '../actions/result.ts';
import type { CallState, Reason } from './delivery.ts';
import type { DecisionRow } from './rule-decision.ts';
import type { Quality, Value } from './sample.ts';

/** The last good value of a restorable signal. It is kept over a restart. */
export type KeptValue = {
  readonly signal: string;
  readonly value: Value;
  readonly quality: Quality;
  readonly at: number;
};

/** One message that was taken from a transport with acknowledgements. */
export type TakenMessage = { readonly source: string; readonly packetId: number; readonly hash: string };

/** A source whose broker keeps messages, while the source is away or still reads the kept messages. */
export type Absence = {
  readonly source: string;
  /** ms since 1970; null: not known. */
  readonly since: number | null;
  /** How many messages of its queue were taken since then. */
  readonly queued: number;
};

/** The content of one group commit of the rules. All of it becomes durable, or none of it. */
export type RuleCommit = {
  readonly states: readonly { readonly rule: string; readonly state: string }[];
  /** Rules whose state is deleted, because they are not in the config any more and have no open dispatch. */
  readonly forget?: readonly string[];
  readonly actions: readonly Action[];
  readonly taken: readonly TakenMessage[];
  readonly values: readonly KeptValue[];
  /** All sources that are away or catching up, when one of them has changed. */
  readonly away?: readonly Absence[];
  /** Decisions of rules that made no action, for people. They need no commit of their own. */
  readonly decisions?: readonly DecisionRow[];
  readonly at: number;
};

/** The end of an attempt, a look-up or a follow-up of a call, for the journal. */
/** A part of a batch that L2L refused waits for another call, outside the order of its lane until `notBefore` (ms since 1970). */
export type SentAgain = { readonly notBefore: number; readonly detail: string };

export type CallTransition = {
  readonly state: Exclude<CallState, 'frozen' | 'sending'>;
  readonly at: number;
  /** Belongs to the call. When its actions are `released`, it belongs to them. */
  readonly notBefore: number;
  readonly reason: Reason | null;
  readonly detail: string | null;
  readonly result?: CallResult;
  /** L2L's answer for the history, shortened and without secrets. */
  readonly answer?: string;
  readonly looks?: number;
  /** For a call to be repeated: L2L refused it, and the gateway sends it again for a while. */
  readonly isRefused?: boolean;
  /**
   * For an accepted call: the actions that L2L refused while it works on the others, by key, with its reasons. They become dead letters at
   * once.
   */
  readonly failed?: ReadonlyMap<string, string>;
  /** For an accepted call: the refused actions that the gateway sends again, by key. */
  readonly again?: ReadonlyMap<string, SentAgain>;
  /** For a released call: the next call asks L2L to prevent duplicates. */
  readonly guarded?: boolean;
};
