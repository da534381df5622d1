import type { Action } from '../core/action.ts';
import { actionWords } from '../core/action-words.ts';
import type { Delivery, Look, Outcome } from '../core/delivery.ts';
import type { Logger } from '../core/logger.ts';
import { writtenAction, writtenResult } from '../core/written-times.ts';
import type { RuleEvent } from '../rules/program.ts';

/** Quiet in normal operation: what happens with every part is told only to who asks for it. */
const EVENT_LEVELS: Readonly<Record<RuleEvent['kind'], 'debug' | 'info' | 'warn' | 'error'>> = {
  pending: 'debug',
  activated: 'debug',
  cleared: 'debug',
  returned: 'debug',
  closed_early: 'info',
  counted: 'debug',
  interval_closed: 'debug',
  first_sight: 'debug',
  rollover: 'debug',
  counter_reset: 'info',
  quarantined: 'warn',
  interval_parked: 'error',
  removed: 'warn',
};

export function tellEvent(log: Logger, event: RuleEvent): void {
  log[EVENT_LEVELS[event.kind]]({ event: { ...event, at: new Date(event.at) } }, 'rule event');
}

/** In shadow mode this line is all that comes of an action, so it is told to everybody. */
export function tellAction(log: Logger, action: Action): void {
  const does = actionWords(action);
  log.debug({ action: writtenAction(action, at => new Date(at)), does }, 'action made');
  if (action.mode !== 'shadow') return;
  log.info({ would: does, rule: action.rule, why: action.cause.text }, 'shadow: not sent');
}

/** Writes each call and its answer to the log, for who follows them there, and hands on what came of each send. */
export function told(delivery: Delivery, log: Logger, onOutcome: (outcome: Outcome) => void): Delivery {
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

/** The log writes a Date in its own notation. */
function loggable(came: Outcome | Look): object {
  return 'result' in came ? { ...came, result: writtenResult(came.result, at => new Date(at)) } : came;
}
