import type { Call, Outcome } from '../core/delivery.ts';
import type { Logger } from '../core/logger.ts';
import { callFacts } from './call-facts.ts';
import type { QueueWords } from './queue-words.ts';
import { isOfItsLane } from './verdicts.ts';

/**
 * Logs what holds up one lane alone: at once, and again only when the cause changed or the lane had worked meanwhile. A refused call is
 * no part of it: its dead letter is logged.
 */
export interface LaneLog {
  note(call: Call, outcome: Outcome): void;
}

/** @param whereOf where a rule is written now, as `file:line`; undefined: it is not configured any more */
export function createLaneLog(log: Logger, words: QueueWords, whereOf: (rule: string) => string | undefined): LaneLog {
  /** By lane, what was logged last. */
  const logged = new Map<string, string>();
  return {
    note(call, outcome) {
      if (!((outcome.kind === 'retry' || outcome.kind === 'halt') && isOfItsLane(outcome))) {
        if (outcome.kind === 'delivered' || outcome.kind === 'accepted')
          for (const lane of call.lanes) logged.delete(lane);
        return;
      }
      const { reason, detail } = outcome;
      const text = `${reason} ${detail}`;
      if (call.lanes.every(lane => logged.get(lane) === text)) return;
      for (const lane of call.lanes) logged.set(lane, text);
      // The file may have changed since the action was made: the rule's present line is logged.
      const where = new Set(call.actions.map(({ rule, cause }) => whereOf(rule) ?? cause.where));
      log.warn({ ...callFacts(call), where: [...where], detail }, reason === 'rights' ? words.rights : words.code);
    },
  };
}
