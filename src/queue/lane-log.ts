import type { Clock } from '../core/clock.ts';
import type { CallTransition } from '../core/commit.ts';
import type { Call, Outcome, Reason } from '../core/delivery.ts';
import type { Logger } from '../core/logger.ts';
import { callFacts } from './call-facts.ts';
import type { QueueWords } from './queue-words.ts';
import { isOfItsLane } from './verdicts.ts';

/**
 * Logs what holds up one lane alone. It logs at once when the cause is new or changed, or when the lane had worked in between. Otherwise it
 * logs in growing intervals.
 */
export interface LaneLog {
  note(call: Call, outcome: Outcome): void;
  /** The refused call is sent again; `to` says why and until when. */
  refused(call: Call, to: Pick<CallTransition, 'reason' | 'detail'>): void;
}

export type LaneLogOptions = {
  readonly clock: Clock;
  readonly log: Logger;
  readonly words: QueueWords;
  /** Where a rule stands in the config now, as `file:line`; undefined: it is not configured any more. */
  readonly whereOf: (rule: string) => string | undefined;
};

type Logged = { readonly reason: Reason | null; readonly text: string; readonly gap: number; readonly nextAt: number };
/** The wait before the same cause is logged again (ms). It doubles each time. */
const FIRST_GAP = 10 * 60_000;

export function createLaneLog({ clock, log, words, whereOf }: LaneLogOptions): LaneLog {
  /** The last log line of each lane. */
  const logged = new Map<string, Logged>();

  function warn(call: Call, { reason, detail }: Pick<CallTransition, 'reason' | 'detail'>): void {
    const text = `${reason} ${detail}`;
    const now = clock.now();
    const before = call.lanes.map(lane => logged.get(lane));
    if (before.every(one => one?.text === text && now < one.nextAt)) return;
    const gap = 2 * Math.max(FIRST_GAP / 2, ...before.map(one => (one?.text === text ? one.gap : 0)));
    for (const lane of call.lanes) logged.set(lane, { reason, text, gap, nextAt: now + gap });
    // The config may have changed since the action was made, so the rule's present line is logged.
    const where = new Set(call.actions.map(({ rule, cause }) => whereOf(rule) ?? cause.where));
    const message = reason === 'rights' ? words.rights : reason === 'code' ? words.code : words.refusedForNow;
    log.warn({ ...callFacts(call), where: [...where], detail }, message);
  }

  return {
    note(call, outcome) {
      for (const lane of call.lanes) {
        // L2L accepts a batch before it refuses a part of it.
        const isAccepted = outcome.kind === 'accepted' && logged.get(lane)?.reason !== 'refused';
        if (outcome.kind === 'delivered' || isAccepted) logged.delete(lane);
      }
      if ((outcome.kind === 'retry' || outcome.kind === 'halt') && isOfItsLane(outcome)) warn(call, outcome);
    },
    refused: warn,
  };
}
