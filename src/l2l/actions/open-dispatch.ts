import type { CallResult } from '../../actions/result.ts';
import { type ChainState, type Freeze, NO_CHAIN, type Prepared, type StoredAction } from '../../core/delivery.ts';
import { markOf } from '../dispatch-mark.ts';
import { type DispatchRecord, listOpen, listSince } from '../dispatches.ts';
import { numberField, recordsOf, textField } from '../envelope.ts';
import { matchingDispatch } from '../matching-dispatch.ts';
import { type ActionContext, type ActionHandler, defineAction, oldest } from './action.ts';
import { addRequest, isAdd, openRequest } from './dispatch-request.ts';
import { openAnswers } from './open-answers.ts';
import {
  doubtAbout,
  learnCreator,
  marked,
  type Open,
  type OpenCall,
  openedBy,
  ownMark,
  sentFields,
  usersOf,
} from './opened-dispatch.ts';
import { createTradeForms, type TradeForms } from './trade-forms.ts';
import {
  isGuardedUnread,
  isOnlyId,
  isPrevented,
  lookUnread,
  othersUnread,
  preparedUnread,
  refusedUnread,
} from './unread-opens.ts';

/**
 * Opens a dispatch, or finds an open one that matches the episode. An episode that ended before its open could be sent is sent as its
 * rule says (`if_missed`): then one request, or none, is sent for its open and its close.
 */
export const openDispatch = defineAction({
  kind: 'open_dispatch',
  worksLater: false,
  create: createHandler,
});

const WAS_OVER = 'it was over before it could be sent';

function createHandler(context: ActionContext): ActionHandler<'open_dispatch'> {
  const { site, zone, reader, reads, blocked, differences } = context;
  const chainOf = ({ chain }: Open): ChainState => (chain === null ? NO_CHAIN : context.chainOf(chain));
  const answers = openAnswers(context, match);
  const trades = createTradeForms(context);
  /** Keys of actions for which only a part of the open dispatches could be read. */
  const cut = new Set<string>();

  /** Reads the chain each time, because the episode may have ended since. */
  function match(call: OpenCall, open: readonly DispatchRecord[], isOnlyOne = false): CallResult | null {
    if (open.length === 0) return null;
    const action = oldest(call.actions);
    const chain = chainOf(action);
    // The close is in this call when it is sent with the open; else it waits for the outcome of the open.
    const ended = [...call.actions, ...chain.waiting].find(isClose)?.params.completed ?? null;
    // Where L2L opens no other, the dispatch of an episode that waits for a person matches this episode too.
    const stuck = isOnlyOne ? [] : chain.stuck;
    const isStuck = ({ id, description }: DispatchRecord) =>
      stuck.some(one => one.dispatchId === id || description.includes(markOf({ key: one.key, at: one.reported })));
    const isFirst = action.params.ifFoundOpen === 'open' && chain.isFirst;
    return matchingDispatch(open, {
      ...action.params,
      mark: ownMark(action),
      users: usersOf(context),
      ended,
      isFirst,
      isStuck,
    });
  }

  return {
    freeze: (actions, chain) => freeze(oldest(actions), chain, context, trades),

    async prepare(call, signal) {
      const action = oldest(call.actions);
      const { machine, type, ifFoundOpen } = action.params;
      const opensBeside = ifFoundOpen === 'open' && !chainOf(action).isFirst;
      if (opensBeside && !isNeverSent(call)) return { kind: 'send', base: null };
      const listed = await listOpen(reader, zone, { site, machine, type }, signal);
      if (!listed.ok) return { kind: 'failed', outcome: listed.outcome };
      const found = match(call, listed.dispatches);
      // When L2L then opens none and none is found, the dispatch is opened all the same.
      if (found === null && !listed.isComplete && !action.guarded && !isNeverSent(call) && !cut.has(action.key)) {
        cut.add(action.key);
        return { kind: 'again', detail: 'L2L lists too many open dispatches, so it is asked not to open a second one' };
      }
      return prepared(call, found);
    },

    unprepared(call) {
      if (reads === 'never') return preparedUnread(isNeverSent(call));
      if (isNeverSent(call)) return null;
      if (oldest(call.actions).guarded) return { kind: 'send', base: null };
      return { kind: 'again', detail: 'the key may not read dispatches, so L2L is asked not to open a second one' };
    },

    succeeded(call, envelope, answer, signal) {
      const action = oldest(call.actions);
      const [dispatch] = recordsOf(envelope);
      const id = numberField(dispatch, 'id');
      // It is not documented whether L2L refuses a duplicate or answers with the first one. Only the mark shows whose it is.
      const isOwn = textField(dispatch, 'description')?.includes(ownMark(action)) === true;
      if (reads === 'never' && isPrevented(call) && !isOwn && !isOnlyId(call, dispatch))
        return othersUnread(call, dispatch, answer);
      if (action.guarded && !isOwn) return answers.successWithoutDispatch(call, answer, signal);
      // The dispatch can't be closed without its id. The look-up finds it.
      if (id === undefined) {
        return { kind: 'unknown', reason: 'unreadable', detail: 'L2L said success but gave no dispatch id' };
      }
      if (isOwn) learnCreator(context, textField(dispatch, 'createdby'));
      trades.worked(call, dispatch);
      differences.dispatch(action.params.machine, sentFields(call), dispatch);
      const dispatchNumber = numberField(dispatch, 'dispatchnumber') ?? id;
      const result = { dispatchId: id, dispatchNumber, reported: action.params.reported };
      return { kind: 'delivered', result, answer };
    },

    async refused(call, refusal, signal) {
      const words = refusal.detail.toLowerCase();
      const isBlocked = blocked.some(text => words.includes(text.toLowerCase()));
      const unread = reads === 'never' && !isBlocked ? refusedUnread(call, refusal) : null;
      if (unread) return unread;
      const inAnotherForm = isBlocked ? null : await trades.refused(call, refusal, signal);
      if (inAnotherForm) return inAnotherForm;
      if (!oldest(call.actions).guarded) return isBlocked ? answers.blockedByOther(call, refusal, signal) : refusal;
      if (reads === 'never') return answers.blockedByOther(call, refusal, signal);
      const outcome = await answers.duplicatePrevented(call, refusal.detail, refusal.answer, signal);
      return isBlocked && outcome.kind === 'again' ? answers.blockedByOther(call, refusal, signal) : outcome;
    },

    unlooked: lookUnread,

    async look(call, signal) {
      const action = oldest(call.actions);
      const { machine, type, reported } = action.params;
      // A technician may have changed the type of ours.
      const listed = await listSince(reader, zone, { site, machine }, reported, signal);
      if (!listed.ok) return { kind: 'failed', outcome: listed.outcome };
      const opened = openedBy(call, listed.dispatches, context);
      if (opened) return { kind: 'applied', result: opened, detail: `found as dispatch ${opened.dispatchNumber}` };
      const doubt = doubtAbout(call, listed);
      if (doubt !== null) return { kind: 'undecided', detail: doubt };
      const mark = ownMark(action);
      return { kind: 'absent', detail: `no dispatch of ${machine} ${type} since then carries ${mark}` };
    },
  };
}

