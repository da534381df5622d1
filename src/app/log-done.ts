import type { Action } from '../actions/action.ts';
import { dispatchNumber, foundIn, WHOSE_WORDS } from '../actions/found-open.ts';
import { type AnyKind, kindOf } from '../actions/registry.ts';
import type { CallResult } from '../actions/result.ts';
import { trueTime } from '../actions/written-times.ts';
import type { ChainState } from '../core/delivery.ts';
import type { Done } from '../core/done.ts';
import type { Logger } from '../core/logger.ts';
import { actionFacts } from './log-actions.ts';

type Params = Parameters<AnyKind['words']['facts']>[0][number];
type Stored = Done['actions'][number];

/** The result of the open of an episode, and what its close of every dispatch closed. */
type ChainOf = (chain: string) => Pick<ChainState, 'result' | 'closed'>;

/** Logs one line at level info for each dispatch, each count and each batch, so that people can see normal operation. */
export function logDone(log: Logger, done: Done, chainOf: ChainOf): void {
  const [first] = done.actions;
  if (!first) return;
  switch (kindOf(first.kind).chain.role) {
    case 'opens':
      logOpened(log, first, done);
      break;
    case 'ends':
      logEnded(log, first, done, chainOf);
      break;
    default:
      logSent(log, first, done);
  }
}

function logOpened(log: Logger, open: Stored, { actions, result, detail }: Done): void {
  const { words } = kindOf(open.kind);
  const close = actions.find(({ kind }) => kindOf(kind).chain.role === 'ends');
  const ended = close && { completed: new Date(trueTime(close)) };
  const facts = { ...actionFacts(open), ...ended };
  const found = foundIn(result);
  const dispatch = result?.dispatchNumber;
  if (found) log.info({ dispatch: found.number, ...facts, whose: WHOSE_WORDS[found.whose] }, 'dispatch found open');
  else if (dispatch === undefined) log.info({ ...facts, because: result?.nothing ?? detail }, words.notDone);
  else log.info({ dispatch, ...facts }, `${words.done(open.params)}${close ? ' and closed' : ''}`);
}

function logEnded(log: Logger, close: Stored, done: Done, chainOf: ChainOf): void {
  const { kind, result, detail } = done;
  const { words } = kindOf(close.kind);
  const { result: opened = null, closed = [] } = close.chain === null ? {} : chainOf(close.chain);
  const dispatch = dispatchNumber(result) ?? dispatchNumber(opened);
  const isClosed = opened?.dispatchId !== undefined && closed.includes(opened.dispatchId);
  const facts = { ...(dispatch !== undefined && { dispatch }), ...actionFacts(close) };
  if (kind === 'nothing') {
    const left = isClosed ? 'no close is needed' : 'dispatch left open';
    log.info({ ...facts, because: detail }, dispatch === undefined ? words.notDone : left);
  } else if (result?.nothing !== undefined) {
    log.info({ ...facts, because: result.nothing }, 'no close is needed');
  } else log.info(facts, words.done(close.params));
}

/** An action without an episode: a count, or production. */
function logSent(log: Logger, first: Action, { actions, result, kind, detail }: Done): void {
  const { words } = kindOf(first.kind);
  const [one, ...others] = actions.map(({ params }): Params => params);
  const facts = { ...(one && words.facts([one, ...others])), ...resultFacts(result), rule: rulesOf(actions) };
  const because = kind === 'nothing' ? detail : result?.nothing;
  if (because !== undefined) log.info({ ...facts, because }, words.notDone);
  else log.info(facts, kind === 'accepted' ? (words.accepted ?? words.done(first.params)) : words.done(first.params));
}

function resultFacts(result: CallResult | null): object {
  return {
    ...(result?.cycleCount !== undefined && { countInL2l: result.cycleCount }),
    ...(result?.batchId !== undefined && { batch: result.batchId }),
    ...(result?.closed !== undefined && { closed: result.closed }),
    ...(result?.closedOfPeople?.length && { openedByPeople: result.closedOfPeople }),
  };
}

function rulesOf(actions: Done['actions']): string {
  return [...new Set(actions.map(({ rule }) => rule))].join(', ');
}
