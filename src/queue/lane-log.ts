import type { Call, Outcome } from '../core/delivery.ts';
import type { Logger } from '../core/logger.ts';
import { callFacts } from './call-facts.ts';
import { isOfItsLane } from './verdicts.ts';

/** Logs what is wrong with a lane alone: at once, and again only when L2L says something else or the lane was well meanwhile. */
export interface LaneLog {
  note(call: Call, outcome: Outcome): void;
}

const CODE =
  'L2L does not know a code of a rule, or refuses it: only calls with this code are held up. Correct the rule or L2L';
const RIGHTS = 'the L2L user of the gateway lacks a right: only calls that need it wait. Give the right in L2L';

/** @param whereOf where a rule is written now, as `file:line`; undefined: it is not configured any more */
export function createLaneLog(log: Logger, whereOf: (rule: string) => string | undefined = () => undefined): LaneLog {
  /** What was logged last, by lane. */
  const said = new Map<string, string>();
  return {
    note(call, outcome) {
      const isOwn = outcome.kind === 'rejected' && outcome.isOwn === true;
      if (!isOwn && !((outcome.kind === 'retry' || outcome.kind === 'halt') && isOfItsLane(outcome))) {
        if (outcome.kind === 'delivered' || outcome.kind === 'accepted')
          for (const lane of call.lanes) said.delete(lane);
        return;
      }
      const { reason, detail } = outcome;
      const text = `${reason} ${detail}`;
      if (call.lanes.every(lane => said.get(lane) === text)) return;
      for (const lane of call.lanes) said.set(lane, text);
      // The file may have changed since the action was made: its rule is where it stands now.
      const where = new Set(call.actions.map(({ rule, cause }) => whereOf(rule) ?? cause.where));
      log.warn({ ...callFacts(call), where: [...where], detail }, reason === 'rights' ? RIGHTS : CODE);
    },
  };
}
