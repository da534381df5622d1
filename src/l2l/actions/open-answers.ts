import type { CallResult } from '../../actions/result.ts';
import type { Outcome } from '../../core/delivery.ts';
import { type DispatchRecord, listOpen, listSince } from '../dispatches.ts';
import { type ActionContext, oldest, type Refusal } from './action.ts';
import { doubtAbout, type OpenCall, openedBy } from './opened-dispatch.ts';

/** The matching dispatch among open ones. @param isOnlyOne L2L opens no other beside it. */
export type Match = (call: OpenCall, open: readonly DispatchRecord[], isOnlyOne?: boolean) => CallResult | null;

/** What the answers to an open mean that do not speak for themselves. Each reads L2L again. */
export function openAnswers(context: ActionContext, match: Match) {
  const { site, zone, reader, blockedWait } = context;

  /**
   * L2L did not open a second dispatch, because the call asked it to prevent duplicates. Either an earlier call opened ours, or
   * another dispatch is open, or L2L refused without a cause: then ours is sent again without that request.
   */
  async function duplicatePrevented(
    call: OpenCall,
    words: string,
    answer: string,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { machine, type, reported } = oldest(call.actions).params;
    // A technician may have changed the type of ours.
    const listed = await listSince(reader, zone, { site, machine }, reported, signal);
    if (!listed.ok) return listed.outcome;
    const opened = openedBy(call, listed.dispatches, context);
    if (!opened && doubtAbout(call, listed) !== null) return { kind: 'unknown', reason: 'refused', detail: words };
    const open = listed.dispatches.filter(dispatch => dispatch.isOpen && dispatch.type === type);
    const result = opened ?? match(call, open);
    if (result) return { kind: 'delivered', result, answer };
    const detail = `asked not to open a second one, L2L said: ${words}; none stands for it, so it is sent without asking`;
    return { kind: 'again', reason: 'refused', detail, after: 0, guarded: false };
  }

  return {
    duplicatePrevented,

    /** L2L reported success without the dispatch. A failed read leaves the outcome unknown: the call may have had effect. */
    async successWithoutDispatch(call: OpenCall, answer: string, signal: AbortSignal): Promise<Outcome> {
      const outcome = await duplicatePrevented(call, 'success, without the dispatch', answer, signal);
      if (outcome.kind !== 'retry' && outcome.kind !== 'halt') return outcome;
      return { kind: 'unknown', reason: outcome.reason, detail: outcome.detail };
    },

    /** Of some types, L2L allows one open dispatch on a machine. Ours waits outside its lane, so that the other one can be closed. */
    async blockedByOther(call: OpenCall, refusal: Refusal, signal: AbortSignal): Promise<Outcome> {
      const action = oldest(call.actions);
      const { machine, type } = action.params;
      const listed = await listOpen(reader, zone, { site, machine }, signal);
      const open = listed.ok ? listed.dispatches : [];
      const ofType = open.filter(dispatch => dispatch.type === type);
      const result = match(call, ofType, true);
      if (result) return { kind: 'delivered', result, answer: refusal.answer };
      const names = open.map(dispatch => `${dispatch.number} (${dispatch.type})`).join(', ');
      const detail = `${names === '' ? '' : `open on ${machine}: ${names}; `}L2L said: ${refusal.detail}`;
      return { kind: 'again', reason: 'blocked', detail, after: blockedWait, guarded: action.guarded === true };
    },
  };
}
