import { z } from 'zod';
import { Duration } from '../core/fields.ts';

/** The parts of which the sections of all kinds of rules are made. */

export const RuleName = z
  .string()
  .regex(/^[a-z][a-z0-9_]*$/, 'write a name in lower-case letters, digits and _, such as press1_down');

function conditionWords(input: unknown): string {
  const isList = Array.isArray(input) && input.length > 1 && input.every(item => typeof item === 'string');
  return isList ? `write one condition: ${input.join(' or ')}` : 'write a condition, such as not press1.running';
}

export const Expression = z
  .string({ error: ({ input }) => conditionWords(input) })
  .meta({ code: true, kind: 'condition', examples: ['not press1.running', 'oven2.temp > 240 and press1.faults.3'] });

export const Signal = z
  .string('write the name of a signal, such as press1.strokes')
  .meta({ code: true, kind: 'signal', examples: ['press1.strokes'] });

export const TemplateText = z
  .string('write a text, such as "Oven 2 at {{ oven2.temp }} °C"')
  .min(1, 'the text is empty')
  .meta({ code: true, kind: 'template' });

export const MaxAge = Duration.meta({
  description:
    'The gateway does not send an action that is older than this: it becomes a dead letter. Without this key there is no limit. The end of a dispatch is never too old',
  examples: ['8h'],
});

/** One of some words. `later`: words that are not built yet, which the error says. */
export function choice<const Words extends readonly [string, ...string[]]>(
  words: Words,
  later: readonly string[] = [],
) {
  return z.enum(words, {
    error: ({ input }) => {
      const isLater = later.some(
        word => input === word || (typeof input === 'object' && input !== null && word in input),
      );
      const written = words.length === 1 ? words[0] : `one of ${words.join(', ')}`;
      return `${isLater ? `${JSON.stringify(input)} is not built yet; ` : ''}write ${written}`;
    },
  });
}

/** A key that people look for here, but that belongs in another place: its error names that place. */
function elsewhere(advice: string) {
  return z
    .custom<never>(() => false, { error: advice })
    .optional()
    .meta({ notBuilt: true, description: advice });
}

/** Several keys that belong in another place, each with its own advice. */
export function elsewhereEach<const Key extends string>(keys: readonly Key[], advice: (key: Key) => string) {
  const entries = keys.map(key => [key, elsewhere(advice(key))] as const);
  return Object.fromEntries(entries) as Readonly<Record<Key, ReturnType<typeof elsewhere>>>;
}

/** Keys of a rule that people look for inside its section. */
const RULE_KEYS = ['max_age', 'on_unknown', 'renamed_from'] as const;

/** For the section of a kind: the keys that belong one level up. */
export function besides(kind: string) {
  return elsewhereEach(RULE_KEYS, key => `${key} is written in the rule itself, beside ${kind}; move it one level up`);
}
