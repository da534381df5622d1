import { isBlocked } from './call-check.ts';
import type { DeliveredEpisode } from './delivered-episodes.ts';
import type { StoredRow } from './stored-actions.ts';
import { type Sent, timesApplied } from './verdict-actions.ts';

/** How many episodes of each kind a run has. The counts show what a seed tested. */
export function outcomeCounts(
  delivered: readonly DeliveredEpisode[],
  actions: readonly StoredRow[],
  sent: Sent,
): string {
  const counts = new Map<string, number>();
  const count = (what: string, when: boolean) => when && counts.set(what, (counts.get(what) ?? 0) + 1);
  for (const { open, close, result, posts, isEarly, isTogether, isNotClosed } of delivered) {
    const bodies = posts.map(({ body }) => body);
    count('left', result?.foundOpen !== undefined);
    count('adopted', result?.adopted === true && !close?.params.closeAdopted);
    count('adopted_to_close', result?.adopted === true && close?.params.closeAdopted === true);
    const isShared = result?.dispatchId !== undefined && result.nothing !== undefined;
    count('shared', isShared && result.foundOpen === undefined && !result.adopted);
    count('no_call', result !== null && result.dispatchId === undefined);
    count('parked_open', open.state === 'parked');
    count('not_closed', isNotClosed);
    count('held', close?.detail?.startsWith('held by') === true);
    count('reopened', isEarly);
    count('too_old', open.detail?.startsWith('too old') === true);
    count('missed', open.state === 'nothing');
    count('finished', isTogether && posts.length > 0);
    count(
      'blocked',
      posts.some(({ refusal }) => isBlocked(refusal)),
    );
    count(
      'guarded',
      bodies.some(body => body.includes('prevent_duplicates')),
    );
    for (const how of ['note', 'leave', 'complete'] as const) count(how, close?.params.how === how && !isEarly);
  }
  for (const action of actions.filter(({ kind }) => kind === 'increment_cycles')) {
    count('increment_too_old', action.detail?.startsWith('too old') === true);
    count(action.state, action.state === 'parked' || action.state === 'dropped');
    count('doubled', timesApplied(action, sent) > 1);
  }
  return [...counts].map(([what, n]) => (n === 1 ? what : `${what}*${n}`)).join(' ');
}
