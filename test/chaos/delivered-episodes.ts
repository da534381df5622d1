import type { CloseDispatchParams, OpenDispatchParams } from '../../src/actions/action.ts';
import type { CallResult } from '../../src/actions/result.ts';
import { siteTime } from '../../src/simulation/sandbox/site-time.ts';
import { ZONE } from './config.ts';
import type { Entry } from './ledger.ts';
import type { DispatchRule } from './rules.ts';
import type { StoredRow } from './stored-actions.ts';
import type { MachineStory } from './story.ts';

/** An episode as the gateway's journal has it: its open, its close, and the requests for both. */
export type DeliveredEpisode = {
  readonly rule: DispatchRule;
  readonly open: Omit<StoredRow, 'params'> & { readonly params: OpenDispatchParams };
  readonly close: (Omit<StoredRow, 'params'> & { readonly params: CloseDispatchParams }) | null;
  /** The result of the open. */
  readonly result: CallResult | null;
  /** The requests for its open, in the order in which they left. */
  readonly posts: readonly Entry[];
  /** The gateway ended the episode because a person ended its dispatch. */
  readonly isEarly: boolean;
  /** Its close waits for a person, and L2L never carried the close out. */
  readonly isNotClosed: boolean;
  /** The episode was over before it could be sent, and one call carried its open and its close. */
  readonly isTogether: boolean;
};

/** All episodes of a machine's rules, oldest first. */
export function deliveredEpisodes(
  { spec }: MachineStory,
  actions: readonly StoredRow[],
  posts: readonly Entry[],
): DeliveredEpisode[] {
  const byKey = new Map(actions.map(action => [action.key, action]));
  return spec.dispatches.flatMap(rule =>
    actions
      .filter(({ kind, rule: name }) => kind === 'open_dispatch' && name === rule.name)
      .map(open => {
        const close = byKey.get(open.key.replace(/:open$/, ':close'));
        return {
          rule,
          open: { ...open, params: JSON.parse(open.params) as OpenDispatchParams },
          close: close ? { ...close, params: JSON.parse(close.params) as CloseDispatchParams } : null,
          result: open.result === null ? null : (JSON.parse(open.result) as CallResult),
          posts: posts.filter(({ keys }) => keys.includes(open.key)),
          isNotClosed:
            close !== undefined &&
            isStuck(close.state) &&
            !posts.some(({ keys, appliedAt }) => appliedAt !== null && keys.includes(close.key)),
          isTogether: open.result !== null && close?.result === open.result && close.settled === open.settled,
          isEarly: close?.cause.includes('a person closed the dispatch') === true,
        };
      }),
  );
}

/**
 * From when on its dispatch waits for a person (ms since 1970), because nobody knows whether its open took effect, or because L2L refused
 * its close. null: it never waits.
 */
export function stuckSince({ open, close }: DeliveredEpisode): number | null {
  if (close?.params.how !== 'close' && close?.params.how !== 'complete') return null;
  if (isStuck(open.state)) return Math.max(open.settled ?? 0, close.made);
  return isStuck(close.state) ? close.settled : null;
}

export function isStuck(state: string): boolean {
  return state === 'dead' || state === 'parked';
}

/** Whether the gateway opened this dispatch for the episode, or took it over from another episode. */
export function isItsDispatch({ posts, result }: DeliveredEpisode, id: number): boolean {
  if (posts.some(({ dispatch }) => dispatch === id)) return true;
  return result?.dispatchId === id && result.foundOpen === undefined && result.adopted !== true;
}

/** An instant as L2L has it: local time in whole seconds without an offset. So one hour in autumn has two meanings. */
export function inL2l(at: number | null): string {
  return at === null ? 'never' : siteTime(Math.floor(at / 1000) * 1000, ZONE);
}
