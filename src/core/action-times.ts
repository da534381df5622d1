import type { Action } from './action.ts';

/** The same action with each of its times replaced, those told to L2L and its own; keys and chains stay. Pure. */
export function withTimes<A extends Action>(action: A, move: (at: number) => number): A {
  return { ...action, at: move(action.at), params: paramsWithTimes(action, move) };
}

function paramsWithTimes({ kind, params }: Action, move: (at: number) => number): Action['params'] {
  switch (kind) {
    case 'open_dispatch':
      return { ...params, reported: move(params.reported) };
    case 'close_dispatch':
      return { ...params, completed: move(params.completed) };
    case 'increment_cycles':
      return { ...params, from: move(params.from), to: move(params.to) };
    case 'set_cycles':
      return { ...params, at: move(params.at) };
    case 'record_details':
      return { ...params, start: move(params.start), end: move(params.end) };
  }
}
