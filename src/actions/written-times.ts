import type { Action, CauseValue } from './action.ts';
import { kindOf } from './registry.ts';
import type { CallResult } from './result.ts';

/** How an instant (ms since 1970) is written. */
export type Write<Text> = (at: number) => Text;

/** The times of an action, its own and those of its params and cause, as they are written; the other fields stay. Pure. */
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

/** What L2L is to receive, with its times as they are written. Pure. */
export function writtenParams<Text>({ kind, params }: Pick<Action, 'kind' | 'params'>, write: Write<Text>): object {
  const fields = params as Readonly<Record<string, unknown>>;
  const times = kindOf(kind).times.fields.map(name => [name, write(fields[name] as number)]);
  return { ...params, ...Object.fromEntries(times) };
}

/** When it truly was: the stop began or ended, the count or the interval began (ms since 1970). Pure. */
export function trueTime({ kind, params }: Pick<Action, 'kind' | 'params'>): number {
  return (params as Readonly<Record<string, unknown>>)[kindOf(kind).times.fields[0]] as number;
}

/** The same action with each of its times replaced, those that L2L receives and its own; keys and chains stay. Pure. */
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
