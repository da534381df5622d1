import { isBlocked } from './call-check.ts';
import type { Entry } from './ledger.ts';
import type { Span } from './plan.ts';
import { isHeldUp, openOf, type StoredRow } from './stored-actions.ts';
import { text } from './totals.ts';
import type { Judged } from './verdict.ts';
import { LEAVES_WITHIN } from './verdict-opens.ts';

/** After this time a count that was read does not decide any more whether an increment arrived (ms). */
const BASE_GOOD_FOR = 15 * 60_000;
/** The effects of a trouble last longer than the trouble by this much (ms): look-ups, pauses, waits. */
const AFTERMATH = 10 * 60_000;

/**
 * The reason when an action was parked because its times are not known any more. An action without times is never parked for this reason.
 */
const UNTIMED = 'made while the clock could not be trusted';
/** No dispatch is opened for a stop that is over and has no known end time. */
const END_UNTIMED = `its end was ${UNTIMED}`;
/** A call that stays in doubt is repeated three times. */
const MOST_SENT = 4;
const OFTEN_ENOUGH = `sent ${MOST_SENT} times so far`;
/** The action was refused, or too old, after it was in doubt. */
const MAY_BE_THERE = 'L2L may have taken it when it was sent before';
const HAS_TIMES = { open_dispatch: true, close_dispatch: true, record_details: true };

/** The requests that carried an action, by its key. */
export type Sent = ReadonlyMap<string, readonly Entry[]>;

export function sentBy(posts: readonly Entry[]): Sent {
  const sent = new Map<string, Entry[]>();
  for (const post of posts) {
    for (const key of post.keys) sent.set(key, [...(sent.get(key) ?? []), post]);
  }
  return sent;
}

/** How often L2L carried an action out. */
export function timesApplied({ key }: Pick<StoredRow, 'key'>, sent: Sent): number {
  return (sent.get(key) ?? []).filter(({ appliedAt }) => appliedAt !== null).length;
}

/** The journal agrees with L2L about an action: L2L carried it out once when it was delivered, and never when it was not sent. */
export function actionProblems(action: StoredRow, actions: readonly StoredRow[], sent: Sent, judged: Judged): string[] {
  const { key, state, kind, detail } = action;
  const problems: string[] = [];
  const times = timesApplied(action, sent);
  const [least, most] = timesAllowed(action, sent, judged);
  if (times < least || times > most) {
    problems.push(`${key} is ${state} (${detail ?? 'for no reason'}), and L2L took it ${times} times`);
  }
  const isOver = state === 'delivered' || state === 'nothing' || state === 'shadow';
  const cause = state === 'waiting' ? (openOf(action, actions) ?? action) : action;
  if (!isOver && !isExcused(cause, actions, sent, judged) && !waitsForPerson(cause, actions, sent)) {
    problems.push(`${key} is ${state}: ${detail ?? 'for no reason'}`);
  }
  for (const { at } of kind === 'close_dispatch' ? [] : (sent.get(key) ?? [])) {
    const last = action.expires_at === null ? null : judged.clock.lastMoment(action.expires_at, action, at);
    if (last !== null && at - LEAVES_WITHIN > last) problems.push(`${key} left at ${text(at)}, when it was too old`);
  }
  return problems;
}

function timesAllowed(action: StoredRow, sent: Sent, judged: Judged): readonly [number, number] {
  const { kind, state, result } = action;
  const nothing = result?.includes('"nothing"') === true;
  const any = Number.POSITIVE_INFINITY;
  switch (state) {
    case 'delivered':
      // An absolute count may be sent any number of times.
      if (kind === 'set_cycles') return [1, any];
      // The first attempt ended the dispatch and the second one found that; or a person had ended the dispatch.
      if (kind === 'close_dispatch' && (nothing || judged.people.ended.has(dispatchOf(result)))) return [0, 1];
      if (nothing) return [0, 0];
      return [1, judged.onUnknown(action) === 'repeat' && isUndecidable(action, sent, judged) ? any : 1];
    case 'parked':
      return [0, judged.onUnknown(action) === 'repeat' && isUndecidable(action, sent, judged) ? any : 1];
    case 'dropped':
      return [0, 1];
    case 'dead':
      // An absolute count may be refused at its second attempt. A batch may have been taken before L2L refused its sets.
      if (kind === 'set_cycles') return [0, any];
      return kind === 'record_details' || kind === 'close_dispatch' ? [0, 1] : [0, 0];
    default:
      return [0, 0];
  }
}

