import type { OpenDispatchParams } from '../actions/action.ts';
import type { CallResult } from '../actions/result.ts';
import { isMarked } from './dispatch-mark.ts';
import type { DispatchRecord } from './dispatches.ts';

/** What distinguishes an episode's own dispatch from others, and what its rule does about those. */
export type Seeker = {
  readonly mark: string;
  /** Login of the gateway's L2L user. */
  readonly user: string;
  readonly reported: number;
  readonly ifFoundOpen: OpenDispatchParams['ifFoundOpen'];
  /** When the episode was over (ms since 1970); null: it goes on. */
  readonly ended: number | null;
  /** No episode of this journal has had one of the machine and type: the gateway's is what a former journal left open. */
  readonly isFirst: boolean;
  /** Of another episode that is over: a person decides about it. */
  readonly isStuck: (dispatch: DispatchRecord) => boolean;
};

/**
 * Which of the open dispatches of a machine and type stands for an episode, and what that makes of its open; null: none, it
 * opens its own. First its own by the mark; then one that a gateway of this user opened, for another rule or before its journal
 * was rebuilt: that one is the gateway's and ends with the last episode that holds it; then a person's, as the rule says. A rule
 * may open its own beside a person's and another rule's, not beside what a former journal left open. Of
 * several the newest. What began after the episode was over is about the next one, and stands for that. Pure.
 */
export function standingDispatch(open: readonly DispatchRecord[], seeker: Seeker): CallResult | null {
  const newestFirst = open.toSorted((a, b) => (b.reported.at(-1) ?? 0) - (a.reported.at(-1) ?? 0) || b.id - a.id);
  const own = newestFirst.find(dispatch => dispatch.description.includes(seeker.mark));
  if (own) return { dispatchId: own.id, dispatchNumber: own.number, reported: seeker.reported };
  const isBeside = seeker.ifFoundOpen === 'open';
  if (isBeside && !seeker.isFirst) return null;

  const inTime = newestFirst.filter(dispatch => beganWithin(dispatch, seeker.ended) && !seeker.isStuck(dispatch));
  const gateways = inTime.find(({ description, createdBy }) => createdBy === seeker.user && isMarked(description));
  const found = gateways ?? (isBeside ? undefined : inTime[0]);
  if (!found) return null;
  const [reported] = found.reported;
  const known = { dispatchId: found.id, ...(reported !== undefined && { reported }) };
  const { number } = found;
  if (gateways) {
    return {
      ...known,
      dispatchNumber: number,
      nothing: `dispatch ${number} of the gateway is open${beside(open, number)}`,
    };
  }
  return seeker.ifFoundOpen === 'adopt'
    ? {
        ...known,
        dispatchNumber: number,
        adopted: true,
        nothing: `dispatch ${number} is adopted${beside(open, number)}`,
      }
    : { ...known, foundOpen: number, nothing: `dispatch ${number} is already open${beside(open, number)}` };
}

/** L2L keeps whole seconds: one of the second in which the episode ended may be the next one's, and a dispatch too many is seen. */
function beganWithin({ reported }: DispatchRecord, ended: number | null): boolean {
  return ended === null || reported.length === 0 || reported.some(at => at < Math.floor(ended / 1000) * 1000);
}

/** More than one is for people to look at: it is logged, never tidied up. */
function beside(open: readonly DispatchRecord[], number: number): string {
  const others = open.filter(dispatch => dispatch.number !== number).map(dispatch => dispatch.number);
  return others.length === 0 ? '' : `; so ${others.length === 1 ? 'is' : 'are'} ${others.join(', ')}`;
}
