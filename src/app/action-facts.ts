import type { Action, ActionParams } from '../core/action.ts';

type OpenAction = Extract<Action, { readonly kind: 'open_dispatch' }>;

/** What a line of the log says of an action: machine or line, reason, true times, rule. The log writes a Date in its own notation. Pure. */
export function actionFacts(action: Action): object {
  switch (action.kind) {
    case 'open_dispatch':
      return { ...openFacts(action), rule: action.rule, why: action.cause.text };
    case 'close_dispatch': {
      const { machine, type, completed } = action.params;
      return { machine, type, completed: new Date(completed), rule: action.rule, why: action.cause.text };
    }
    case 'increment_cycles':
      return { ...incrementFacts([action.params]), rule: action.rule };
    case 'set_cycles': {
      const { machine, movement, at } = action.params;
      return { machine, sinceFirstSight: movement, at: new Date(at), rule: action.rule };
    }
    case 'record_details':
      return { line: action.params.line, ...setFacts([action.params]), rule: action.rule };
  }
}

function openFacts({ params }: OpenAction): object {
  const { machine, type, trade, reason, description, reported } = params;
  return {
    machine,
    type,
    ...(trade !== undefined && { trade }),
    ...(reason !== undefined && { reason }),
    description,
    reported: new Date(reported),
  };
}

/** Cycles of one machine, added up. */
export function incrementFacts(params: readonly ActionParams['increment_cycles'][]): object {
  return {
    machine: params[0]?.machine,
    added: params.reduce((sum, { count }) => sum + count, 0),
    ...spanFacts(params),
  };
}

/** Sets of production, added up. */
export function setFacts(params: readonly ActionParams['record_details'][]): object {
  const products = params.map(
    ({ product, unknownProduct }) => product ?? (unknownProduct ? 'not known' : 'found by L2L'),
  );
  return {
    good: sum(params.map(({ actual }) => actual)),
    scrap: sum(params.map(({ scrap }) => scrap)),
    product: [...new Set(products)].join(', '),
    ...spanFacts(params.map(({ start, end }) => ({ from: start, to: end }))),
  };
}

function spanFacts(spans: readonly { readonly from: number; readonly to: number }[]): object {
  return {
    from: new Date(Math.min(...spans.map(({ from }) => from))),
    to: new Date(Math.max(...spans.map(({ to }) => to))),
  };
}

/** L2L takes two decimals; a sum of doubles has more. */
function sum(parts: readonly number[]): number {
  return Math.round(parts.reduce((all, part) => all + part, 0) * 100) / 100;
}
