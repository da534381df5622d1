import type { Action, CauseValue } from './action.ts';
import type { CallResult } from './delivery.ts';

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
export function writtenParams<Text>(action: Pick<Action, 'kind' | 'params'>, write: Write<Text>): object {
  const { kind, params } = action as Action;
  switch (kind) {
    case 'open_dispatch':
      return { ...params, reported: write(params.reported) };
    case 'close_dispatch':
      return { ...params, completed: write(params.completed) };
    case 'increment_cycles':
      return { ...params, from: write(params.from), to: write(params.to) };
    case 'set_cycles':
      return { ...params, at: write(params.at) };
    case 'record_details':
      return { ...params, start: write(params.start), end: write(params.end) };
  }
}

/** What L2L answered, with its time as it is written. Pure. */
export function writtenResult<Text>(result: CallResult, write: Write<Text>) {
  const { reported, ...others } = result;
  return reported === undefined ? others : { ...others, reported: write(reported) };
}

export function writtenOrNull<Text>(at: number | null, write: Write<Text>): Text | null {
  return at === null ? null : write(at);
}