function freeze(action: Open, chain: ChainState, context: ActionContext, trades: TradeForms): Freeze {
  // Its end was made while the clock could not be trusted, and this open was in doubt then. Now it is certain that L2L does not have it.
  if (action.params.ifMissed === 'nothing' && !action.guarded && chain.isEndParked)
    return { kind: 'nothing', why: WAS_OVER, and: [] };
  const missed = missedEpisode(action, chain);
  const isGuarded = context.reads === 'never' ? isGuardedUnread(action) : action.guarded === true;
  const request = openRequest(action.params, marked(action), context, isGuarded, trades.fields(action));
  if (!missed) return { kind: 'request', request };
  const and = [missed.close];
  if (missed.ifMissed === 'nothing') {
    // This request is never sent. It lets `prepare` ask L2L whether a dispatch is open that has to be closed.
    const isAsked = chain.isFirst && (action.expiresAt ?? Number.POSITIVE_INFINITY) >= context.clock.now();
    return isAsked ? { kind: 'request', request, and } : { kind: 'nothing', why: WAS_OVER, and };
  }
  return { kind: 'request', request: addRequest(action.params, missed.close.params, marked(action), context), and };
}

/** The close of an episode that ended before its open was sent, when its rule sends such an episode as one request or not at all. */
function missedEpisode(action: Open, chain: ChainState) {
  const { ifMissed = 'open_and_close', ifFoundOpen } = action.params;
  // A guarded open: an earlier call may still take effect, and its dispatch would stay open.
  if (ifMissed === 'open_and_close' || action.guarded) return null;
  const close = chain.waiting.find(isClose);
  if (!close || ifMissed === 'nothing') return close && { close, ifMissed };
  const { how, closeAdopted } = close.params;
  // One request can't send a dispatch that people close, nor adopt a dispatch and close it.
  if (how === 'note' || how === 'leave' || (ifFoundOpen === 'adopt' && closeAdopted)) return null;
  return { close, ifMissed };
}

/** What to do about a call before it is sent, when this open dispatch matches its episode; null: none does. */
function prepared(call: OpenCall, match: CallResult | null): Prepared {
  const isGateways = match !== null && match.foundOpen === undefined && match.adopted !== true;
  // A single call can't find the gateway's dispatch open and close it too. Two calls can.
  if (isGateways && (isNeverSent(call) || isAdd(call.request)))
    return { kind: 'again', detail: `${match.nothing ?? 'it is open already'}: sent as open and close` };
  if (isNeverSent(call)) return { kind: 'done', result: { nothing: `${WAS_OVER}; none of the gateway is open` } };
  return match ? { kind: 'done', result: match } : { kind: 'send', base: null };
}

/** The rule sends nothing of this episode. The call only reads which dispatches are open. */
function isNeverSent({ actions, request }: OpenCall): boolean {
  return actions.some(isClose) && !isAdd(request);
}

function isClose(action: StoredAction): action is Extract<StoredAction, { readonly kind: 'close_dispatch' }> {
  return action.kind === 'close_dispatch';
}
