import type { Action } from './action.ts';
import { writtenParams } from './written-times.ts';

/** The same action with each of its times replaced, those told to L2L and its own; keys and chains stay. Pure. */
export function withTimes<A extends Action>(action: A, move: (at: number) => number): A {
  return { ...action, at: move(action.at), params: writtenParams(action, move) as A['params'] };
}
