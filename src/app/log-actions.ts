import type { Action } from '../actions/action.ts';
import { kindOf } from '../actions/registry.ts';
import { actionWords } from '../actions/words.ts';
import { writtenAction, writtenResult } from '../actions/written-times.ts';
import type { Delivery, Look, Outcome } from '../core/delivery.ts';
import type { Logger } from '../core/logger.ts';

/** The log writes a Date as local time. */
const date = (at: number) => new Date(at);

/** The fields of a log line about an action: machine or line, reason, true times, rule. Pure. */
export function actionFacts({ kind, params, rule, cause }: Action): object {
  const { words, decision } = kindOf(kind);
  const facts = { ...words.facts([params]), rule };
  return decision.unit === 'episode' ? { ...facts, why: cause.text } : facts;
}

/** In shadow mode, a line at level info says what the gateway would send. */
export function logAction(log: Logger, action: Action): void {
  log.debug({ action: writtenAction(action, date), does: actionWords(action) }, 'action made');
  if (action.mode === 'shadow')
    log.info(actionFacts(action), `would ${kindOf(action.kind).words.would(action.params)}`);
}

/** Logs each call and its answer at level debug, and reports the outcome of each send. */
export function loggedDelivery(delivery: Delivery, log: Logger, onOutcome: (outcome: Outcome) => void): Delivery {
  return {
    ...delivery,
    async send(call, signal) {
      const { id, kind, lanes, attempt } = call;
      log.debug({ call: id, kind, lanes, attempt }, 'call sent');
      const outcome = await delivery.send(call, signal);
      log.debug({ call: id, kind, lanes, outcome: loggable(outcome) }, 'call answered');
      onOutcome(outcome);
      return outcome;
    },
    async look(call, signal) {
      const look = await delivery.look(call, signal);
      log.debug({ call: call.id, kind: call.kind, lanes: call.lanes, look: loggable(look) }, 'call looked up');
      return look;
    },
  };
}

function loggable(came: Outcome | Look): object {
  return 'result' in came ? { ...came, result: writtenResult(came.result, date) } : came;
}
