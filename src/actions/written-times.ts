import type { Action, CauseValue } from './action.ts';
import { kindOf } from './registry.ts';
import type { CallResult } from './result.ts';

/** How an instant (ms since 1970) is written. */
export type Write<Text> = (at: number) => Text;

/** An action with all its times as `write` gives them; the other fields stay. Pure. */
export function writtenAction<Text>(action: Pick<Action, 'kind' | 'params' | 'at' | 'cause'>, write: Write<Text>) {
  const { cause, at } = action;
  return {
    ...action,
    at: write(at),
    params: writtenParams(action, write),
    cause: { ...cause, values: cause.values.map(value => writtenValue(value, write)) },
  };
}

/** One signal that decided, with its time as it is written. Pure. */
export function writtenValue<Text>({ at, ...value }: CauseValue, write: Write<Text>) {
  return { ...value, at: writtenOrNull(at, write) };
}

/** The params of an action with their times as `write` gives them. Pure. */
export function writtenParams<Text>({ kind, params }: Pick<Action, 'kind' | 'params'>, write: Write<Text>): object {
  const fields = params as Readonly<Record<string, unknown>>;
  const times = kindOf(kind).times.fields.map(name => [name, write(fields[name] as number)]);
  return { ...params, ...Object.fromEntries(times) };
}

/** The true time (ms since 1970): when the stop began or ended, or when the count or the interval began. Pure. */
export function trueTime({ kind, params }: Pick<Action, 'kind' | 'params'>): number {
  return (params as Readonly<Record<string, unknown>>)[kindOf(kind).times.fields[0]] as number;
}

/** The same action with all its times moved; keys and chains stay. Pure. */
export function withTimes<A extends Action>(action: A, move: (at: number) => number): A {
  return { ...action, at: move(action.at), params: writtenParams(action, move) as A['params'] };
}

/** What L2L answered, with its time as it is written. Pure. */
export function writtenResult<Text>(result: CallResult, write: Write<Text>) {
  const { reported, ...others } = result;
  return reported === undefined ? others : { ...others, reported: write(reported) };
}

export function writtenOrNull<Text>(at: number | null, write: Write<Text>): Text | null {
  return at === null ? null : write(at);
}
