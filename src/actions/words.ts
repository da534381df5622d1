import type { Action } from './action.ts';
import { kindOf } from './registry.ts';

type Said = Pick<Action, 'kind' | 'params'>;

/** An action in words: `open dispatch DOWN at PRESS-01`. Pure. */
export function actionWords({ kind, params }: Said): string {
  return kindOf(kind).words.long(params);
}

/** Short enough for a list: `open DOWN`. Pure. */
export function shortWords({ kind, params }: Said): string {
  return kindOf(kind).words.short(params);
}

/** Code of the machine or line of an action. Pure. */
export function placeOf({ kind, params }: Said): string {
  return (params as Readonly<Record<string, unknown>>)[kindOf(kind).lane.place] as string;
}

/** The lane of a kind at a machine or line: the actions of one lane keep their order. Pure. */
export function laneOf(kind: Action['kind'], place: string): string {
  return `${kindOf(kind).lane.family}:${place}`;
}
