import { kindOf } from '../actions/registry.ts';
import type { CallTransition } from '../core/commit.ts';
import {
  BASE_GOOD_FOR,
  type Call,
  type CallPolicy,
  type Follow,
  type Look,
  type Outcome,
  type Setback,
  type StoredAction,
} from '../core/delivery.ts';
import { formatDuration } from '../core/fields.ts';
import { backoff } from '../core/lifecycle.ts';
import type { Evidence } from './breaker.ts';
import type { Refusal } from './open-call.ts';

/** How long the queue waits (ms). */
export type Timings = {
  /** Between the two looks that have to find nothing before a call is repeated. */
  readonly lookAgain: number;
  readonly firstRetry: number;
  readonly longestRetry: number;
  /** Longest Retry-After that is believed. */
  readonly longestRetryAfter: number;
  /** While L2L does not know a code of the call, or a right is missing: a person has to correct that. */
  readonly firstMend: number;
  readonly longestMend: number;
  readonly firstFollow: number;
  readonly longestFollow: number;
  /** How long a refused call waits for evidence that L2L refuses all calls, before it becomes a dead letter. */
  readonly refusalHold: number;
  /** How long a refused call is sent again and again before it is a dead letter. A refusal was not applied, so that doubles nothing. */
  readonly giveUpAfter: number;
  /** When a call waits longer than this for the budget, L2L is read again before the send: it may have asked for a pause. */
  readonly longestWait: number;
};

export const TIMING_DEFAULTS: Timings = {
  lookAgain: 30_000,
  firstRetry: 2000,
  longestRetry: 300_000,
  longestRetryAfter: 900_000,
  firstMend: 15_000,
  longestMend: 300_000,
  firstFollow: 5000,
  longestFollow: 60_000,
  refusalHold: 10_000,
  giveUpAfter: 3_600_000,
  longestWait: 30_000,
};

/** What a verdict needs besides the answer. `setbacks`: attempts in a row that brought the call no further, this one included. */
export type Circumstances = {
  readonly now: number;
  readonly random: number;
  readonly setbacks: number;
  readonly timings: Timings;
  readonly policy: CallPolicy;
};

/**
 * How often a call that stays undecided is sent again, where its rule says `repeat`. Chance (somebody else wrote in the same minute) does
 * not come three times in a row, so a fourth repeat decides nothing. And L2L may have taken every one of them.
 */
const REPEATS_IN_DOUBT = 3;

/** Looks that found nothing before a call that can't be repeated blindly is sent again. */
const LOOKS_WITHOUT_IT = 2;

/** What becomes of a call after a send. A refused call stays `retry` until it is known whether L2L refuses all calls. */
export function afterSend(outcome: Outcome, at: Circumstances): CallTransition {
  const { now, timings } = at;
  switch (outcome.kind) {
    case 'delivered':
      return {
        state: 'delivered',
        at: now,
        notBefore: now,
        reason: null,
        detail: outcome.result.nothing ?? null,
        result: outcome.result,
        answer: outcome.answer,
      };
    case 'accepted':
      return {
        state: 'accepted',
        at: now,
        notBefore: now + timings.firstFollow,
        reason: null,
        detail: null,
        result: outcome.result,
        answer: outcome.answer,
        looks: 0,
      };
    case 'unknown': {
      const { reason, detail } = outcome;
      return { state: 'unknown', at: now, notBefore: now + at.policy.settle, reason, detail, looks: 0 };
    }
    case 'rejected': {
      const { reason, detail, answer } = outcome;
      return { state: 'retry', at: now, notBefore: now + timings.refusalHold, reason, detail, answer };
    }
    case 'again': {
      const { reason, detail, after, guarded } = outcome;
      return { state: 'released', at: now, notBefore: now + after, reason, detail, guarded };
    }
    case 'retry':
    case 'halt':
      return { state: 'retry', at: now, ...setback(outcome, at) };
  }
}

/** Found `sending` although nobody here sends it: nobody knows whether it arrived. */
export function abandoned(at: Circumstances): CallTransition {
  return afterSend({ kind: 'unknown', reason: 'crashed', detail: 'found on its way, but nobody sends it' }, at);
}

/** The read before the send showed that its actions need another call. */
export function sentAnew(detail: string, now: number): CallTransition {
  return { state: 'released', at: now, notBefore: now, reason: null, detail, guarded: true };
}

