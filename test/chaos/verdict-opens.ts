import { isBlocked } from './call-check.ts';
import { type DeliveredEpisode, inL2l, isItsDispatch, stuckSince } from './delivered-episodes.ts';
import type { Entry, OpenDispatch } from './ledger.ts';
import { text } from './totals.ts';
import type { Judged } from './verdict.ts';

/**
 * The longest time from the last decision about an action to its request (ms): L2L is read, and the request waits for the budget, which L2L
 * may have paused.
 */
export const LEAVES_WITHIN = 200_000;

/**
 * The longest time from the last read of the open dispatches to an open (ms): half a minute of waiting for the budget, and a first attempt
 * that failed.
 */
const LOOK_GOOD_FOR = 70_000;
const HOUR = 3_600_000;

/** The facts with which an open is compared: the reads, the episodes of its machine, and the dispatches that a former journal left open. */
type Seen = {
  readonly looks: readonly Entry[];
  readonly delivered: readonly DeliveredEpisode[];
  readonly former: ReadonlySet<number>;
};

/**
 * The result of an open agrees with the state of L2L at that moment: opened once, found open, or not to be sent any more.
 * @param delivered the episodes of its machine
 */
export function openProblems(
  episode: DeliveredEpisode,
  delivered: readonly DeliveredEpisode[],
  { ledger, former, clock }: Judged,
): string[] {
  const { open, result, posts } = episode;
  const seen: Seen = { looks: ledger.looks, delivered, former };
  const problems: string[] = [];
  const { maxAge } = episode.rule;
  const expiresAt = maxAge === null ? null : open.params.reported + maxAge;
  // Its age counts by the gateway's clock. Its own times may be corrected, or come from another clock.
  const moved = (open.expires_at ?? 0) - (expiresAt ?? 0);
  if ((open.expires_at === null) !== (expiresAt === null) || Math.abs(moved) > clock.mostMoved(open))
    problems.push(`is too old after ${text(open.expires_at)}, not ${text(expiresAt)}`);
  const made = posts.filter(({ dispatch }) => dispatch !== null);
  if (made.length > 1) problems.push(`was opened ${made.length} times`);
  const isOwn = open.state === 'delivered' && result?.nothing === undefined;
  if (isOwn && made[0]?.dispatch !== result?.dispatchId) {
    problems.push(`says dispatch ${result?.dispatchId}, L2L made ${made[0]?.dispatch ?? 'none'}`);
  }
  if (!isOwn && made.length > 0 && open.state !== 'parked')
    problems.push(`is ${open.state}, and dispatch ${made[0]?.dispatch} was opened for it`);
  if (hasNoCall(episode)) problems.push(...noCallProblems(episode, seen));
  else if (open.state === 'delivered' && !isOwn) problems.push(...foundProblems(episode, seen));
  if (open.state === 'nothing' && !(isMissed(episode, open.settled ?? 0) && episode.rule.ifMissed === 'nothing')) {
    problems.push('was not sent, and it was not over');
  }
  for (const post of posts) problems.push(...leftProblems(episode, post, seen));
  problems.push(...guardProblems(episode, seen));
  return problems.map(problem => `${open.key} of ${text(open.params.reported)} ${problem}`);
}

