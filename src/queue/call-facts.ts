import { actionWords } from '../actions/words.ts';
import type { Call, StoredAction } from '../core/delivery.ts';

/** How many actions a log line names; a batch may hold hundreds. */
const MOST_NAMED = 10;

/** The fields of a log line about a call: its machine, its rules and their lines in the config, and the numbers that `queue show` takes. */
export function callFacts(call: Call, about: readonly StoredAction[] = call.actions): object {
  return {
    call: call.id,
    actions: about.slice(0, MOST_NAMED).map(action => action.id),
    what: about.slice(0, MOST_NAMED).map(actionWords).join('; '),
    rules: [...new Set(about.map(action => action.rule))],
    where: [...new Set(about.map(action => action.cause.where))],
    lanes: [...new Set(about.map(action => action.lane))],
  };
}
