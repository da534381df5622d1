import type { Action, Cause, CauseValue } from '../../actions/action.ts';
import type { Value } from '../../core/sample.ts';
import { plainValue } from '../../core/sample.ts';
import type { CompiledRule } from '../program.ts';
import type { SignalCell } from './signal-table.ts';

/** The author of an action: a rule, or a removed rule. */
export type ActionAuthor = Pick<CompiledRule, 'name' | 'maxAge' | 'onUnknown'> & {
  /** The cause of an action, with the present values. `then`: other values for some signals. */
  cause(text: string, then?: ReadonlyMap<string, Value>): Cause;
};

/** `cells`: the signals whose values belong to the cause. */
export function authorOf(rule: CompiledRule, cells: readonly SignalCell[]): ActionAuthor {
  const { name, maxAge, onUnknown } = rule;
  return { name, maxAge, onUnknown, cause: (text, then) => causeOf(rule, cells, text, then) };
}

function causeOf(
  rule: CompiledRule,
  cells: readonly SignalCell[],
  text: string,
  then: ReadonlyMap<string, Value> = new Map(),
): Cause {
  const values: CauseValue[] = cells.map(cell => ({
    signal: cell.definition.name,
    value: plainValue(then.get(cell.definition.name) ?? cell.value),
    quality: cell.quality,
    at: cell.at,
  }));
  return { rule: rule.name, where: `${rule.place.file}:${rule.place.line}`, text, values };
}

/** A removed rule: its place in the config and its values are gone. Its last actions have no `max_age`. */
export function formerAuthor(name: string): ActionAuthor {
  const where = 'not configured any more';
  return { name, maxAge: null, onUnknown: 'park', cause: text => ({ rule: name, where, text, values: [] }) };
}

/** Until when an action may be sent for the first time. Ends and newest counts have no limit. */
export function expiryOf({ maxAge }: ActionAuthor, at: number): Pick<Action, 'expiresAt'> {
  return maxAge === null ? {} : { expiresAt: at + maxAge };
}

/** What happens when nobody knows whether L2L took the action. Park is the default, and is not written. */
export function unknownOf({ onUnknown }: ActionAuthor): Pick<Action, 'onUnknown'> {
  return onUnknown === 'park' ? {} : { onUnknown };
}
