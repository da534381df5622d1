import { writtenValue } from '../actions/written-times.ts';
import type { Logger } from '../core/logger.ts';
import type { RuleEvent } from '../rules/program.ts';

type Entry = readonly ['debug' | 'info' | 'warn' | 'error', string];

/** Level and message by kind. Steps of a rule on its way to an action are at level debug: the action itself is at level info. */
const ENTRIES: Readonly<Record<RuleEvent['kind'], Entry>> = {
  pending: ['debug', 'condition is true, its delay runs'],
  activated: ['debug', 'rule became active'],
  cleared: ['debug', 'rule is not active any more'],
  returned: ['debug', 'condition became false before its delay ended'],
  blocked: ['debug', 'condition is true, but the rule is blocked'],
  condition_false: ['debug', 'rule is not blocked any more, and its condition is false'],
  unknown: ['debug', 'a signal of the condition is unknown'],
  known: ['debug', 'the signals of the condition are known'],
  clearing: ['debug', 'end of the dispatch is due, its delay runs'],
  kept_open: ['debug', 'dispatch stays open: its end was not true long enough'],
  catching_up: ['debug', 'delay waits until the messages that the broker kept are read'],
  caught_up: ['debug', 'the messages that the broker kept are read'],
  stood_still: ['debug', 'the gateway stood still while a delay ran'],
  closed_early: ['info', 'a person closed the dispatch before its condition ended'],
  counted: ['debug', 'cycles were counted'],
  interval_closed: ['debug', 'production interval ended'],
  first_sight: ['debug', 'counter was read for the first time'],
  rollover: ['debug', 'counter passed its highest value and started again at 0'],
  counter_reset: ['info', 'counter was reset'],
  quarantined: ['warn', 'reading was not counted: the counter moved more than its max_rate allows'],
  wrong_reading: ['warn', 'reading was not counted: the next reading contradicts it'],
  not_counted: ['warn', "counter shows a value that can't be counted exactly"],
  interval_parked: ['error', 'production is parked: its product is not known'],
  product_uncertain: ['warn', 'product is uncertain: it may have changed while nothing was read'],
  removed: ['warn', 'the config changed: the state that an earlier config left has ended'],
};

/** Shadow mode sends nothing, so it has other messages here. */
const IN_SHADOW: Partial<typeof ENTRIES> = {
  interval_parked: ['error', 'production would be parked: its product is not known'],
};

/**
 * One log entry for an event in a rule, with its facts as fields. `numberOf` gives the number of an action by its key, as `queue show`
 * takes it. The log writes a Date as local time.
 */
export function logEvent(
  log: Logger,
  event: RuleEvent,
  numberOf: (key: string) => number | undefined,
  isShadow = false,
): void {
  const { rule, at, kind, detail, values, lasted, signal, line, action } = event;
  const number = action === undefined ? undefined : numberOf(action);
  const [level, message] = (isShadow ? IN_SHADOW[kind] : undefined) ?? ENTRIES[kind];
  const fields = {
    event: kind,
    rule,
    ...(line !== undefined && { line }),
    ...(signal !== undefined && { signal }),
    at: date(at),
    detail,
    ...(values && { values: values.map(one => writtenValue(one, date)) }),
    ...(lasted !== undefined && { lasted }),
    ...(number !== undefined && { actions: [number] }),
  };
  log[level](fields, message);
}

const date = (at: number) => new Date(at);
