import { z } from 'zod';

/** One of some words; `later` are words of the full language that are not built yet. */
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

/** A key that is looked for here and written in another place: an error that names it. */
function elsewhere(advice: string) {
  return z
    .custom<never>(() => false, { error: advice })
    .optional()
    .meta({ notBuilt: true, description: advice });
}

/** Several keys that belong into another place, each with the advice for it. */
export function elsewhereEach<const Key extends string>(keys: readonly Key[], advice: (key: Key) => string) {
  const entries = keys.map(key => [key, elsewhere(advice(key))] as const);
  return Object.fromEntries(entries) as Readonly<Record<Key, ReturnType<typeof elsewhere>>>;
}

/** Keys of a rule that people look for inside its dispatch, cycles or production. */
const RULE_KEYS = ['max_age', 'on_unknown', 'renamed_from'] as const;

/** Keys of a rule, for what stands below it: they are one level up. */
export function besides(kind: 'dispatch' | 'cycles' | 'production') {
  return elsewhereEach(RULE_KEYS, key => `${key} is written in the rule itself, beside ${kind}; move it one level up`);
}

const KINDS = ['dispatch', 'cycles', 'production'] as const;
const CONDITION_KEYS = ['when', 'unless', 'until', 'on_delay', 'off_delay', 'on_remove'] as const;

/** The three shapes of a rule, for the JSON Schema; `checkShape` says the same in words. */
export const RULE_SHAPES = [
  { required: ['when', 'on_delay', 'dispatch'] },
  ...['cycles', 'production'].map(kind => ({
    required: [kind],
    not: { anyOf: CONDITION_KEYS.map(key => ({ required: [key] })) },
  })),
];

/** Keys of a rule that is not built yet: its own error says enough. */
const OTHER_KINDS = ['changeover'] as const;

/** A rule does exactly one thing; conditions belong to dispatches, which need one and a delay. */
export function checkShape(rule: object, context: { addIssue(issue: RuleIssue): void }): void {
  const refuse = (message: string, path: string[] = [], about?: readonly string[]) =>
    context.addIssue({ code: 'custom', path, message, ...(about && { params: { about } }) });
  const kinds = KINDS.filter(kind => kind in rule);
  if (OTHER_KINDS.some(kind => kind in rule)) return;
  if (kinds.length > 1) {
    refuse(`a rule does one thing, this one has ${kinds.join(' and ')}; make a rule of each`);
    return;
  }
  const [kind] = kinds;
  if (kind === undefined) {
    refuse('this rule does nothing; write dispatch, cycles or production', [], KINDS);
  } else if (kind === 'dispatch') {
    if (!('when' in rule)) refuse('write the condition, such as when: not press1.running', ['when']);
    if (!('on_delay' in rule))
      refuse('write how long it has to hold, such as on_delay: 2m, or 0s for at once', ['on_delay']);
  } else {
    for (const key of CONDITION_KEYS) {
      if (key in rule) refuse(`${key} belongs to dispatch rules; a ${kind} rule always counts`, [key]);
    }
  }
}

/** What is said of adopted dispatches is for those who adopt. */
export function checkAdoption(
  dispatch: { readonly close_adopted?: unknown; readonly if_found_open?: unknown },
  context: { addIssue(issue: RuleIssue): void },
): void {
  if (dispatch.close_adopted === undefined || dispatch.if_found_open === 'adopt') return;
  context.addIssue({ code: 'custom', path: ['close_adopted'], message: NOT_ADOPTED });
}

/** Said of `close_adopted` where nothing is adopted. */
export const NOT_ADOPTED =
  "a person's dispatch is only ever closed where it was adopted; write if_found_open: adopt too, or take close_adopted out";

/** `about`: keys of which one is missing; where another key stands for one of them, that is said and this is not. */
type RuleIssue = {
  readonly code: 'custom';
  readonly path: string[];
  readonly message: string;
  readonly params?: { readonly about: readonly string[] };
};
