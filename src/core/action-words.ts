import type { Action, ActionKind } from './action.ts';

/** What telling L2L a kind of action is called. */
export const KIND_WORDS: Readonly<Record<ActionKind, string>> = {
  open_dispatch: 'open dispatch',
  close_dispatch: 'close dispatch',
  increment_cycles: 'add cycles',
  set_cycles: 'set cycles',
  record_details: 'record production',
};

/** An action as a person would say it: `open dispatch DOWN at PRESS-01`. Pure. */
export function actionWords(action: Pick<Action, 'kind' | 'params'>): string {
  const { kind, params } = action as Action;
  const verb = KIND_WORDS[kind];
  switch (kind) {
    case 'open_dispatch':
    case 'close_dispatch':
      return `${verb} ${params.type} at ${params.machine}`;
    case 'increment_cycles':
      return `add ${params.count} ${params.count === 1 ? 'cycle' : 'cycles'} to ${params.machine}`;
    case 'set_cycles':
      return `set cycles of ${params.machine} to ${params.movement} above its count at first sight`;
    case 'record_details': {
      const { actual, scrap, product, unknownProduct, line } = params;
      const of = product ?? (unknownProduct ? 'a product that is not known' : 'the product L2L finds');
      return `record ${actual} good, ${scrap} scrap of ${of} on ${line}`;
    }
  }
}