/** The refusal is of this call alone: it is sent again, because a person may correct the cause. null: that went on for long enough. */
export function repeatRefused(refusal: Refusal, since: number, at: Circumstances): CallTransition | null {
  const { now, random, setbacks, timings } = at;
  const end = since + timings.giveUpAfter;
  if (now >= end) return null;
  const wait = backoff(Math.max(1, setbacks), timings.firstMend, timings.longestMend, random);
  const untilWhen = `sent again for ${formatDuration(timings.giveUpAfter)}, then it is a dead letter`;
  const detail = `${refusal.detail}; a correction in L2L or of the rule is enough: it is ${untilWhen}`;
  const reason = refusal.isOwn ? 'code' : 'refused';
  return { state: 'retry', at: now, notBefore: Math.min(now + wait, end), reason, detail, answer: refusal.answer };
}

/** The refusal is of this call alone. */
export function deadLetter(refusal: { detail: string; answer: string }, now: number): CallTransition {
  return { state: 'rejected', at: now, notBefore: now, reason: 'refused', ...refusal };
}

/** It was marked as being sent, and was not sent. */
export function notSent(now: number): CallTransition {
  const detail = 'not sent yet: the gateway paused, stopped or stood still before it could leave';
  return { state: 'retry', at: now, notBefore: now, reason: null, detail };
}

/** A repeatable call whose outcome is unknown gives the same end state when it is sent again. */
export function repeatUnknown(call: Call, now: number): CallTransition {
  return { state: 'retry', at: now, notBefore: now, reason: call.reason, detail: call.detail };
}

/** What becomes of an unknown call after L2L was asked about it. `doubts`: calls before it that sent the same and ended undecided. */
export function afterLook(call: Call, look: Look, at: Circumstances, doubts = 0): CallTransition {
  const { now, timings } = at;
  const { reason } = call;
  switch (look.kind) {
    case 'applied':
      return { state: 'delivered', at: now, notBefore: now, reason, detail: look.detail, result: look.result };
    case 'absent': {
      const looks = call.looks + 1;
      const { detail } = look;
      if (looks < LOOKS_WITHOUT_IT) {
        return { state: 'unknown', at: now, notBefore: now + timings.lookAgain, reason, detail, looks };
      }
      return at.policy.guardedRepeat === true
        ? { state: 'released', at: now, notBefore: now, reason, detail, looks, guarded: true }
        : { state: 'retry', at: now, notBefore: now, reason, detail, looks };
    }
    case 'accepted':
      return {
        state: 'accepted',
        at: now,
        notBefore: now + timings.firstFollow,
        reason,
        detail: look.detail,
        result: look.result,
        looks: 0,
      };
    case 'pending': {
      const { detail } = look;
      return {
        state: 'unknown',
        at: now,
        notBefore: now + growing(call, timings.lookAgain, timings, now),
        reason,
        detail,
      };
    }
    case 'undecided':
      return { at: now, notBefore: now, reason, ...undecided(call, look.detail, at.policy, doubts) };
    case 'failed': {
      const { notBefore } = setback(look.outcome, at);
      return { state: 'unknown', at: now, notBefore, reason, detail: look.outcome.detail };
    }
  }
}

/** The wait until the next read about a call: the longer ago it was sent, the longer. So the gaps grow, also over a restart. */
function growing({ sentAt, createdAt }: Call, first: number, { longestFollow }: Timings, now: number): number {
  const gone = now - (sentAt ?? createdAt);
  return Math.max(first, Math.min(gone / 2, longestFollow));
}

const LET_GO = 'let go, as its rule says: if L2L has it, it stays there until a person sees to it';

/** What `on_unknown` of its rules says. A repeat is another call, because what was read before the first one is out of date. */
function undecided(
  { actions }: Call,
  detail: string,
  policy: CallPolicy,
  doubts: number,
): Pick<CallTransition, 'state' | 'detail' | 'guarded'> & Partial<Pick<CallTransition, 'reason'>> {
  const [choice, ...others] = new Set(actions.map(action => action.onUnknown));
  if (others.length > 0 || choice === undefined) return { state: 'parked', detail };
  if (choice === 'drop') return { state: 'dropped', detail: `${detail}; ${LET_GO}` };
  if (doubts >= REPEATS_IN_DOUBT) return { state: 'parked', detail: `${detail}; sent ${doubts + 1} times by now` };
  return { state: 'released', reason: 'undecided', detail, guarded: policy.guardedRepeat === true };
}

