import type { CallJournal } from '../core/call-journal.ts';
import type { Clock } from '../core/clock.ts';
import { type Delivery, type FrozenRequest, NO_CHAIN, type StoredAction } from '../core/delivery.ts';
import type { Logger } from '../core/logger.ts';
import { callFacts } from './call-facts.ts';
import type { LaneLog } from './lane-log.ts';
import type { OpenCall, Refusal } from './open-call.ts';
import type { OutcomeWriter } from './outcome-writer.ts';
import type { QueueWords } from './queue-words.ts';
import { deadLetter, refusalWords, repeatRefused, type Timings } from './verdicts.ts';

export type RefusalsOptions = {
  readonly journal: CallJournal;
  readonly delivery: Delivery;
  readonly outcomes: OutcomeWriter;
  readonly clock: Clock;
  readonly timings: Timings;
  readonly random: () => number;
  readonly laneLog: LaneLog;
  readonly log: Logger;
  readonly words: QueueWords;
};

/**
 * Keeps refused calls until it is known whether all calls are refused. Only then is a refused call sent again by itself, or becomes a dead
 * letter.
 */
export interface Refusals {
  suspect(open: OpenCall, refusal: Refusal): void;
  /** L2L takes other calls, so the refusals are about the refused calls alone. */
  ownAll(): void;
  /** L2L refuses this call alone: it is sent again for a while, and then becomes a dead letter. */
  own(open: OpenCall): void;
  /** All calls were refused, and that is over: the refused ones get a second attempt. */
  forgiveAll(): void;
  forgive(open: OpenCall): void;
  /** A person decides about this refused call now, so it becomes a dead letter. False: it is on its way, or L2L did not refuse it. */
  end(open: OpenCall): boolean;
  /** The call is not open any more. */
  forget(open: OpenCall): void;
  /** L2L took the call. */
  taken(open: OpenCall): void;
}

/** Since when L2L refuses an action alone (ms since 1970), and how often it did. */
type Refused = { readonly since: number; readonly times: number };

export function createRefusals(options: RefusalsOptions): Refusals {
  const { journal, delivery, outcomes, clock, timings, random, laneLog, log, words } = options;
  const suspects = new Set<OpenCall>();
  /**
   * By the key of the action, because the action may get another call meanwhile, with another body. After a restart the journal has the
   * time of the first refusal.
   */
  const refused = new Map<string, Refused>();
  /** Actions that got a second try, by key: the time in the journal does not count for them any more. */
  const forgiven = new Set<string>();

  /** The request for some of the actions of a refused call; null: they can't be sent one by one. */
  function requestFor(open: OpenCall, actions: readonly StoredAction[]): FrozenRequest | null {
    if (actions.length === open.call.actions.length || !delivery.policy(open.call.kind).acrossLanes) return null;
    const frozen = delivery.freeze(actions, NO_CHAIN);
    return frozen.kind === 'request' ? frozen.request : null;
  }

  function bury(open: OpenCall, { detail, answer }: Refusal): void {
    const isDoubtful = journal.doubts(open.call.id) > 0;
    log.error({ ...callFacts(open.call), detail }, isDoubtful ? words.refusedInDoubt : words.refused);
    outcomes.write(open, ['retry', 'sending'], deadLetter({ detail, answer }, clock.now()));
  }

  function repeatOrBury(open: OpenCall, refusal: Refusal): void {
    const { call } = open;
    const first = firstOf(open);
    const policy = delivery.policy(call.kind);
    const at = { now: clock.now(), random: random(), setbacks: first.times, timings, policy };
    const to = repeatRefused(refusal, first.since, at);
    if (to === null) {
      forget(open);
      bury(open, refusal);
      return;
    }
    laneLog.refused(call, to);
    open.repeat();
    suspects.delete(open);
    outcomes.write(open, ['retry', 'sending'], to);
  }

  function firstOf({ call }: OpenCall): Refused {
    const known = call.actions.flatMap(({ key, refusedSince }) => {
      const stored = refusedSince === undefined || forgiven.has(key) ? [] : { since: refusedSince, times: 1 };
      return refused.get(key) ?? stored;
    });
    return known.reduce((a, b) => (a.since <= b.since ? a : b), { since: clock.now(), times: 1 });
  }

  function note(open: OpenCall): void {
    const now = clock.now();
    for (const [key, { since }] of refused) if (since < now - 2 * timings.giveUpAfter) refused.delete(key);
    const { since, times } = firstOf(open);
    for (const { key } of open.call.actions) refused.set(key, { since, times: refused.has(key) ? times + 1 : 1 });
  }

  function forget({ call }: OpenCall): void {
    for (const { key } of call.actions) {
      refused.delete(key);
      forgiven.delete(key);
    }
  }

  /** L2L refuses a whole batch because of one bad set. The batch is halved until that set stands alone, so that no other line suffers. */
  function own(open: OpenCall): void {
    const { call } = open;
    const refusal = open.refusal ?? { detail: call.detail ?? '', answer: '' };
    if (!open.isRunning) open.begin();
    const half = call.actions.slice(0, Math.ceil(call.actions.length / 2));
    const request = requestFor(open, half);
    if (request) {
      log.debug({ call: call.id, actions: call.actions.length, detail: refusal.detail }, words.refusedBatch);
      outcomes.split(open, half, request, refusal.detail);
    } else if (refusal.isOwn) {
      outcomes.track(
        outcomes.correct(open, refusal.detail).then(done => (done ? undefined : repeatOrBury(open, refusal))),
      );
    } else repeatOrBury(open, refusal);
  }

  function forgive(open: OpenCall): void {
    if (open.refusal !== null) {
      forget(open);
      for (const { key } of open.call.actions) forgiven.add(key);
    }
    open.forgive();
    suspects.delete(open);
  }

  return {
    suspect(open, refusal) {
      open.suspect(refusal);
      note(open);
      suspects.add(open);
    },
    ownAll() {
      for (const open of suspects) if (!open.isRunning) own(open);
    },
    own,
    end(open) {
      const { state, reason, detail } = open.call;
      if (state !== 'retry' || (reason !== 'refused' && reason !== 'code') || open.isRunning) return false;
      open.begin();
      forget(open);
      bury(open, { detail: refusalWords(detail ?? ''), answer: '' });
      return true;
    },
    forgiveAll() {
      for (const open of suspects) forgive(open);
    },
    forgive,
    forget: open => void suspects.delete(open),
    taken: forget,
  };
}