/** The dispatch that it found was open when the gateway read L2L, and its rule takes such a dispatch. */
function foundProblems(episode: DeliveredEpisode, { looks, delivered, former }: Seen): string[] {
  const { open, close, rule, result, isTogether, posts } = episode;
  const look = lastLook(looks, rule.machine, open.settled ?? 0);
  // Where L2L opens only one dispatch of the type, the stop also joins one that waits for a person (docs/decisions/0009).
  const others = isBlocked(posts.at(-1)?.refusal ?? null) ? [] : delivered;
  const seen = countingFor(look, episode, isTogether ? close : knownBy(close, look?.heardAt ?? 0), others);
  const found = seen.find(({ id }) => id === result?.dispatchId);
  const isLeft = former.has(result?.dispatchId ?? Number.NaN) && isFirst(episode, delivered, open.settled ?? 0);
  if (rule.ifFoundOpen === 'open' && !isLeft) return ['found a dispatch, and its rule opens one beside it'];
  if (!found) return [`found dispatch ${result?.dispatchId}, which was not open`];
  const kind = result?.adopted ? 'adopt' : result?.foundOpen === undefined ? 'ours' : 'leave';
  if (kind !== (found.isOurs ? 'ours' : rule.ifFoundOpen)) return [`took dispatch ${found.id} as ${kind}`];
  const ours = seen.filter(({ isOurs }) => isOurs);
  const [best] = (ours.length > 0 ? ours : seen).toSorted(newestFirst);
  return best?.id === found.id ? [] : [`took dispatch ${found.id}, and ${best?.id} was open too`];
}

/**
 * No open leaves while the gateway sees a dispatch that counts for the episode, or when the episode is over and its rule sends it in
 * another way.
 */
function leftProblems(episode: DeliveredEpisode, post: Entry, { looks, delivered }: Seen): string[] {
  const { rule, close } = episode;
  const isAdd = post.path.endsWith('dispatches/add/');
  const problems: string[] = [];
  const before = post.at - LEAVES_WITHIN;
  const mayLeave = isAdd ? rule.ifMissed === 'add' : !isSentOtherwise(episode) || isGuarded(post);
  if (isAdd && !isMissed(episode, post.at)) problems.push('was sent as over while it went on');
  if (!mayLeave && isMissed(episode, before)) problems.push(`left at ${text(post.at)}, long after it was over`);
  const isBeside = rule.ifFoundOpen === 'open';
  if (isBeside && !isFirst(episode, delivered, post.at)) return problems;
  // A key that may not read dispatches opens without a look, and asks L2L to refuse a duplicate.
  const newest = looks.findLast(one => isHeard(one, rule.machine, post.at));
  if (newest?.isDenied && isGuarded(post)) return problems;
  const look = lastLook(looks, rule.machine, post.at);
  const beside = countingFor(look, episode, isAdd ? close : knownBy(close, post.at), delivered).filter(
    ({ isOurs }) => isOurs || !isBeside,
  );
  if (!look || (look.heardAt ?? 0) < post.at - LOOK_GOOD_FOR) problems.push(`left at ${text(post.at)} without a look`);
  else if (beside.length > 0) problems.push(`left at ${text(post.at)} although ${beside[0]?.id} was open`);
  return problems;
}

/** A repeat after an attempt in doubt asks L2L to refuse a duplicate. A first attempt does so only for a key that may not read dispatches. */
function guardProblems({ rule, open, posts }: DeliveredEpisode, { looks }: Seen): string[] {
  const problems: string[] = [];
  posts.forEach((post, at) => {
    const earlier = posts.slice(0, at).filter(({ path }) => path.endsWith('dispatches/open/'));
    const doubted = earlier.some(({ isDoubtful, heardAt }) => isDoubtful || heardAt === null);
    const refused = earlier.some(one => isGuarded(one) && !one.isDoubtful && one.heardAt !== null);
    const isNew = earlier.length === 0 && post.at - open.made < 1000;
    const isDenied = looks.some(one => one.isDenied && isHeard(one, rule.machine, post.at));
    if (isGuarded(post) && !doubted && isNew && !isDenied) problems.push('was guarded at its first attempt');
    if (!isGuarded(post) && doubted && !refused) problems.push('was repeated without a guard');
  });
  return problems;
}

function isGuarded({ body }: Entry): boolean {
  return body.includes('prevent_duplicates=true');
}

/** The journal had its end by then. */
function isMissed({ close }: DeliveredEpisode, at: number): boolean {
  return knownBy(close, at) !== null;
}