/** An action that is not delivered in the end needs a cause in the seed. */
function isExcused(action: StoredRow, actions: readonly StoredRow[], sent: Sent, judged: Judged): boolean {
  const { state, detail, expires_at, settled_at, made, kind, result } = action;
  const isTooOld = detail?.startsWith('too old') === true;
  // The action was to be sent again, and nobody knows whether L2L has it.
  const isInDoubt = judged.onUnknown(action) === 'repeat' && isUndecidable(action, sent, judged);
  if (isTooOld && (state === 'dead' || (state === 'parked' && isInDoubt))) {
    if (expires_at === null || settled_at === null || settled_at <= expires_at) return false;
    const expiry = trueExpiry(action);
    const span = { from: Math.min(made, expiry), to: Math.max(made, expiry) };
    // Its source was away during its delay, so it was already too old when it could be made.
    const isMadeLate = made > expiry && hasTrouble(judged.unheard, span);
    return isMadeLate || hasTrouble(judged.troubles, span) || wasBlocked(action, sent);
  }
  if (state === 'parked' && detail?.startsWith(UNTIMED)) return judged.clock.isUntimed(action) && kind in HAS_TIMES;
  if (state === 'parked' && detail?.startsWith(END_UNTIMED)) {
    const close = actions.find(({ key }) => key === action.key.replace(/:open$/, ':close'));
    return close?.state === 'parked' && judged.clock.isUntimed(close) && timesApplied(action, sent) === 0;
  }
  // The gateway ended five times while the action was on its way.
  if (state === 'parked' && kind === 'open_dispatch')
    return (sent.get(action.key) ?? []).filter(({ heardAt }) => heardAt === null).length >= 5;
  const words = detail ?? '';
  if (state === 'parked' || state === 'dropped') {
    const wanted = state === 'parked' ? 'park' : 'drop';
    if (judged.onUnknown(action) === wanted && isUndecidable(action, sent, judged)) return true;
    if (state === 'parked' && isInDoubt && words.endsWith(OFTEN_ENOUGH)) return doubtful(action, sent) >= MOST_SENT;
    if (state === 'dropped' || !words.endsWith(MAY_BE_THERE) || (kind === 'increment_cycles' && !isInDoubt))
      return false;
  }
  if (judged.refusals.some(refusal => words.includes(refusal))) return true;
  const named = /ispatch(?: id)? (\d+)/.exec(words)?.[1];
  const id = named === undefined ? dispatchOf(result) : Number(named);
  return kind === 'close_dispatch' && judged.people.ended.get(id)?.how === 'delete';
}

/** L2L refused it to the end because of another dispatch of the machine, and a person has to end that one. */
function waitsForPerson(action: StoredRow, actions: readonly StoredRow[], sent: Sent): boolean {
  return isHeldUp(action, actions) && isBlocked(sent.get(action.key)?.at(-1)?.refusal ?? null);
}

/** An action expires by the clock of the life that ends it. */
function trueExpiry({ expires_at, settled_at, settled }: StoredRow): number {
  if (expires_at === null) return Number.POSITIVE_INFINITY;
  return expires_at - ((settled_at ?? 0) - (settled ?? 0));
}

function dispatchOf(result: string | null): number {
  return Number(result?.match(/"dispatchId":(\d+)/)?.[1]);
}

/**
 * The answer to an increment was lost, or a crash came just before its request, and a person corrected the count meanwhile. Nobody can say
 * whether it arrived.
 */
function isUndecidable(action: StoredRow, sent: Sent, { people }: Judged): boolean {
  const posts = sent.get(action.key) ?? [];
  if (action.kind !== 'increment_cycles') return false;
  // The gateway ended between the mark and the request. It cannot know that the request never left.
  const neverLeft = action.attempts > posts.length;
  if (doubtful(action, sent) === 0 && !neverLeft) return false;
  const since = (posts[0]?.at ?? action.made) - BASE_GOOD_FOR;
  const machine = action.lane.replace('cycles:', '');
  const until = action.settled ?? Number.POSITIVE_INFINITY;
  return people.corrected.some(one => one.machine === machine && one.at > since && one.at < until);
}

/** How often L2L may have carried it out without an answer that the gateway received. */
function doubtful({ key }: StoredRow, sent: Sent): number {
  return (sent.get(key) ?? []).filter(({ isDoubtful, heardAt }) => isDoubtful || heardAt === null).length;
}

function wasBlocked({ key }: StoredRow, sent: Sent): boolean {
  return (sent.get(key) ?? []).some(({ refusal }) => isBlocked(refusal));
}

function hasTrouble(troubles: readonly Span[], { from, to }: Span): boolean {
  return troubles.some(trouble => trouble.from < to && trouble.to + AFTERMATH > from);
}
