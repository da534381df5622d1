import type { OpenDispatchParams } from '../core/action.ts';
import type { CallResult } from '../core/delivery.ts';
import { isMarked } from './dispatch-mark.ts';
import type { DispatchRecord } from './dispatches.ts';

/** What tells an episode's own dispatch from others, and what its rule does about those. */
export type Seeker = {
  readonly mark: string;
  /** Login of the gateway's L2L user. */
  readonly user: string;
  readonly reported: number;
  /** When the episode was over, where that is told too; left out: it may still hold. */
  readonly ended?: number | undefined;
  readonly ifFoundOpen: OpenDispatchParams['ifFoundOpen'];
};

/**
 * Which of the open dispatches of a machine and type stands for an episode, and what that makes of its open; null: none, it
 * opens its own. First its own by the mark; then one that a gateway of this user opened, for another rule or before its journal
 * was rebuilt: that one is the gateway's and ends with the last episode that holds it; then a person's, as the rule says. Of
 * several the newest. What the gateway opened for a later episode stands for none that was over by then, as one has that a person
 * retries. Pure.
 */
export function standingDispatch(open: readonly DispatchRecord[], seeker: Seeker): CallResult | null {
  const newestFirst = open.toSorted((a, b) => (b.reported.at(-1) ?? 0) - (a.reported.at(-1) ?? 0) || b.id - a.id);
  const own = newestFirst.find(dispatch => dispatch.description.includes(seeker.mark));
  if (own) return { dispatchId: own.id, dispatchNumber: own.number, reported: seeker.reported };
  if (seeker.ifFoundOpen === 'open') return null;

  const isGateways = ({ description, createdBy }: DispatchRecord) => createdBy === seeker.user && isMarked(description);
  const isLater = ({ reported }: DispatchRecord) => {
    const { ended } = seeker;
    return ended !== undefined && reported.length > 0 && reported.every(at => at >= ended);
  };
  const standing = newestFirst.filter(dispatch => !isGateways(dispatch) || !isLater(dispatch));
  const gateways = standing.find(isGateways);
  const found = gateways ?? standing[0];
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

/** More than one is for people to look at: it is told, never tidied up. */
function beside(open: readonly DispatchRecord[], number: number): string {
  const others = open.filter(dispatch => dispatch.number !== number).map(dispatch => dispatch.number);
  return others.length === 0 ? '' : `; so ${others.length === 1 ? 'is' : 'are'} ${others.join(', ')}`;
}
