import type { OpenCall } from './open-call.ts';

/**
 * Calls that wait for a person although L2L answers: L2L does not know a code, the gateway's user lacks a right, or L2L refuses the call.
 * All other calls are sent.
 */
export type HeldUp = {
  readonly reason: 'code' | 'rights' | 'refused';
  /** The cause, in the words of L2L or of the gateway, and what to do. */
  readonly detail: string;
  /** The rules whose calls wait, and where each stands in the config, as `file:line`. */
  readonly rules: readonly { readonly rule: string; readonly where: string }[];
  readonly lanes: readonly string[];
  /** When the first of its calls is tried again (ms since 1970). */
  readonly nextTry: number;
};

/** A call, or a part of one, that may wait for a person. */
export type MayBeHeldUp = Pick<OpenCall, 'call' | 'setback' | 'due' | 'isRefused'>;

/** One entry for each thing that a person has to correct, however many calls wait for it. Pure. */
export function heldUp(calls: Iterable<MayBeHeldUp>, whereOf: (rule: string) => string | undefined): readonly HeldUp[] {
  const found = new Map<string, HeldUp>();
  for (const { call, setback, due, isRefused } of calls) {
    // The row of a call in doubt holds the reason of the doubt. Only this process knows why its look-up fails.
    const { reason, detail } = setback ?? call;
    if (reason !== 'code' && reason !== 'rights' && !(reason === 'refused' && isRefused)) continue;
    const key = `${reason} ${detail}`;
    const before = found.get(key);
    const rules = new Map(before?.rules.map(({ rule, where }) => [rule, where]));
    // The config may have changed since the action was made, so the rule's present line is shown.
    for (const { rule, cause } of call.actions) rules.set(rule, whereOf(rule) ?? cause.where);
    found.set(key, {
      reason,
      detail: detail ?? '',
      rules: [...rules].map(([rule, where]) => ({ rule, where })),
      lanes: [...new Set([...(before?.lanes ?? []), ...call.lanes])],
      nextTry: Math.min(before?.nextTry ?? due, due),
    });
  }
  return [...found.values()];
}
