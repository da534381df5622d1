import type { CallQueueStatus } from '../queue/call-queue.ts';

type HeldUp = CallQueueStatus['heldUp'][number];

const MOST_RULES = 3;
const MOST_NAMED = 3;

/** What a person has to correct before the calls of a rule can go on, with where the rule is written. */
export function oneHeldUp({ rules, detail }: HeldUp): string {
  const named = rules.slice(0, MOST_RULES).map(({ rule, where }) => `${rule} (${where})`);
  const more = rules.length > MOST_RULES ? ` and ${rules.length - MOST_RULES} more` : '';
  const who = rules.length === 1 ? `calls of rule ${named[0]} wait` : `calls of rules ${named.join(', ')}${more} wait`;
  return `${who}: ${detail}`;
}

/** The first few, and how many more there are; empty when nothing is held up. */
export function heldUpWords(all: readonly HeldUp[]): readonly string[] {
  const rest = all.length - MOST_NAMED;
  return [
    ...all.slice(0, MOST_NAMED).map(oneHeldUp),
    ...(rest > 0 ? [`${rest} more such ${rest === 1 ? 'cause' : 'causes'}: see queue.heldUp on /status`] : []),
  ];
}