/** The call had no effect and is out of date: its actions need another call, or none. */
export function overtaken({ actions }: Call, now: number, detail: string): CallTransition {
  const guarded = actions.some(action => action.guarded);
  return { state: 'released', at: now, notBefore: now, reason: null, detail, guarded };
}

/** An episode whose dispatch is open is closed however late: only what opens it, or what counts, can be too old. */
export function isTooOld({ kind, expiresAt }: StoredAction, now: number): boolean {
  return expiresAt !== undefined && expiresAt < now && kindOf(kind).times.expire;
}

/** What becomes of an accepted call after its progress was read; `final` is the journal's `finish`. */
export function afterFollow(call: Call, follow: Exclude<Follow, { kind: 'final' }>, at: Circumstances): CallTransition {
  const { now, timings } = at;
  switch (follow.kind) {
    case 'pending': {
      const looks = call.looks + 1;
      const notBefore = now + Math.min(timings.longestFollow, timings.firstFollow * 2 ** Math.min(looks, 30));
      const { detail, failed } = follow;
      return { state: 'accepted', at: now, notBefore, reason: null, detail, looks, ...(failed && { failed }) };
    }
    case 'undecided':
      return { state: 'parked', at: now, notBefore: now, reason: null, detail: follow.detail };
    case 'failed': {
      const { notBefore, reason, detail } = setback(follow.outcome, at);
      return { state: 'accepted', at: now, notBefore, reason, detail };
    }
  }
}

/** A read failed, or the request certainly had no effect: the call stays as it is. */
export function setback(outcome: Setback, at: Circumstances): Pick<CallTransition, 'notBefore' | 'reason' | 'detail'> {
  const { now, random, setbacks, timings } = at;
  const { reason, detail } = outcome;
  if (outcome.kind === 'halt') return { notBefore: now, reason, detail };
  const wait =
    outcome.retryAfter === undefined
      ? backoff(Math.max(1, setbacks), ...waitsFor(outcome, timings), random)
      : Math.min(outcome.retryAfter, timings.longestRetryAfter);
  return { notBefore: now + wait, reason, detail };
}

function waitsFor(outcome: Setback, timings: Timings): readonly [first: number, most: number] {
  return isOfItsLane(outcome) ? [timings.firstMend, timings.longestMend] : [timings.firstRetry, timings.longestRetry];
}

/** L2L answers and accepts the key. A missing code or right holds up the lanes of this call and no others. */
export function isOfItsLane({ reason }: Setback): boolean {
  return reason === 'code' || reason === 'rights';
}

/** What a send shows about the destination as a whole; null: nothing (429, or the gateway is stopping). */
export function evidenceOfSend(call: Call, outcome: Outcome): Evidence | null {
  switch (outcome.kind) {
    case 'delivered':
    case 'accepted':
      return { kind: 'accepted' };
    case 'again':
      return { kind: 'answered' };
    case 'rejected':
      if (outcome.isOwn) return { kind: 'answered' };
      return { kind: 'refused', call: call.id, lanes: call.lanes, detail: outcome.detail };
    case 'unknown':
      return outcome.reason === 'stopped' ? null : { kind: 'failed', detail: outcome.detail };
    case 'retry':
    case 'halt':
      return evidenceOfSetback(call, outcome);
  }
}

export function evidenceOfSetback(call: Call, outcome: Setback): Evidence | null {
  const { detail } = outcome;
  if (outcome.kind === 'halt') return { kind: 'halted', detail };
  if (outcome.reason === 'rate_limited' || outcome.reason === 'stopped') return null;
  if (isOfItsLane(outcome)) return { kind: 'answered' };
  if (outcome.reason === 'denied') return { kind: 'refused', call: call.id, lanes: call.lanes, detail };
  return { kind: 'failed', detail };
}

/** A read of the open dispatches is good for so long (ms): others may be open afterwards. */
const LOOK_GOOD_FOR = 5000;

/** Whether L2L is read before this attempt: an earlier attempt may be hours ago. */
export function needsPreparing({ attempt, base, sentAt }: Call, now: number): boolean {
  if (attempt === 0 || sentAt === null) return true;
  return base === null ? now - sentAt > LOOK_GOOD_FOR : now - base.at > BASE_GOOD_FOR;
}

/** Whether the mark of this attempt is so old that L2L has to be read again before the send. */
export function isOutdated({ sentAt }: Call, now: number): boolean {
  return sentAt !== null && now - sentAt > LOOK_GOOD_FOR;
}
