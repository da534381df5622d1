import type { Entry } from './book.ts';

/** What L2L holds up although it answers: a code it does not know, or a right the gateway's user lacks. Everything else is sent. */
export type HeldUp = {
  readonly reason: 'code' | 'rights';
  /** L2L's words or the gateway's, with what to do. */
  readonly detail: string;
  /** The rules that wait for it, with where each is written as `file:line`. */
  readonly rules: readonly { readonly rule: string; readonly where: string }[];
  readonly lanes: readonly string[];
  /** When the first of its calls is tried again (ms since 1970). */
  readonly nextTry: number;
};

/** One entry for each thing that a person has to correct, however many calls wait for it. Pure. */
export function heldUp(
  entries: Iterable<Pick<Entry, 'call' | 'setback' | 'due'>>,
  whereOf: (rule: string) => string | undefined,
): readonly HeldUp[] {
  const found = new Map<string, HeldUp>();
  for (const { call, setback, due } of entries) {
    // A call in doubt keeps the reason of its doubt; why it can't be looked up is known to this process alone.
    const { reason, detail } = setback ?? call;
    if (reason !== 'code' && reason !== 'rights') continue;
    const key = `${reason} ${detail}`;
    const before = found.get(key);
    const rules = new Map(before?.rules.map(({ rule, where }) => [rule, where]));
    // The file may have changed since the action was made: its rule is where it stands now.
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
