import { isBlocked } from './call-check.ts';
import { type DeliveredEpisode, inL2l, isItsDispatch, stuckSince } from './delivered-episodes.ts';
import type { Entry, OpenDispatch } from './ledger.ts';
import { text } from './totals.ts';
import type { Judged } from './verdict.ts';

/**
 * From the last look at whether and how something is told to its request (ms): L2L is read, and the budget, which may be told to
 * pause, is waited for.
 */
export const LEAVES_WITHIN = 200_000;

/** From the last look at what is open to an open (ms): a wait for the budget of half a minute, and a first try that came to nothing. */
const LOOK_GOOD_FOR = 70_000;
const HOUR = 3_600_000;

/** What an open is held against: the looks, the episodes of its machine, what a former journal left open. */
type Seen = {
  readonly looks: readonly Entry[];
  readonly told: readonly DeliveredEpisode[];
  readonly former: ReadonlySet<number>;
};

/** What an open came to is what L2L showed when it was made: opened once, found, or not to be told any more. */
/** @param told of its machine */
export function openProblems(
  episode: DeliveredEpisode,
  told: readonly DeliveredEpisode[],
  { ledger, former, clock }: Judged,
): string[] {
  const { open, result, posts } = episode;
  const seen: Seen = { looks: ledger.looks, told, former };
  const problems: string[] = [];
  const { maxAge } = episode.rule;
  const expiresAt = maxAge === null ? null : open.params.reported + maxAge;
  // Its age goes by the gateway's clock, and what it tells may be corrected or be by another one.
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
  if (isUntold(episode)) problems.push(...untoldProblems(episode, seen));
  else if (open.state === 'delivered' && !isOwn) problems.push(...foundProblems(episode, seen));
  if (open.state === 'nothing' && !(isMissed(episode, open.settled ?? 0) && episode.rule.ifMissed === 'nothing')) {
    problems.push('was not told, and it was not over');
  }
  for (const post of posts) problems.push(...leftProblems(episode, post, seen));
  problems.push(...guardProblems(episode));
  return problems.map(problem => `${open.key} of ${text(open.params.reported)} ${problem}`);
}

/** The dispatch that stands for it was open when the gateway looked, and is the one that its rule takes. */
function foundProblems(episode: DeliveredEpisode, { looks, told, former }: Seen): string[] {
  const { open, close, rule, result, isTogether, posts } = episode;
  const look = lastLook(looks, rule.machine, open.settled ?? 0);
  // Where L2L opens only one of the type, the stop joins also what waits for a person (docs/decisions/0009).
  const others = isBlocked(posts.at(-1)?.refusal ?? null) ? [] : told;
  const seen = standing(look, episode, isTogether ? close : knownBy(close, look?.heardAt ?? 0), others);
  const found = seen.find(({ id }) => id === result?.dispatchId);
  const isLeft = former.has(result?.dispatchId ?? Number.NaN) && isFirst(episode, told, open.settled ?? 0);
  if (rule.ifFoundOpen === 'open' && !isLeft) return ['found a dispatch, and its rule opens one beside it'];
  if (!found) return [`found dispatch ${result?.dispatchId}, which was not open`];
  const kind = result?.adopted ? 'adopt' : result?.foundOpen === undefined ? 'ours' : 'leave';
  if (kind !== (found.isOurs ? 'ours' : rule.ifFoundOpen)) return [`took dispatch ${found.id} as ${kind}`];
  const ours = seen.filter(({ isOurs }) => isOurs);
  const [best] = (ours.length > 0 ? ours : seen).toSorted(newestFirst);
  return best?.id === found.id ? [] : [`took dispatch ${found.id}, and ${best?.id} was open too`];
}

/** No open leaves while what the gateway saw stands for it, or when it is over and its rule tells it otherwise. */
function leftProblems(episode: DeliveredEpisode, post: Entry, { looks, told }: Seen): string[] {
  const { rule, close } = episode;
  const isAdd = post.path.endsWith('dispatches/add/');
  const problems: string[] = [];
  const before = post.at - LEAVES_WITHIN;
  const mayBeTold = isAdd ? rule.ifMissed === 'add' : !tellsOtherwise(episode) || isGuarded(post);
  if (isAdd && !isMissed(episode, post.at)) problems.push('was told as over while it went on');
  if (!mayBeTold && isMissed(episode, before)) problems.push(`left at ${text(post.at)}, long after it was over`);
  const isBeside = rule.ifFoundOpen === 'open';
  if (isBeside && !isFirst(episode, told, post.at)) return problems;
  const look = lastLook(looks, rule.machine, post.at);
  const beside = standing(look, episode, isAdd ? close : knownBy(close, post.at), told).filter(
    ({ isOurs }) => isOurs || !isBeside,
  );
  if (!look || (look.heardAt ?? 0) < post.at - LOOK_GOOD_FOR) problems.push(`left at ${text(post.at)} without a look`);
  else if (beside.length > 0) problems.push(`left at ${text(post.at)} although ${beside[0]?.id} was open`);
  return problems;
}

