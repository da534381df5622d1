import { kindOf } from '../../actions/registry.ts';
import { actionWords } from '../../actions/words.ts';
import type { HistoryEntry, Prospect } from '../../core/history.ts';

/** The change of one action. It applies only in this state. */
export type Move = {
  readonly id: number;
  readonly from: HistoryEntry['state'];
  readonly to: 'waiting' | 'dropped';
  /**
   * L2L may have the action. For a dispatch, L2L is asked to refuse a second one; for a record set, the gateway first looks whether L2L has
   * it.
   */
  readonly guarded?: boolean;
  /** The action is of an episode that is over, so it is sent as one finished dispatch. */
  readonly finished?: boolean;
};

/** The result of a person's decision about an action. Without moves nothing is done, and the words give the reason. */
export type Judged = Prospect & {
  readonly moves: readonly Move[];
  /** What is not known, in words; it stands before the question. */
  readonly doubt: string | null;
};

/** The facts about an action for the decision of a person. */
export type Case = {
  readonly target: HistoryEntry;
  /** The actions that are decided together with it, itself included: its episode, or the actions of its call. Oldest first. */
  readonly unit: readonly HistoryEntry[];
  /** Where this gateway sends; null: unknown. */
  readonly destination: string | null;
  /** set_cycles: a newer count of the same counter that L2L has or will get. record_details: a newer set for an overlapping time. */
  readonly newer: HistoryEntry | null;
  /** retry: the product of the record set; null: unchanged. */
  readonly product: string | null;
};

/**
 * `queue retry`. A dead or parked open is retried with its close. When its episode is over, both are sent as one finished dispatch. Two
 * calls would allow another action between them. Pure.
 */
export function judgeRetry({ target, unit, destination, newer, product }: Case): Judged {
  const open = unit.find(member => isOpen(member) && isStuck(member));
  const close = unit.find(isClose);
  const isOver = close !== undefined;
  /** A close waits for its open, or was dropped without an open. */
  const goesWithOpen = (member: HistoryEntry) =>
    open !== undefined && member.id === close?.id && (member.state === 'waiting' || member.state === 'nothing');
  if (!isStuck(target) && !goesWithOpen(target)) return notRetried(target);
  if (destination !== null && target.destination !== destination) {
    return refused(
      `it was made for ${target.destination}, but this gateway sends to ${destination}: drop it, or enter it in L2L by hand`,
    );
  }
  if (newer) return refused(newerWords(target, newer));
  const misnamed = productProblem(target, product);
  if (misnamed !== null) return refused(misnamed);

  const moves = unit
    .filter(member => isStuck(member) || (goesWithOpen(member) && member.state !== 'waiting'))
    .map((member): Move => {
      const move: Move = { id: member.id, from: member.state, to: 'waiting' };
      // L2L's reasons for a refusal may be long.
      if (kindOf(member.kind).decision.isGuardedWhenRetried)
        return whyNoProduct(member) === undefined ? { ...move, guarded: true } : move;
      if (member.id !== open?.id) return move;
      return { ...move, ...(mayBeThere(member) && { guarded: true }), ...(isOver && { finished: true }) };
    });
  const doubtful = unit.find(isInDoubt);
  return {
    kind: 'done',
    words: open
      ? openWords(open, isOver)
      : `it waits to be sent${whyNoProduct(target) === undefined ? ' again' : ''}: ${unitWords(product === null ? target : named(target, product), unit)}`,
    ask: doubtful ? RETRY_MEANS[isOpen(doubtful) ? 'open' : 'other'] : null,
    doubt: doubtful ? doubtWords(doubtful, unit) : null,
    moves,
  };
}

/** `queue drop`. A dropped open drops its close. Nothing is deleted. Pure. */
export function judgeDrop({ target, unit }: Case): Judged {
  const open = unit.find(member => isOpen(member) && (isStuck(member) || isAside(member)));
  const goes = (member: HistoryEntry) =>
    isStuck(member) || isAside(member) || (open !== undefined && member.state === 'waiting');
  if (!goes(target)) return notDropped(target);
  const dropped = unit.filter(goes);
  const question = dropQuestion(target, dropped, open);
  return {
    kind: 'done',
    words: `it is dropped, nothing is sent to L2L: ${unitWords(target, unit)}${dropTail(target, dropped, open)}`,
    ask: question?.ask ?? null,
    doubt: question?.doubt ?? null,
    moves: dropped.map(({ id, state }) => ({ id, from: state, to: 'dropped' })),
  };
}

