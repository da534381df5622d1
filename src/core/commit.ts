import type { Action } from '../actions/action.ts';
import type { CallResult } from '../actions/result.ts';
import type { CallState, Reason } from './delivery.ts';
import type { DecisionRow } from './rule-decision.ts';
import type { Quality, Value } from './sample.ts';

/** The last good value of a restorable signal, as kept over a restart. */
export type KeptValue = {
  readonly signal: string;
  readonly value: Value;
  readonly quality: Quality;
  readonly at: number;
};

/** One message of an acknowledging transport that was taken. */
export type TakenMessage = { readonly source: string; readonly packetId: number; readonly hash: string };

/** Since when a source whose broker keeps messages for us was not there with all of them read. */
export type Absence = {
  readonly source: string;
  /** ms since 1970; null: not known. */
  readonly since: number | null;
  /** Messages of its queue that were taken since. */
  readonly queued: number;
};

/** What one group commit of the rules makes durable, all of it or nothing. */
export type RuleCommit = {
  readonly states: readonly { readonly rule: string; readonly state: string }[];
  /** Rules whose state is deleted: they are not configured any more and nothing of them is open. */
  readonly forget?: readonly string[];
  readonly actions: readonly Action[];
  readonly taken: readonly TakenMessage[];
  readonly values: readonly KeptValue[];
  /** All sources that are away or catching up, when that or what was read of them has changed. */
  readonly away?: readonly Absence[];
  /** What the rules decided without an action: for people, it asks for no commit of its own. */
  readonly decisions?: readonly DecisionRow[];
  readonly at: number;
};

/** The end of an attempt, a look or a follow-up of a call, as the journal keeps it. */
export type CallTransition = {
  readonly state: Exclude<CallState, 'frozen' | 'sending'>;
  readonly at: number;
  /** Of the call; of its actions, when they are `released`. */
  readonly notBefore: number;
  readonly reason: Reason | null;
  readonly detail: string | null;
  readonly result?: CallResult;
  /** L2L's answer, shortened, without secrets: kept as history. */
  readonly answer?: string;
  readonly looks?: number;
  /** Accepted: the actions that L2L refused while it works on the others, by key, with its words. Dead letters at once. */
  readonly failed?: ReadonlyMap<string, string>;
  /** Released: the next call asks L2L to refuse a second one. */
  readonly guarded?: boolean;
};
