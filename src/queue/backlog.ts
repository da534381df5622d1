import type { ActionKind } from '../actions/action.ts';
import type { LaneCount } from '../core/call-journal.ts';
import type { Call, CallPolicy } from '../core/delivery.ts';
import { formatDuration } from '../core/fields.ts';

/** What is still to be sent to L2L, and how long that takes. */
export type Backlog = {
  /** Calls, not actions: what goes into one call is counted as one. */
  readonly calls: number;
  /** From when L2L answers, at the rate it allows (ms), when nothing new comes; null: there is no rate to reckon with. */
  readonly ms: number | null;
  /** When the oldest of it happened (ms since 1970); null: nothing waits. */
  readonly oldestAt: number | null;
};

export type BacklogInput = {
  readonly lanes: Iterable<LaneCount>;
  /** Calls under way; the followed-up ones have been sent. */
  readonly open: Iterable<Call>;
  readonly oldestWaitingAt: number | null;
  readonly policy: (kind: ActionKind) => CallPolicy;
  /** Requests per millisecond; null: no limit. */
  readonly rate: number | null;
};

/** Pure, and cheap: a step for each lane, none for each action. */
export function estimateBacklog({ lanes, open, oldestWaitingAt, policy, rate }: BacklogInput): Backlog {
  let calls = 0;
  let requests = 0;
  let oldestAt = oldestWaitingAt ?? Number.POSITIVE_INFINITY;
  const count = (kind: ActionKind, more: number) => {
    calls += more;
    requests += more * (policy(kind).requests ?? 1);
  };
  const shared = new Map<ActionKind, number>();
  for (const { kind, waiting } of lanes) {
    const { acrossLanes, maxActions } = policy(kind);
    if (acrossLanes) shared.set(kind, (shared.get(kind) ?? 0) + waiting);
    else count(kind, Math.ceil(waiting / maxActions));
  }
  for (const [kind, waiting] of shared) count(kind, Math.ceil(waiting / policy(kind).maxActions));
  for (const { kind, state, actions } of open) {
    if (state === 'accepted') continue;
    count(kind, 1);
    for (const { at } of actions) oldestAt = Math.min(oldestAt, at);
  }
  return {
    calls,
    ms: rate === null ? null : requests / rate,
    oldestAt: Number.isFinite(oldestAt) ? oldestAt : null,
  };
}

/** `38 calls wait, about 2m`; with `isAway` the time begins when L2L answers again. Pure. */
export function backlogWords({ calls, ms }: Backlog, isAway: boolean): string {
  const wait = calls === 1 ? '1 call waits' : `${calls} calls wait`;
  if (calls === 0 || ms === null) return wait;
  return `${wait}, about ${roughly(ms)}${isAway ? ' once L2L answers' : ''}`;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Seconds below a minute, minutes below ten hours, then hours: nobody can know it better. */
function roughly(ms: number): string {
  const unit = ms < MINUTE ? 1000 : ms < 10 * HOUR ? MINUTE : HOUR;
  return formatDuration(Math.max(1, Math.ceil(ms / unit)) * unit);
}
