import type { Entry, OpenDispatch } from './ledger.ts';
import { inL2l, type Told } from './told.ts';
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

/** What an open came to is what L2L showed when it was made: opened once, found, or not to be told any more. */
export function openProblems(episode: Told, { ledger }: Judged): string[] {
  const { open, result, posts } = episode;
  const problems: string[] = [];
  const { maxAge } = episode.rule;
  const expiresAt = maxAge === null ? null : open.params.reported + maxAge;
  if (open.expires_at !== expiresAt) problems.push(`is too old after ${text(open.expires_at)}, not ${text(expiresAt)}`);
  const made = posts.filter(({ dispatch }) => dispatch !== null);
  if (made.length > 1) problems.push(`was opened ${made.length} times`);
  const isOwn = open.state === 'delivered' && result?.nothing === undefined;
  if (isOwn && made[0]?.dispatch !== result?.dispatchId) {
    problems.push(`says dispatch ${result?.dispatchId}, L2L made ${made[0]?.dispatch ?? 'none'}`);
  }
  if (!isOwn && made.length > 0) problems.push(`is ${open.state}, and dispatch ${made[0]?.dispatch} was opened for it`);
  if (open.state === 'delivered' && !isOwn) problems.push(...foundProblems(episode, ledger.looks));
  if (open.state === 'nothing' && !(isMissed(episode, open.settled_at ?? 0) && episode.rule.ifMissed === 'nothing')) {
    problems.push('was not told, and it was not over');
  }
  for (const post of posts) problems.push(...leftProblems(episode, post, ledger.looks));
  problems.push(...guardProblems(episode));
  return problems.map(problem => `${open.key} of ${text(open.params.reported)} ${problem}`);
}

/** The dispatch that stands for it was open when the gateway looked, and is the one that its rule takes. */
function foundProblems({ open, close, rule, result, isTogether }: Told, looks: readonly Entry[]): string[] {
  const look = lastLook(looks, rule.machine, open.settled_at ?? 0);
  const seen = standing(look, rule.type, isTogether ? close : knownBy(close, look?.heardAt ?? 0));
  const found = seen.find(({ id }) => id === result?.dispatchId);
  if (rule.ifFoundOpen === 'open') return ['found a dispatch, and its rule opens one beside it'];
  if (!found) return [`found dispatch ${result?.dispatchId}, which was not open`];
  const kind = result?.adopted ? 'adopt' : result?.foundOpen === undefined ? 'ours' : 'leave';
  if (kind !== (found.isOurs ? 'ours' : rule.ifFoundOpen)) return [`took dispatch ${found.id} as ${kind}`];
  const ours = seen.filter(({ isOurs }) => isOurs);
  const [best] = (ours.length > 0 ? ours : seen).toSorted(newestFirst);
  return best?.id === found.id ? [] : [`took dispatch ${found.id}, and ${best?.id} was open too`];
}

/** No open leaves while what the gateway saw stands for it, or when it is over and its rule tells it otherwise. */
function leftProblems(episode: Told, post: Entry, looks: readonly Entry[]): string[] {
  const { rule, close } = episode;
  const isAdd = post.path.endsWith('dispatches/add/');
  const problems: string[] = [];
  const before = post.at - LEAVES_WITHIN;
  const mayBeTold = isAdd ? rule.ifMissed === 'add' : !tellsOtherwise(episode) || isGuarded(post);
  if (isAdd && !isMissed(episode, post.at)) problems.push('was told as over while it went on');
  if (!mayBeTold && isMissed(episode, before)) problems.push(`left at ${text(post.at)}, long after it was over`);
  if (rule.ifFoundOpen === 'open') return problems;
  const look = lastLook(looks, rule.machine, post.at);
  const beside = standing(look, rule.type, isAdd ? close : knownBy(close, post.at));
  if (!look || (look.heardAt ?? 0) < post.at - LOOK_GOOD_FOR) problems.push(`left at ${text(post.at)} without a look`);
  else if (beside.length > 0) problems.push(`left at ${text(post.at)} although ${beside[0]?.id} was open`);
  return problems;
}

/** A repeat after doubt asks L2L to refuse a second one, a first attempt does not. */
function guardProblems({ open, posts }: Told): string[] {
  const problems: string[] = [];
  posts.forEach((post, at) => {
    const earlier = posts.slice(0, at).filter(({ path }) => path.endsWith('dispatches/open/'));
    const doubted = earlier.some(({ isDoubtful, heardAt }) => isDoubtful || heardAt === null);
    const refused = earlier.some(one => isGuarded(one) && !one.isDoubtful && one.heardAt !== null);
    const isNew = earlier.length === 0 && post.at - open.created_at < 1000;
    if (isGuarded(post) && !doubted && isNew) problems.push('was guarded at its first attempt');
    if (!isGuarded(post) && doubted && !refused) problems.push('was repeated without a guard');
  });
  return problems;
}

function isGuarded({ body }: Entry): boolean {
  return body.includes('prevent_duplicates=true');
}

/** Its end was in the journal by then. */
function isMissed({ close }: Told, at: number): boolean {
  return knownBy(close, at) !== null;
}

function knownBy(close: Told['close'], at: number): Told['close'] {
  return close !== null && close.created_at <= at ? close : null;
}

/** Once it is over it is not opened any more, but told as finished or not at all. */
function tellsOtherwise({ rule, close }: Told): boolean {
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

/** What a look showed of a type; beside an episode that is over already only what began before its last second. */
function standing(look: Entry | undefined, type: string, close: Told['close']): readonly OpenDispatch[] {
  const until = Math.floor((close?.params.completed ?? Number.POSITIVE_INFINITY) / 1000);
  return (look?.open ?? []).filter(one => one.type === type && Math.floor(earliest(one.reported) / 1000) < until);
}

/** The first instant that L2L's local time of this one can mean. */
function earliest(at: number): number {
  return inL2l(at - HOUR) === inL2l(at) ? at - HOUR : at;
}

function newestFirst(a: OpenDispatch, b: OpenDispatch): number {
  return b.reported - a.reported || b.id - a.id;
}
