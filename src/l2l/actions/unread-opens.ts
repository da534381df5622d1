import type { Look, Outcome, Prepared } from '../../core/delivery.ts';
import { type L2lRecord, numberField, textField } from '../envelope.ts';
import { oldest, type Refusal } from './action.ts';
import { isAdd } from './dispatch-request.ts';
import type { Open, OpenCall } from './opened-dispatch.ts';

/**
 * How a dispatch is opened where L2L may not be read (`l2l.reads: never`). L2L is asked not to open a second one. A refusal of the first
 * call of an action was certainly not applied. After a lost answer nobody knows whose the dispatch is that stands in the way: a
 * person decides.
 */

/** L2L's words for a dispatch that is open, or was completed since the reported time. */
const STANDS_ALREADY = /duplicat|already (?:an? )?open|already (?:has|exists|been)|completed after/i;
const UNSEEN = 'the config says l2l.reads: never, so nobody can see whose it is; look in L2L, then retry or drop it';

/** A rule that opens beside others needs no guard before its first call. */
export function isGuardedUnread({ params, guarded }: Open): boolean {
  return guarded === true || params.ifFoundOpen !== 'open';
}

/** @param isNeverSent The rule sends nothing of the episode. The call would only read which dispatches are open. */
export function preparedUnread(isNeverSent: boolean): Prepared {
  if (!isNeverSent) return { kind: 'send', base: null };
  return { kind: 'done', result: { nothing: 'it was over before it could be sent; nobody looked which are open' } };
}

/** null: the refusal says nothing about other dispatches. */
export function refusedUnread(call: OpenCall, { detail, answer }: Refusal): Outcome | null {
  if (oldest(call.actions).guarded) return inDoubt(`asked not to open a second one, L2L said: ${detail}`);
  if (!isPrevented(call) || !STANDS_ALREADY.test(detail)) return null;
  return { kind: 'delivered', result: { nothing: `none was opened beside another one; L2L said: ${detail}` }, answer };
}

/** L2L reported success, and the dispatch in its answer is not that of this call. */
export function othersUnread(call: OpenCall, dispatch: L2lRecord | undefined, answer: string): Outcome {
  const number = numberField(dispatch, 'dispatchnumber') ?? numberField(dispatch, 'id');
  if (oldest(call.actions).guarded || number === undefined)
    return inDoubt(
      `asked not to open a second one, L2L answered ${number === undefined ? 'without a dispatch' : `with dispatch ${number}`}`,
    );
  return { kind: 'delivered', result: { foundOpen: number, nothing: `dispatch ${number} was open already` }, answer };
}

/** L2L answered the first call of an action with an id and no description. Nothing says that this is another dispatch. */
export function isOnlyId(call: OpenCall, dispatch: L2lRecord | undefined): boolean {
  const hasDescription = textField(dispatch, 'description') !== undefined;
  return numberField(dispatch, 'id') !== undefined && !hasDescription && !oldest(call.actions).guarded;
}

export function lookUnread(call: OpenCall): Look {
  if (call.reason === 'undecided') return { kind: 'undecided', detail: call.detail ?? UNSEEN };
  if (isAdd(call.request)) return { kind: 'undecided', detail: UNSEEN };
  return {
    kind: 'absent',
    detail: 'L2L is not read (l2l.reads: never): sent again, and L2L is asked not to open a second one',
  };
}

export function isPrevented({ request }: OpenCall): boolean {
  return new URLSearchParams(request.body).has('prevent_duplicates');
}

function inDoubt(what: string): Outcome {
  return { kind: 'unknown', reason: 'undecided', detail: `${what}; ${UNSEEN}` };
}
