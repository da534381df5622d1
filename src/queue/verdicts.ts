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

/** How long the queue waits before it goes on (ms). */
export type Timings = {
  /** The wait between the two look-ups that have to find nothing before a call is repeated. */
  readonly lookAgain: number;
  readonly firstRetry: number;
  readonly longestRetry: number;
  /** The longest Retry-After that is obeyed. */
  readonly longestRetryAfter: number;
  /** The wait while L2L does not know a code of the call, or a right is missing: a person has to correct that. */
  readonly firstMend: number;
  readonly longestMend: number;
  readonly firstFollow: number;
  readonly longestFollow: number;
  /** How long a refused call waits for evidence that L2L refuses all calls, before it becomes a dead letter. */
  readonly refusalHold: number;
  /**
   * How long a refused call is sent again and again before it becomes a dead letter. L2L did not apply a refused call, so this doubles
   * nothing.
   */
  readonly giveUpAfter: number;
  /** When a call waits longer than this for the budget, L2L is read again before the send. */
  readonly longestWait: number;
};

export const TIMING_DEFAULTS: Timings = {
  lookAgain: 30_000,
  firstRetry: 2000,
  longestRetry: 300_000,
  longestRetryAfter: 900_000,
  firstMend: 15_000,
  longestMend: 300_000,
  firstFollow: 30_000,
  longestFollow: 600_000,
  refusalHold: 10_000,
  giveUpAfter: 3_600_000,
  longestWait: 30_000,
};

/** What a verdict needs besides the answer. `setbacks`: how many attempts in a row brought the call no further, this one included. */
export type Circumstances = {
  readonly now: number;
  readonly random: number;
  readonly setbacks: number;
  readonly timings: Timings;
  readonly policy: CallPolicy;
};

/**
 * How often an undecided call is sent again when its rule says `repeat`. A chance event (somebody else wrote in the same minute) does not
 * come three times in a row, so a fourth repeat would decide nothing. And L2L may have taken every one of them.
 */
const REPEATS_IN_DOUBT = 3;

/** How many look-ups must find nothing before a call is sent again that cannot be repeated blindly. */
const LOOKS_WITHOUT_IT = 2;

/** The next state of a call after a send. A refused call stays `retry` until it is known whether L2L refuses all calls. */
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

/** The call was `sending`, but nobody here sends it: nobody knows whether it arrived. */
export function abandoned(at: Circumstances): CallTransition {
  return afterSend({ kind: 'unknown', reason: 'crashed', detail: 'marked as being sent, but nobody sends it' }, at);
}

/** The read before the send showed that its actions need another call. */
export function sentAnew(detail: string, now: number): CallTransition {
  return { state: 'released', at: now, notBefore: now, reason: null, detail, guarded: true };
}

/** L2L refuses this call alone. It is sent again, because a person may correct the cause; null: that went on for long enough. */
export function repeatRefused(refusal: Refusal, since: number, at: Circumstances): CallTransition | null {
  const { now, random, setbacks, timings } = at;
  const end = since + timings.giveUpAfter;
  if (now >= end) return null;
  const wait = backoff(Math.max(1, setbacks), timings.firstMend, timings.longestMend, random);
  const detail = `${refusal.detail}${repeatedFor(timings)}`;
  const reason = refusal.isOwn ? 'code' : 'refused';
  const { answer } = refusal;
  return { state: 'retry', at: now, notBefore: Math.min(now + wait, end), reason, detail, answer, isRefused: true };
}

/** What becomes of something refused, as the end of the words of the refusal. */
export function repeatedFor({ giveUpAfter }: Timings): string {
  return `${MENDED_BY}sent again for ${formatDuration(giveUpAfter)}, then it is a dead letter`;
}

const MENDED_BY = '; a correction in L2L or of the rule is enough: the call is ';

/** The words of a refusal without what becomes of the call. */
export function refusalWords(detail: string): string {
  return detail.split(MENDED_BY, 1)[0] ?? detail;
}

/** L2L refuses this call alone. */
export function deadLetter(refusal: { detail: string; answer: string }, now: number): CallTransition {
  return { state: 'rejected', at: now, notBefore: now, reason: 'refused', ...refusal };
}

/** The call was marked as being sent, and was not sent. */
export function notSent(now: number): CallTransition {
  const detail = 'not sent yet: the gateway paused, stopped or stood still before the call could leave';
  return { state: 'retry', at: now, notBefore: now, reason: null, detail };
}

/** A repeatable call with an unknown outcome gives the same end state when it is sent again. */
export function repeatUnknown(call: Call, now: number): CallTransition {
  return { state: 'retry', at: now, notBefore: now, reason: call.reason, detail: call.detail };
}

/** The next state of an unknown call after a look-up. `doubts`: how many earlier calls sent the same and ended undecided. */
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

const LET_GO = 'dropped, as its rule says: if L2L has the call, its effect stays there until a person corrects it';

/** Does what `on_unknown` of its rules says. A repeat is a new call, because the read before the first one is out of date. */
function undecided(
  { actions }: Call,
  detail: string,
  policy: CallPolicy,
  doubts: number,
): Pick<CallTransition, 'state' | 'detail' | 'guarded'> & Partial<Pick<CallTransition, 'reason'>> {
  const [choice, ...others] = new Set(actions.map(action => action.onUnknown));
  if (others.length > 0 || choice === undefined) return { state: 'parked', detail };
  if (choice === 'drop') return { state: 'dropped', detail: `${detail}; ${LET_GO}` };
  if (doubts >= REPEATS_IN_DOUBT) return { state: 'parked', detail: `${detail}; sent ${doubts + 1} times so far` };
  return { state: 'released', reason: 'undecided', detail, guarded: policy.guardedRepeat === true };
}

/** The call had no effect and is out of date: its actions need another call, or none. */
export function overtaken({ actions }: Call, now: number, detail: string): CallTransition {
  const guarded = actions.some(action => action.guarded);
  return { state: 'released', at: now, notBefore: now, reason: null, detail, guarded };
}

/** An episode with an open dispatch is closed however late it is. Only an open or a count can be too old. */
export function isTooOld({ kind, expiresAt }: StoredAction, now: number): boolean {
  return expiresAt !== undefined && expiresAt < now && kindOf(kind).times.expire;
}

/** The next state of an accepted call after its progress was read; `final` is the journal's `finish`. */
export function afterFollow(call: Call, follow: Exclude<Follow, { kind: 'final' }>, at: Circumstances): CallTransition {
  const { now, timings } = at;
  switch (follow.kind) {
    case 'pending': {
      const looks = call.looks + 1;
      const notBefore = now + Math.min(timings.longestFollow, timings.firstFollow * 2 ** Math.min(looks, 30));
      return { state: 'accepted', at: now, notBefore, reason: null, detail: follow.detail, looks };
    }
    case 'undecided':
      return { state: 'parked', at: now, notBefore: now, reason: null, detail: follow.detail };
    case 'failed': {
      const { notBefore, reason, detail } = setback(follow.outcome, at);
      return { state: 'accepted', at: now, notBefore, reason, detail };
    }
  }
}

/** A read failed, or the request certainly had no effect. The call stays as it is. */
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

/** L2L answers and accepts the key. A missing code or right holds up only the lanes of this call. */
export function isOfItsLane({ reason }: Setback): boolean {
  return reason === 'code' || reason === 'rights';
}

/** The evidence of a send about the destination as a whole; null: none (429, or the gateway is stopping). */
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
      if (outcome.reason === 'undecided') return { kind: 'answered' };
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

/** A read of the open dispatches is valid for this long (ms): afterwards others may be open. */
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
