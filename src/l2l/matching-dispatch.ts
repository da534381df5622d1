import type { OpenDispatchParams } from '../actions/action.ts';
import type { CallResult } from '../actions/result.ts';
import { isMarked } from './dispatch-mark.ts';
import type { DispatchRecord } from './dispatches.ts';

/** Decides which open dispatch matches an episode: how to recognize its own, and what its rule does about others. */
export type MatchCriteria = {
  /** Mark in the description of the episode's own dispatch. */
  readonly mark: string;
  /** Logins that L2L names as the creators of the gateway's dispatches. */
  readonly users: readonly string[];
  readonly reported: number;
  readonly ifFoundOpen: OpenDispatchParams['ifFoundOpen'];
  /** When the episode ended (ms since 1970); null: it goes on. */
  readonly ended: number | null;
  /** This journal has sent no other dispatch of the machine and type. So an earlier journal left the gateway's open dispatch behind. */
  readonly isFirst: boolean;
  /** The dispatch belongs to another episode that is over, and a person decides about that one. */
  readonly isStuck: (dispatch: DispatchRecord) => boolean;
};

/**
 * The open dispatch of a machine and type that matches an episode, as the result of the episode's open. null: none matches, so the
 * episode opens its own. Pure. The first of these matches; of several, the newest:
 *
 * 1. The episode's own dispatch, by its mark.
 * 2. A dispatch of the gateway's user: another rule opened it, or this rule did before its journal was rebuilt. It is closed with the
 *    last episode that holds it.
 * 3. A person's dispatch, as the rule says.
 *
 * A rule with `if_found_open: open` opens its own beside 2 and 3, but not beside what an earlier journal left open. A dispatch that
 * was reported after the episode ended belongs to the next episode [D3].
 */
export function matchingDispatch(open: readonly DispatchRecord[], criteria: MatchCriteria): CallResult | null {
  const { mark, users, ended, isFirst, isStuck } = criteria;
  const newestFirst = open.toSorted((a, b) => (b.reported.at(-1) ?? 0) - (a.reported.at(-1) ?? 0) || b.id - a.id);
  const own = newestFirst.find(dispatch => dispatch.description.includes(mark));
  if (own) return { dispatchId: own.id, dispatchNumber: own.number, reported: criteria.reported };
  const isBeside = criteria.ifFoundOpen === 'open';
  if (isBeside && !isFirst) return null;

  const inTime = newestFirst.filter(dispatch => beganBefore(dispatch, ended) && !isStuck(dispatch));
  const gateways = inTime.find(({ description, createdBy }) => isOneOf(users, createdBy) && isMarked(description));
  const found = gateways ?? (isBeside ? undefined : inTime[0]);
  if (!found) return null;
  const { id, number } = found;
  const [reported] = found.reported;
  const known = { dispatchId: id, ...(reported !== undefined && { reported }) };
  const others = othersWords(open, number);
  if (gateways)
    return { ...known, dispatchNumber: number, nothing: `dispatch ${number} of the gateway is open${others}` };
  if (criteria.ifFoundOpen === 'adopt')
    return { ...known, dispatchNumber: number, adopted: true, nothing: `dispatch ${number} is adopted${others}` };
  return { ...known, foundOpen: number, nothing: `dispatch ${number} is already open${others}` };
}

export function isOneOf(users: readonly string[], login: string | undefined): boolean {
  return login !== undefined && users.includes(login);
}

/**
 * L2L keeps whole seconds. A dispatch of the second in which the episode ended may be the next one's, so it does not match: people
 * see a dispatch too many.
 */
function beganBefore({ reported }: DispatchRecord, ended: number | null): boolean {
  return ended === null || reported.length === 0 || reported.some(at => at < Math.floor(ended / 1000) * 1000);
}

/** Several open dispatches are for people to look at. The gateway logs them and does not close any. */
function othersWords(open: readonly DispatchRecord[], number: number): string {
  const others = open.filter(dispatch => dispatch.number !== number).map(dispatch => dispatch.number);
  return others.length === 0 ? '' : `; so ${others.length === 1 ? 'is' : 'are'} ${others.join(', ')}`;
}
