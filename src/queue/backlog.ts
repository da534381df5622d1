import type { ActionKind } from '../actions/action.ts';
import type { LaneCount } from '../core/call-journal.ts';
import type { Call, CallPolicy } from '../core/delivery.ts';
import { formatDuration } from '../core/fields.ts';

/** The calls that are still to be sent, and how long that takes. */
export type Backlog = {
  /** Counts calls, not actions: all actions of a call count as one. */
  readonly calls: number;
  /** How long the calls take at the allowed rate, from the next answer on, when nothing new comes (ms); null: no rate is known. */
  readonly ms: number | null;
  /** When the oldest of its actions happened (ms since 1970); null: nothing waits. */
  readonly oldestAt: number | null;
};

/** Each destination has its own rate, so the whole backlog takes as long as the longest one. */
export function sumOfBacklogs(all: readonly Backlog[]): Backlog {
  const longest = (a: number | null, b: number | null) => (a === null || b === null ? null : Math.max(a, b));
  const [first, ...others] = all;
  if (!first) return { calls: 0, ms: 0, oldestAt: null };
  return others.reduce(
    (sum, { calls, ms, oldestAt }) => ({
      calls: sum.calls + calls,
      ms: longest(sum.ms, ms),
      oldestAt:
        sum.oldestAt === null || oldestAt === null ? (sum.oldestAt ?? oldestAt) : Math.min(sum.oldestAt, oldestAt),
    }),
    first,
  );
}

export type BacklogInput = {
  readonly lanes: Iterable<LaneCount>;
  /** The calls under way. Followed-up calls are not included: they were sent. */
  readonly open: Iterable<Call>;
  readonly oldestWaitingAt: number | null;
  readonly policy: (kind: ActionKind) => CallPolicy;
  /** Requests per millisecond; null: no limit. */
  readonly rate: number | null;
};

/** Pure and cheap: its cost grows with the lanes, not with the actions. */
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

/** `38 calls wait, about 2m`. While a destination (`away`) does not answer, the time counts from its next answer. Pure. */
export function backlogWords({ calls, ms }: Backlog, away: string | null): string {
  const wait = calls === 1 ? '1 call waits' : `${calls} calls wait`;
  if (calls === 0 || ms === null) return wait;
  return `${wait}, about ${roughly(ms)}${away === null ? '' : ` once ${away} answers`}`;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Seconds below a minute, minutes below ten hours, then hours, because the time is an estimate. */
function roughly(ms: number): string {
  const unit = ms < MINUTE ? 1000 : ms < 10 * HOUR ? MINUTE : HOUR;
  return formatDuration(Math.max(1, Math.ceil(ms / unit)) * unit);
}
