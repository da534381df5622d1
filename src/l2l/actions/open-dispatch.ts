import type { CallResult } from '../../actions/result.ts';
import { type ChainState, NO_CHAIN, type Outcome, type Prepared, type StoredAction } from '../../core/delivery.ts';
import { externalIdOf, isMarked, type Marked, markOf } from '../dispatch-mark.ts';
import { type DispatchRecord, type DispatchSlot, type Listing, listOpen, listSince } from '../dispatches.ts';
import { numberField, recordsOf, textField } from '../envelope.ts';
import { standingDispatch } from '../standing-dispatch.ts';
import {
  type ActionContext,
  type ActionHandler,
  type ActionOf,
  type CallOf,
  defineAction,
  oldest,
  type Refusal,
} from './action.ts';
import { addRequest, isAdd, openRequest } from './dispatch-request.ts';

type Open = ActionOf<'open_dispatch'>;
type OpenCall = CallOf<'open_dispatch'>;

/**
 * Opens a dispatch, or finds that one already stands for it. An episode that was over before it could be sent is sent as its
 * rule says: then the same request, or none, stands for its close too.
 */
export const openDispatch = defineAction({
  kind: 'open_dispatch',
  worksLater: false,
  create: createHandler,
});

const WAS_OVER = 'it was over before it could be sent';

