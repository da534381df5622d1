import type { Action, CloseDispatchParams } from '../core/action.ts';
import type { CallResult } from '../core/delivery.ts';
import type { Done } from '../core/done.ts';
import { dispatchNumber, foundOpen, WHOSE_WORDS } from '../core/found-open.ts';
import type { Logger } from '../core/logger.ts';
import { actionFacts, incrementFacts, setFacts } from './action-facts.ts';

type OfKind<Kind extends Action['kind']> = Extract<Done['actions'][number], { readonly kind: Kind }>;

/** What the open of an episode came to. */
export type ResultOf = (chain: string) => CallResult | null;

/** One line at level info for each dispatch, each count and each batch: normal operation can be seen. */
export function logDone(log: Logger, done: Done, resultOf: ResultOf): void {
  const [first] = done.actions;
  switch (first?.kind) {
    case 'open_dispatch':
      logOpened(log, first, done);
      break;
    case 'close_dispatch':
      logClosed(log, first, done, resultOf);
      break;
    case 'increment_cycles':
    case 'set_cycles':
      logCounted(log, done);
      break;
    case 'record_details':
      logRecorded(log, done);
      break;
  }
}

function logOpened(log: Logger, open: OfKind<'open_dispatch'>, { actions, result, detail }: Done): void {
  const facts = actionFacts(open);
  const close = actions.find(isOf('close_dispatch'));
  const completed = close && { completed: new Date(close.params.completed) };
  const found = foundOpen('open_dispatch', result);
  const dispatch = result?.dispatchNumber;
  if (found) {
    const { number, whose } = found;
    log.info({ dispatch: number, ...facts, ...completed, whose: WHOSE_WORDS[whose] }, 'dispatch found open');
  } else if (dispatch === undefined) {
    log.info({ ...facts, ...completed, because: result?.nothing ?? detail }, 'no dispatch opened');
  } else {
    log.info({ dispatch, ...facts, ...completed }, close ? 'dispatch opened and closed' : 'dispatch opened');
  }
}

const ENDED: Readonly<Record<CloseDispatchParams['how'], string>> = {
  close: 'dispatch closed',
  complete: 'dispatch completed',
  note: 'note written on dispatch',
  leave: 'dispatch left open',
};

function logClosed(log: Logger, close: OfKind<'close_dispatch'>, done: Done, resultOf: ResultOf): void {
  const { kind, result, detail } = done;
  const dispatch = dispatchNumber(result) ?? (close.chain === null ? undefined : dispatchNumber(resultOf(close.chain)));
  const facts = { ...(dispatch !== undefined && { dispatch }), ...actionFacts(close) };
  if (kind === 'nothing') {
    log.info({ ...facts, because: detail }, dispatch === undefined ? 'no dispatch closed' : 'dispatch left open');
  } else if (result?.nothing !== undefined) {
    log.info({ ...facts, because: result.nothing }, 'dispatch needs no close any more');
  } else log.info(facts, ENDED[close.params.how]);
}

function logCounted(log: Logger, { actions, result, kind, detail }: Done): void {
  const [first] = actions;
  const increments = actions.filter(isOf('increment_cycles'));
  const facts =
    increments.length > 0 ? incrementFacts(increments.map(({ params }) => params)) : first && actionFacts(first);
  const rule = rulesOf(actions);
  if (kind === 'nothing') log.info({ ...facts, rule, because: detail }, 'no cycle count sent');
  else log.info({ ...facts, ...countFacts(result), rule }, 'cycle count sent');
}

function countFacts(result: CallResult | null): object {
  return result?.cycleCount === undefined ? {} : { countInL2l: result.cycleCount };
}

function logRecorded(log: Logger, { actions, result, kind, detail }: Done): void {
  const sets = actions.filter(isOf('record_details'));
  const line = [...new Set(sets.map(({ params }) => params.line))].join(', ');
  const batch = result?.batchId !== undefined && { batch: result.batchId };
  const facts = { line, sets: sets.length, ...setFacts(sets.map(({ params }) => params)), ...batch };
  const rule = rulesOf(actions);
  if (kind === 'nothing') log.info({ ...facts, rule, because: detail }, 'no production sent');
  else log.info({ ...facts, rule }, kind === 'accepted' ? 'production accepted' : 'production recorded');
}

function isOf<Kind extends Action['kind']>(kind: Kind) {
  return (action: Done['actions'][number]): action is OfKind<Kind> => action.kind === kind;
}

function rulesOf(actions: Done['actions']): string {
  return [...new Set(actions.map(({ rule }) => rule))].join(', ');
}
