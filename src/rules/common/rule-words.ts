import { formatDuration } from '../../core/fields.ts';

/** Why a rule made its last actions and events. */
export const REMOVED = 'the rule was removed from the config';

/** For `check`: what a rule's `max_age` (ms) means. */
export function ageWords(maxAge: number | null): string {
  return maxAge === null
    ? 'an action is sent however old it is'
    : `an action older than ${formatDuration(maxAge)} is not sent any more`;
}
