import type { Destination } from '../actions/kind.ts';
import { type ActionKind, kindOf } from '../actions/registry.ts';
import type { CallJournal } from '../core/call-journal.ts';
import type { CallPolicy, CallState } from '../core/delivery.ts';
import { type Backlog, estimateBacklog, sumOfBacklogs } from './backlog.ts';
import type { Breaker, Pause } from './breaker.ts';
import { type HeldUp, heldUp } from './held-up.ts';
import type { OpenCalls } from './open-calls.ts';
import type { CallCounts, OutcomeWriter } from './outcome-writer.ts';
import type { RefusedParts } from './refused-parts.ts';
import type { Scheduler } from './scheduler.ts';

/** The state of the calls to one destination. */
export type DestinationStatus = {
  readonly destination: Destination;
  /** Its name for people: `L2L`. */
  readonly name: string;
  readonly paused: Pause | null;
  /** Requests under way, and requests whose outcome is not durable yet. */
  readonly running: number;
  readonly open: Readonly<Partial<Record<CallState, number>>>;
  /** Actions that wait for the open of their episode, or for a person who decides about that open's dead letter. */
  readonly held: number;
  /** Calls that wait for a person who corrects a code, or gives the gateway's user a right. */
  readonly heldUp: readonly HeldUp[];
  readonly backlog: Backlog;
  /** When the oldest action in an open call happened (ms since 1970). */
  readonly oldestOpenAt: number | null;
  /** Counted since the start. */
  readonly counts: Readonly<CallCounts>;
};

type Parts = {
  readonly id: Destination;
  readonly name: string;
  readonly policy: (kind: ActionKind) => CallPolicy;
  readonly rate: number | null;
  readonly journal: CallJournal;
  readonly calls: OpenCalls;
  readonly breaker: Breaker;
  readonly scheduler: Scheduler;
  readonly refusedParts: RefusedParts;
  readonly outcomes: OutcomeWriter;
  readonly whereOf: (rule: string) => string | undefined;
};

export function destinationStatus(parts: Parts): DestinationStatus {
  const { id, journal, calls } = parts;
  const all = calls.all();
  const open: Partial<Record<CallState, number>> = {};
  for (const { call } of all) open[call.state] = (open[call.state] ?? 0) + 1;
  const times = all.flatMap(({ call }) => call.actions.map(({ at }) => at));
  return {
    destination: id,
    name: parts.name,
    paused: parts.breaker.pause,
    running: calls.running,
    open,
    held: parts.scheduler.held,
    heldUp: heldUp([...all, ...parts.refusedParts.waiting()], parts.whereOf),
    backlog: estimateBacklog({
      lanes: [...journal.waitingCounts()].filter(({ kind }) => kindOf(kind).destination === id),
      open: all.map(({ call }) => call),
      oldestWaitingAt: journal.oldestWaitingAt(id),
      policy: parts.policy,
      rate: parts.rate,
    }),
    oldestOpenAt: times.length === 0 ? null : times.reduce((a, b) => Math.min(a, b)),
    counts: { ...parts.outcomes.counts },
  };
}

/** `name`: the destination's name for people. `backlog`: the calls that wait for it. */
export type DestinationPause = Pause & {
  readonly destination: Destination;
  readonly name: string;
  readonly backlog: Backlog;
};

/** The sum over all destinations. */
export type StatusSum = Omit<DestinationStatus, 'destination' | 'name' | 'paused'> & {
  readonly paused: readonly DestinationPause[];
};

/** Pure. */
export function sumOfStatuses(statuses: readonly DestinationStatus[]): StatusSum {
  const sum = (of: (status: DestinationStatus) => number) => statuses.reduce((total, status) => total + of(status), 0);
  const times = statuses.flatMap(({ oldestOpenAt }) => oldestOpenAt ?? []);
  return {
    paused: statuses.flatMap(({ paused, destination, name, backlog }) =>
      paused ? { ...paused, destination, name, backlog } : [],
    ),
    running: sum(({ running }) => running),
    open: added(statuses.map(({ open }) => open)),
    held: sum(({ held }) => held),
    heldUp: statuses.flatMap(({ heldUp }) => heldUp),
    backlog: sumOfBacklogs(statuses.map(({ backlog }) => backlog)),
    oldestOpenAt: times.length === 0 ? null : Math.min(...times),
    counts: added(statuses.map(({ counts }) => counts)),
  };
}

function added<K extends string>(all: readonly Readonly<Partial<Record<K, number>>>[]): Record<K, number> {
  const total: Record<string, number> = {};
  for (const each of all)
    for (const [key, count] of Object.entries<number | undefined>(each)) total[key] = (total[key] ?? 0) + (count ?? 0);
  return total as Record<K, number>;
}
