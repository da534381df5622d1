import type { z } from 'zod';
import type { Resolver } from '../compile/resolve.ts';
import type { CONDITION_KEYS, ConditionAndDelays } from '../dispatch/dispatch-rule.ts';

/** The conditions and the delays of a rule; undefined: the resolver has noted what is wrong with them. */
export function compileConditions(
  path: readonly string[],
  keys: z.output<z.ZodObject<typeof CONDITION_KEYS>>,
  resolver: Resolver,
): ConditionAndDelays | undefined {
  const when = resolver.condition([...path, 'when'], keys.when ?? '');
  const unless = keys.unless === undefined ? null : resolver.condition([...path, 'unless'], keys.unless);
  const until = keys.until === undefined ? null : resolver.condition([...path, 'until'], keys.until);
  const onDelay = keys.on_delay ?? 0;
  if (onDelay === 0 && [when, unless, until].some(condition => condition && condition.still.length > 0)) {
    resolver.refuse([...path, 'on_delay'], '`still()` needs a time: write how long nothing has moved, such as 3m');
  }
  if (!when || unless === undefined || until === undefined) return undefined;
  return { when, unless, until, onDelay, offDelay: keys.off_delay ?? 0 };
}

/** What the conditions of a rule name, each once. */
export function conditionReferences({ when, unless, until }: ConditionAndDelays) {
  const conditions = [when, unless, until].filter(condition => condition !== null);
  return {
    read: [...new Set(conditions.flatMap(condition => condition.signals))],
    sources: [...new Set(conditions.flatMap(condition => condition.sources))],
    rules: [...new Set(conditions.flatMap(condition => condition.rules))],
  };
}