/** The action is parked after a call. Without a call, only its times are unknown, and L2L has nothing to look for. */
function mayBeThere({ state, call }: HistoryEntry): boolean {
  return state === 'parked' && call !== null;
}

type Question = { readonly doubt: string; readonly ask: string };

/**
 * The question before a drop: nobody knows whether L2L has the action, L2L never gets it, or the drop covers more than the person named.
 * null: no question.
 */
function dropQuestion(
  target: HistoryEntry,
  dropped: readonly HistoryEntry[],
  open: HistoryEntry | undefined,
): Question | null {
  const doubtful = dropped.find(isDoubtful);
  const unnamed = dropped.find(({ state }) => state === 'parked');
  const doubts: string[] = [];
  const asks: string[] = [];
  if (open !== undefined && target.id !== open.id) {
    doubts.push(`its open ${open.id} is ${standingWords(open)}`);
    asks.push(`drop gives up both, the open ${open.id} and the close ${target.id}: L2L gets neither`);
  }
  if (doubtful) {
    doubts.push(doubtWords(doubtful, dropped));
    asks.push(DROP_MEANS[isOpen(doubtful) ? 'open' : 'other']);
  } else if (unnamed) {
    doubts.push(`${actionWords(unnamed)}: L2L does not have it (${unnamed.detail})`);
    asks.push('drop means: L2L does not need it');
  }
  return asks.length === 0 ? null : { doubt: doubts.join('; '), ask: asks.join('; ') };
}

/** The state of an action and its reason, as they are recorded with a decision about it. `open`: the open that a held close waits for. */
export function standingWords(entry: HistoryEntry, open?: HistoryEntry): string {
  if (entry.held) return `held: its open ${open ? `${open.id} was ${open.state}` : 'could not be sent'}`;
  const word = isAside(entry) ? 'blocked' : entry.state;
  return `${word}${entry.detail ? `: ${entry.detail}` : ''}`;
}

function isDoubtful(entry: HistoryEntry): boolean {
  return isInDoubt(entry) || (isOpen(entry) && entry.guarded);
}

/** Nobody knows whether L2L has the action, or its times are unknown. A set that waits only for its product was certainly not sent [C7]. */
function isInDoubt(entry: HistoryEntry): boolean {
  const why = whyNoProduct(entry);
  return entry.state === 'parked' && (why === undefined || entry.detail !== why);
}

/** Why the action can't be sent with this product (null: with its own product). */
function productProblem(target: HistoryEntry, product: string | null): string | null {
  const why = whyNoProduct(target);
  if (product === null) return why === undefined ? null : `its product is not known (${why}): ${NAME_IT}`;
  const isRefusedSet = kindOf(target.kind).decision.product !== undefined && target.state === 'dead';
  return why !== undefined || isRefusedSet ? null : NOT_NAMED;
}

/** Why the product is still unknown; undefined: it is known, or the action has no product. */
function whyNoProduct({ kind, params }: HistoryEntry): string | undefined {
  return kindOf(kind).decision.product?.unknown(params)?.why;
}

export function isOpen({ kind }: HistoryEntry): boolean {
  return kindOf(kind).chain.role === 'opens';
}

export function isClose({ kind }: HistoryEntry): boolean {
  return kindOf(kind).chain.role === 'ends';
}

function named(set: HistoryEntry, name: string): HistoryEntry {
  const { product } = kindOf(set.kind).decision;
  return product ? { ...set, params: product.named(set.params, name) as HistoryEntry['params'] } : set;
}

function isStuck({ state }: HistoryEntry): boolean {
  return state === 'dead' || state === 'parked';
}

/** The action waits outside the order of its lane, for example because a dispatch of another type blocks it [D6]. */
function isAside({ state, notBefore }: HistoryEntry): boolean {
  return state === 'waiting' && notBefore !== null;
}

/** Nothing is done, and the words give the reason. */
export function refused(words: string): Judged {
  return { kind: 'refused', words, ask: null, doubt: null, moves: [] };
}

