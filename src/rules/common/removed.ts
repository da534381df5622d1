/** Why a rule that is not configured any more, or is one of another kind now, says its last word. */
export const REMOVED = 'the rule was removed from the config';
