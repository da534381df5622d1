import type { CallResult } from '../../actions/result.ts';
import { externalIdOf, isMarked, type Marked, markOf } from '../dispatch-mark.ts';
import type { DispatchRecord, Listing } from '../dispatches.ts';
import { isOneOf } from '../matching-dispatch.ts';
import { type ActionContext, type ActionOf, type CallOf, oldest } from './action.ts';
import { isAdd } from './dispatch-request.ts';

export type Open = ActionOf<'open_dispatch'>;
export type OpenCall = CallOf<'open_dispatch'>;

export function marked({
  key,
  params,
}: Pick<Open, 'key'> & { readonly params: Pick<Open['params'], 'reported'> }): Marked {
  return { key, at: params.reported };
}

/** The mark in the description of the dispatch that this action opens. */
export function ownMark(action: Open): string {
  return markOf(marked(action));
}

/** What the call says of its dispatch. */
export function sentFields({ actions, request }: OpenCall): Readonly<Record<string, string | undefined>> {
  const fields = Object.fromEntries(new URLSearchParams(request.body));
  return { ...fields, tradecode: oldest(actions).params.trade };
}

/** The dispatch that this call opened: the one with its mark, else the one with the fields that a technician can't change. */
export function openedBy(
  call: OpenCall,
  dispatches: readonly DispatchRecord[],
  context: ActionContext,
): CallResult | null {
  const action = oldest(call.actions);
  const mark = ownMark(action);
  const externalId = externalIdOf(marked(action));
  const own =
    dispatches.find(one => one.description.includes(mark) || one.externalId === externalId) ??
    withoutMark(call, dispatches).find(one => isOneOf(usersOf(context), one.createdBy));
  return own ? { dispatchId: own.id, dispatchNumber: own.number, reported: action.params.reported } : null;
}

/** Logins that L2L names as the creators of the gateway's dispatches. */
export function usersOf({ user, memory }: ActionContext): readonly string[] {
  const { creator } = memory().facts();
  return creator === undefined ? [user] : [user, creator];
}

/** L2L may name the user of the key as the creator, and not the user that the call gives. */
export function learnCreator({ user, memory }: ActionContext, creator: string | undefined): void {
  if (creator === undefined || creator === user || creator === memory().facts().creator) return;
  memory().learn({ creator }, `L2L names ${creator} as the creator of the gateway's dispatches, and not ${user}`);
}

/** Why it is not certain that this call opened none of these dispatches; null: it is certain. */
export function doubtAbout(call: OpenCall, { dispatches, isComplete }: Listing): string | null {
  const action = oldest(call.actions);
  const { machine, type } = action.params;
  const without = `without its text ${ownMark(action)}`;
  const numbers = withoutMark(call, dispatches)
    .filter(({ createdBy }) => createdBy === undefined)
    .map(({ number }) => number);
  if (numbers.length > 0) {
    const which = numbers.length === 1 ? `dispatch ${numbers}` : `one of dispatches ${numbers.join(', ')}`;
    return `${which} of ${machine} may be it: same type and time, by nobody knows whom, ${without}`;
  }
  return isComplete ? null : `${machine} has too many newer ${type} dispatches to find it, all ${without}`;
}

/** Dispatches of the type and time of this call whose description has no mark: a technician may have rewritten it. */
function withoutMark({ actions, request }: OpenCall, dispatches: readonly DispatchRecord[]): readonly DispatchRecord[] {
  const { type, reported } = oldest(actions).params;
  if (isAdd(request)) return [];
  return dispatches.filter(
    one => one.type === type && !isMarked(one.description) && one.reported.some(at => isSameSecond(at, reported)),
  );
}

function isSameSecond(a: number, b: number): boolean {
  return Math.floor(a / 1000) === Math.floor(b / 1000);
}