function already(words: string): Judged {
  return { kind: 'already', words, ask: null, doubt: null, moves: [] };
}

function notRetried(target: HistoryEntry): Judged {
  if (target.state === 'waiting') return already('it is already waiting');
  if (target.state === 'in_call') return already(`it is already on its way, with call ${target.call?.id}`);
  const words = `${settledWords(target)}: there is nothing to retry`;
  return target.state === 'delivered' ? already(words) : refused(words);
}

function notDropped(target: HistoryEntry): Judged {
  switch (target.state) {
    case 'dropped':
      return already('it is already dropped');
    case 'waiting':
      return refused(
        'it only waits for its turn: only a dead letter, a parked action or a blocked action can be dropped',
      );
    case 'in_call':
      return refused(`it is on its way with call ${target.call?.id}, and an action in a call can't be dropped`);
    default:
      return refused(`${settledWords(target)}: there is nothing to drop`);
  }
}

function settledWords({ state, detail }: HistoryEntry): string {
  switch (state) {
    case 'delivered':
      return 'L2L has it';
    case 'dropped':
      return `it was dropped${detail ? ` (${detail})` : ''}`;
    case 'shadow':
      return 'it was made in shadow mode, and shadow mode sends nothing to L2L';
    default:
      return `there was nothing to send${detail ? ` (${detail})` : ''}`;
  }
}

function newerWords(target: HistoryEntry, newer: HistoryEntry): string {
  const where = newer.state === 'delivered' ? 'L2L has' : 'there waits';
  return kindOf(target.kind).decision.superseded === 'newer'
    ? `${where} a newer count of the same counter (${newer.id}), and this one would replace it. Drop this one`
    : `${where} another set for the same time on this line (${newer.id}: ${actionWords(newer)}). Drop this one, or correct L2L`;
}

function openWords(open: HistoryEntry, isOver: boolean): string {
  const looked = mayBeThere(open) || open.guarded ? '; the gateway first looks for it in L2L' : '';
  const { type, machine } = open.params as Extract<HistoryEntry['params'], { description: string }>;
  return isOver
    ? `its episode is over: one finished dispatch ${type} at ${machine} is sent to L2L with its true begin and end${looked}`
    : `its episode is still active: it waits to be opened, with its true begin${looked}`;
}

/** The decided actions in words. Merged increments are shown as one sum. */
function unitWords(target: HistoryEntry, unit: readonly HistoryEntry[]): string {
  const { sum } = kindOf(target.kind).decision;
  const [first, ...others] = unit.map(({ params }) => params as Params);
  if (!sum || !first) return actionWords(target);
  return actionWords({ kind: target.kind, params: sum([first, ...others]) as HistoryEntry['params'] });
}

type Params = Readonly<Record<string, unknown>>;

const NAME_IT =
  'name it with --product CODE, or add the missing row to the lookup and start the gateway again; drop it when it was booked by hand';
const NOT_NAMED = '--product is for a set of production that L2L refused, or whose product is not known';
const RETRY_MEANS = {
  open: 'retry looks for it in L2L, and opens it when it is not there',
  other: 'retry means: L2L does not have it; the gateway sends it',
} as const;
const DROP_MEANS = {
  open: 'drop means: L2L has it, or does not need it; if it is open there, a person has to close it',
  other: 'drop means: L2L has it, or does not need it',
} as const;

function doubtWords(doubtful: HistoryEntry, unit: readonly HistoryEntry[]): string {
  const { state, detail } = doubtful;
  const why = state === 'parked' ? (detail ?? 'no reason was kept') : 'an earlier call with it was not answered';
  return `${unitWords(doubtful, unit)}: nobody knows whether L2L has it (${why})`;
}

function dropTail(target: HistoryEntry, dropped: readonly HistoryEntry[], open: HistoryEntry | undefined): string {
  const stays = '; if it is open in L2L, it stays open until a person closes it';
  const other = target.id === open?.id ? 'close' : 'open';
  if (open) return `${dropped.length > 1 ? `, and its ${other} with it` : ''}${isDoubtful(open) ? stays : ''}`;
  return isClose(target) ? '; its dispatch stays open in L2L until a person closes it' : '';
}