/** A repeat after doubt asks L2L to refuse a second one, a first attempt does not. */
function guardProblems({ open, posts }: DeliveredEpisode): string[] {
  const problems: string[] = [];
  posts.forEach((post, at) => {
    const earlier = posts.slice(0, at).filter(({ path }) => path.endsWith('dispatches/open/'));
    const doubted = earlier.some(({ isDoubtful, heardAt }) => isDoubtful || heardAt === null);
    const refused = earlier.some(one => isGuarded(one) && !one.isDoubtful && one.heardAt !== null);
    const isNew = earlier.length === 0 && post.at - open.made < 1000;
    if (isGuarded(post) && !doubted && isNew) problems.push('was guarded at its first attempt');
    if (!isGuarded(post) && doubted && !refused) problems.push('was repeated without a guard');
  });
  return problems;
}

function isGuarded({ body }: Entry): boolean {
  return body.includes('prevent_duplicates=true');
}

/** Its end was in the journal by then. */
function isMissed({ close }: DeliveredEpisode, at: number): boolean {
  return knownBy(close, at) !== null;
}

function knownBy(close: DeliveredEpisode['close'], at: number): DeliveredEpisode['close'] {
  return close !== null && close.made <= at ? close : null;
}

/** Once it is over it is not opened any more, but told as finished or not at all. */
function tellsOtherwise({ rule, close }: DeliveredEpisode): boolean {
  if (rule.ifMissed === 'nothing') return true;
  const how = close?.params.how;
  const isLeft = how === 'note' || how === 'leave' || (rule.ifFoundOpen === 'adopt' && rule.closeAdopted);
  return rule.ifMissed === 'add' && !isLeft;
}

function lastLook(looks: readonly Entry[], machine: string, until: number): Entry | undefined {
  return looks.findLast(
    ({ path, heardAt, open, isDoubtful }) =>
      heardAt !== null && heardAt <= until && open !== null && !isDoubtful && path.includes(`machinecode=${machine}`),
  );
}

/**
 * What a look showed of a type and can stand for an episode: beside one that is over already only what began before its last second,
 * and nothing of another one that waits for a person.
 */
function standing(
  look: Entry | undefined,
  episode: DeliveredEpisode,
  close: DeliveredEpisode['close'],
  told: readonly DeliveredEpisode[],
): readonly OpenDispatch[] {
  const until = Math.floor((close?.params.completed ?? Number.POSITIVE_INFINITY) / 1000);
  const at = look?.heardAt ?? 0;
  const stuck = told.filter(other => other !== episode && (stuckSince(other) ?? Number.POSITIVE_INFINITY) <= at);
  return (look?.open ?? [])
    .filter(one => one.type === episode.rule.type && Math.floor(earliest(one.reported) / 1000) < until)
    .filter(({ id }) => !stuck.some(other => isItsDispatch(other, id)));
}

/** L2L was told or asked about no dispatch of the machine and type before: what of the gateway's is open is of no episode. */
function isFirst(episode: DeliveredEpisode, told: readonly DeliveredEpisode[], at: number): boolean {
  return !told.some(
    other =>
      other !== episode &&
      other.rule.type === episode.rule.type &&
      (other.result !== null || (other.open.state === 'parked' && other.posts.length > 0)) &&
      (other.open.settled ?? Number.POSITIVE_INFINITY) < at,
  );
}

/** Its rule tells nothing of an episode that it missed: L2L was only asked what a former journal left open. */
export function isUntold({ open, result }: DeliveredEpisode): boolean {
  return open.state === 'delivered' && result?.dispatchId === undefined;
}

function untoldProblems(episode: DeliveredEpisode, { looks, told }: Seen): string[] {
  const { open, close, rule } = episode;
  const at = open.settled ?? 0;
  if (rule.ifMissed !== 'nothing' || !isMissed(episode, at)) return ['was not told, and it was not over'];
  if (!isFirst(episode, told, at)) return ['was not told, and L2L was asked about it'];
  const left = standing(lastLook(looks, rule.machine, at), episode, close, told).find(({ isOurs }) => isOurs);
  return left ? [`was not told although ${left.id} was left open`] : [];
}

/** The first instant that L2L's local time of this one can mean. */
function earliest(at: number): number {
  return inL2l(at - HOUR) === inL2l(at) ? at - HOUR : at;
}

function newestFirst(a: OpenDispatch, b: OpenDispatch): number {
  return b.reported - a.reported || b.id - a.id;
}