function knownBy(close: DeliveredEpisode['close'], at: number): DeliveredEpisode['close'] {
  return close !== null && close.made <= at ? close : null;
}

/** When it is over it is not opened any more, but sent as finished or not at all. */
function isSentOtherwise({ rule, close }: DeliveredEpisode): boolean {
  if (rule.ifMissed === 'nothing') return true;
  const how = close?.params.how;
  const isLeft = how === 'note' || how === 'leave' || (rule.ifFoundOpen === 'adopt' && rule.closeAdopted);
  return rule.ifMissed === 'add' && !isLeft;
}

/** By then the gateway knew what this look shows, or that its key may not look. */
function isHeard({ path, heardAt, isDoubtful, isDenied, open }: Entry, machine: string, until: number): boolean {
  const isAnswered = heardAt !== null && heardAt <= until && !isDoubtful && (isDenied || open !== null);
  return isAnswered && path.includes(`machinecode=${machine}`);
}

function lastLook(looks: readonly Entry[], machine: string, until: number): Entry | undefined {
  return looks.findLast(
    ({ path, heardAt, open, isDoubtful }) =>
      heardAt !== null && heardAt <= until && open !== null && !isDoubtful && path.includes(`machinecode=${machine}`),
  );
}

/**
 * The dispatches of a read that count for an episode. For an episode that is already over, only dispatches count that began before its last
 * second. A dispatch of another episode that waits for a person does not count.
 */
function countingFor(
  look: Entry | undefined,
  episode: DeliveredEpisode,
  close: DeliveredEpisode['close'],
  delivered: readonly DeliveredEpisode[],
): readonly OpenDispatch[] {
  const until = Math.floor((close?.params.completed ?? Number.POSITIVE_INFINITY) / 1000);
  const at = look?.heardAt ?? 0;
  const stuck = delivered.filter(other => other !== episode && (stuckSince(other) ?? Number.POSITIVE_INFINITY) <= at);
  return (look?.open ?? [])
    .filter(one => one.type === episode.rule.type && Math.floor(earliest(one.reported) / 1000) < until)
    .filter(({ id }) => !stuck.some(other => isItsDispatch(other, id)));
}

/**
 * No earlier episode sent anything about this machine and type to L2L, or asked for it: an open dispatch of the gateway belongs to no
 * episode.
 */
function isFirst(episode: DeliveredEpisode, delivered: readonly DeliveredEpisode[], at: number): boolean {
  return !delivered.some(
    other =>
      other !== episode &&
      other.rule.type === episode.rule.type &&
      (other.result !== null || (other.open.state === 'parked' && other.posts.length > 0)) &&
      (other.open.settled ?? Number.POSITIVE_INFINITY) < at,
  );
}

/** Its rule sends nothing for an episode that it missed. L2L was only asked which dispatches a former journal left open. */
export function hasNoCall({ open, result }: DeliveredEpisode): boolean {
  return open.state === 'delivered' && result?.dispatchId === undefined;
}

function noCallProblems(episode: DeliveredEpisode, { looks, delivered }: Seen): string[] {
  const { open, close, rule } = episode;
  const at = open.settled ?? 0;
  if (rule.ifMissed !== 'nothing' || !isMissed(episode, at)) return ['was not sent, and it was not over'];
  if (!isFirst(episode, delivered, at)) return ['was not sent, and L2L was asked about it'];
  const left = countingFor(lastLook(looks, rule.machine, at), episode, close, delivered).find(({ isOurs }) => isOurs);
  return left ? [`was not sent although ${left.id} was left open`] : [];
}

/** The first instant that this local time of L2L can mean. */
function earliest(at: number): number {
  return inL2l(at - HOUR) === inL2l(at) ? at - HOUR : at;
}

function newestFirst(a: OpenDispatch, b: OpenDispatch): number {
  return b.reported - a.reported || b.id - a.id;
}