function createHandler(context: ActionContext): ActionHandler<'open_dispatch'> {
  const { site, user, zone, clock, reader, blocked, blockedWait } = context;
  const chainOf = ({ chain }: Open): ChainState => (chain === null ? NO_CHAIN : context.chainOf(chain));
  const slotOf = ({ params }: Open): DispatchSlot => ({ site, machine: params.machine, type: params.type });
  /** A technician may have changed the type of ours before it is found. */
  const anyType = ({ params }: Open): DispatchSlot => ({ site, machine: params.machine });

  /**
   * What stands for the episode among what is open; asked anew each time, because the episode may be over by now.
   * @param isOnlyOne L2L opens none beside it, so what waits for a person stands for the episode too
   */
  function standing(call: OpenCall, open: readonly DispatchRecord[], isOnlyOne = false): CallResult | null {
    if (open.length === 0) return null;
    const action = oldest(call.actions);
    const chain = chainOf(action);
    // Its close is in the call that sends it as finished, or waits for what becomes of the open.
    const ended = [...call.actions, ...chain.waiting].find(isClose)?.params.completed ?? null;
    const stuck = isOnlyOne ? [] : chain.stuck;
    const isStuck = ({ id, description }: DispatchRecord) =>
      stuck.some(one => one.dispatchId === id || description.includes(markOf({ key: one.key, at: one.reported })));
    const isFirst = action.params.ifFoundOpen === 'open' && chain.isFirst;
    return standingDispatch(open, { ...action.params, mark: markOf(marked(action)), user, ended, isFirst, isStuck });
  }

  /** The close that waits as well, when its rule sends such an episode in another way than opening and closing. */
  function missed(action: Open, chain: ChainState) {
    const { ifMissed = 'open_and_close', ifFoundOpen } = action.params;
    // An earlier call may still take effect, and its dispatch would stay open.
    if (ifMissed === 'open_and_close' || action.guarded) return null;
    const close = chain.waiting.find(isClose);
    if (!close || ifMissed === 'nothing') return close && { close, ifMissed };
    const { how, closeAdopted } = close.params;
    // What people are to end themselves is not sent as finished; and what is to be adopted and ended needs two calls.
    if (how === 'note' || how === 'leave' || (ifFoundOpen === 'adopt' && closeAdopted)) return null;
    return { close, ifMissed };
  }

  /** The dispatch this call made, among those L2L lists: by its mark, or by what a technician can't have rewritten. */
  function madeBy(call: OpenCall, dispatches: readonly DispatchRecord[]): CallResult | null {
    const action = oldest(call.actions);
    const mark = markOf(marked(action));
    const externalId = externalIdOf(marked(action));
    const own =
      dispatches.find(one => one.description.includes(mark) || one.externalId === externalId) ??
      alike(call, dispatches).find(one => one.createdBy === user);
    return own ? { dispatchId: own.id, dispatchNumber: own.number, reported: action.params.reported } : null;
  }

  /** Those this call may have made, as far as their text says nothing else. */
  function alike({ actions, request }: OpenCall, dispatches: readonly DispatchRecord[]): readonly DispatchRecord[] {
    const { type, reported } = oldest(actions).params;
    if (isAdd(request)) return [];
    return dispatches.filter(
      one => one.type === type && !isMarked(one.description) && one.reported.some(at => sameSecond(at, reported)),
    );
  }

  /** Why nobody can say whether none of these is the one this call made; null: none is. */
  function doubtAbout(call: OpenCall, { dispatches, isComplete }: Listing): string | null {
    const action = oldest(call.actions);
    const { machine, type } = action.params;
    const without = `without its text ${markOf(marked(action))}`;
    const numbers = alike(call, dispatches)
      .filter(({ createdBy }) => createdBy === undefined)
      .map(({ number }) => number);
    if (numbers.length > 0) {
      const which = numbers.length === 1 ? `dispatch ${numbers}` : `one of dispatches ${numbers.join(', ')}`;
      return `${which} of ${machine} may be it: same type and time, by nobody knows whom, ${without}`;
    }
    return isComplete ? null : `${machine} has too many newer ${type} dispatches to find it, all ${without}`;
  }

  /** L2L took a guarded call without opening ours: an earlier call did, somebody else's is open, or it was refused for nothing. */
  async function afterGuard(call: OpenCall, words: string, answer: string, signal: AbortSignal): Promise<Outcome> {
    const action = oldest(call.actions);
    const listed = await listSince(reader, zone, anyType(action), action.params.reported, signal);
    if (!listed.ok) return listed.outcome;
    const made = madeBy(call, listed.dispatches);
    if (!made && doubtAbout(call, listed) !== null) return { kind: 'unknown', reason: 'refused', detail: words };
    const { type } = action.params;
    const open = listed.dispatches.filter(dispatch => dispatch.isOpen && dispatch.type === type);
    const result = made ?? standing(call, open);
    if (result) return { kind: 'delivered', result, answer };
    const detail = `asked not to open a second one, L2L said: ${words}; none stands for it, so it is sent without asking`;
    return { kind: 'again', reason: 'refused', detail, after: 0, guarded: false };
  }

  /** L2L said success: when it does not say of what, nobody may take the call for one without effect. */
  async function afterTaken(call: OpenCall, answer: string, signal: AbortSignal): Promise<Outcome> {
    const outcome = await afterGuard(call, 'success, without the dispatch', answer, signal);
    if (outcome.kind !== 'retry' && outcome.kind !== 'halt') return outcome;
    return { kind: 'unknown', reason: outcome.reason, detail: outcome.detail };
  }

  /** L2L lets a machine have one open dispatch of some types: ours waits outside its lane, so that the other can be closed. */
  async function waitForOther(call: OpenCall, refusal: Refusal, signal: AbortSignal): Promise<Outcome> {
    const action = oldest(call.actions);
    const { machine, type } = action.params;
    const listed = await listOpen(reader, zone, { site, machine }, signal);
    const open = listed.ok ? listed.dispatches : [];
    const ofType = open.filter(dispatch => dispatch.type === type);
    const result = standing(call, ofType, true);
    if (result) return { kind: 'delivered', result, answer: refusal.answer };
    const names = open.map(dispatch => `${dispatch.number} (${dispatch.type})`).join(', ');
    const detail = `${names === '' ? '' : `open on ${machine}: ${names}; `}L2L said: ${refusal.detail}`;
    return { kind: 'again', reason: 'blocked', detail, after: blockedWait, guarded: action.guarded === true };
  }

  return {
    freeze(actions, chain) {
      const action = oldest(actions);
      const over = missed(action, chain);
      const request = openRequest(action.params, marked(action), context, action.guarded === true);
      if (!over) return { kind: 'request', request };
      const and = [over.close];
      if (over.ifMissed === 'nothing') {
        // The request never leaves: what is read before it says whether there is something to end.
        const isAsked = chain.isFirst && (action.expiresAt ?? Number.POSITIVE_INFINITY) >= clock.now();
        return isAsked ? { kind: 'request', request, and } : { kind: 'nothing', why: WAS_OVER, and };
      }
      return { kind: 'request', request: addRequest(action.params, over.close.params, marked(action), context), and };
    },

    async prepare(call, signal) {
      const action = oldest(call.actions);
      const opensBeside = action.params.ifFoundOpen === 'open' && !chainOf(action).isFirst;
      if (opensBeside && !isUntold(call)) return { kind: 'send', base: null };
      const listed = await listOpen(reader, zone, slotOf(action), signal);
      if (!listed.ok) return { kind: 'failed', outcome: listed.outcome };
      const result = standing(call, listed.dispatches);
      const isGateways = result !== null && result.foundOpen === undefined && result.adopted !== true;
      // One call can't say that it stands for the open and is ended by the close, if nobody else holds it.
      const toldAnew: Prepared = {
        kind: 'again',
        detail: `${result?.nothing ?? 'it is open already'}: sent as open and close`,
      };
      if (isUntold(call)) {
        return isGateways
          ? toldAnew
          : { kind: 'done', result: { nothing: `${WAS_OVER}; none of the gateway is open` } };
      }
      if (!result) return { kind: 'send', base: null };
      return isAdd(call.request) && isGateways ? toldAnew : { kind: 'done', result };
    },

    succeeded(call, envelope, answer, signal) {
      const action = oldest(call.actions);
      const [dispatch] = recordsOf(envelope);
      const id = numberField(dispatch, 'id');
      // Whether L2L refuses a second one or answers with the first is not documented: only the mark says whose it is.
      const isOwn = textField(dispatch, 'description')?.includes(markOf(marked(action))) === true;
      if (action.guarded && !isOwn) return afterTaken(call, answer, signal);
      // Without the id the dispatch could never be closed: the look-up finds it.
      if (id === undefined) {
        return { kind: 'unknown', reason: 'unreadable', detail: 'L2L said success but gave no dispatch id' };
      }
      const dispatchNumber = numberField(dispatch, 'dispatchnumber') ?? id;
      const result = { dispatchId: id, dispatchNumber, reported: action.params.reported };
      return { kind: 'delivered', result, answer };
    },

    async refused(call, refusal, signal) {
      const words = refusal.detail.toLowerCase();
      const isBlocked = blocked.some(text => words.includes(text.toLowerCase()));
      if (!oldest(call.actions).guarded) return isBlocked ? waitForOther(call, refusal, signal) : refusal;
      const outcome = await afterGuard(call, refusal.detail, refusal.answer, signal);
      return isBlocked && outcome.kind === 'again' ? waitForOther(call, refusal, signal) : outcome;
    },

    async look(call, signal) {
      const action = oldest(call.actions);
      const { machine, type, reported } = action.params;
      const listed = await listSince(reader, zone, anyType(action), reported, signal);
      if (!listed.ok) return { kind: 'failed', outcome: listed.outcome };
      const made = madeBy(call, listed.dispatches);
      if (made) return { kind: 'applied', result: made, detail: `found as dispatch ${made.dispatchNumber}` };
      const doubt = doubtAbout(call, listed);
      if (doubt !== null) return { kind: 'undecided', detail: doubt };
      const mark = markOf(marked(action));
      return { kind: 'absent', detail: `no dispatch of ${machine} ${type} since then carries ${mark}` };
    },
  };
}

function marked({ key, params }: Pick<Open, 'key'> & { readonly params: Pick<Open['params'], 'reported'> }): Marked {
  return { key, at: params.reported };
}

/** Its rule wants nothing sent of it: L2L is only asked what is open. */
function isUntold({ actions, request }: OpenCall): boolean {
  return actions.some(isClose) && !isAdd(request);
}

function isClose(action: StoredAction): action is Extract<StoredAction, { readonly kind: 'close_dispatch' }> {
  return action.kind === 'close_dispatch';
}

function sameSecond(a: number, b: number): boolean {
  return Math.floor(a / 1000) === Math.floor(b / 1000);
}
