import { foundIn, foundOpenWords, WHOSE_WORDS } from '../../actions/found-open.ts';
import type { ChainState } from '../../core/delivery.ts';
import type { TimeNotation } from '../../core/time-notation.ts';
import type { RuleView } from '../../rules/rule-view.ts';

/** The state and the result of the call that opens an episode, from the journal. */
export type OpenOf = (chain: string) => Pick<ChainState, 'open' | 'result'>;

/** Each rule: its state and when that began, its next step and when that comes, and its dispatch in L2L. */
export function rulesStatus(rules: readonly RuleView[], openOf: OpenOf, iso: TimeNotation['iso']) {
  return rules.map(({ rule, kind, phase, since, due, text, episode = null }) => ({
    rule,
    kind,
    state: STATES[phase],
    words: STATE_WORDS[phase],
    since: iso(since),
    ...(due !== null && { firesAt: iso(due), thenIt: NEXT[phase] }),
    ...(episode && dispatchStatus(episode, openOf)),
    text,
  }));
}

function dispatchStatus({ chain, mode }: NonNullable<RuleView['episode']>, openOf: OpenOf) {
  if (mode === 'shadow') return { dispatch: null, dispatchWords: 'none: in shadow mode nothing is sent' };
  const { open, result } = openOf(chain);
  if (open !== 'delivered') return { dispatch: null, dispatchWords: NOT_OPEN[open] };
  const found = foundIn(result);
  if (found) return { dispatch: found.number, dispatchWords: `${foundOpenWords(found)}: ${WHOSE_WORDS[found.whose]}` };
  const dispatch = result?.dispatchNumber ?? null;
  if (dispatch === null) return { dispatch, dispatchWords: `none: ${result?.nothing ?? 'nothing had to be opened'}` };
  return { dispatch, dispatchWords: `opened #${dispatch}` };
}

const NOT_OPEN: Readonly<Record<Exclude<ChainState['open'], 'delivered'>, string>> = {
  none: 'none yet',
  pending: 'none yet: L2L has not confirmed it; the command under queue.list shows how far it is',
  dead: 'none: it is a dead letter; the command under queue.list shows why',
  dropped: 'not known: its open was dropped',
};

const STATES: Readonly<Record<RuleView['phase'], string>> = {
  inactive: 'waiting',
  pending: 'pending',
  active: 'active',
  clearing: 'clearing',
  counting: 'counting',
};

const STATE_WORDS: Readonly<Record<RuleView['phase'], string>> = {
  inactive: 'the condition does not hold',
  pending: 'the condition holds and the on_delay runs',
  active: 'the condition holds',
  clearing: 'the condition is over and the off_delay runs',
  counting: 'counts',
};

const NEXT: Readonly<Record<RuleView['phase'], string>> = {
  inactive: 'checks again whether a signal stands still',
  pending: 'opens the dispatch, if it stays so',
  active: 'checks again whether a signal stands still',
  clearing: 'ends the dispatch, if it stays so',
  counting: 'sends what it counted',
};
