import type { Action } from '../../actions/action.ts';
import type { KeptValue, TakenMessage } from '../../core/commit.ts';
import type { DecisionRow } from '../../core/rule-decision.ts';
import type { Receipt } from '../../core/sample.ts';
import type { RuleEvent, StepResult } from '../program.ts';

/** The next group commit: all results of the engine since the last commit. Rule states are read only when it is made. */
export type PendingCommit = {
  readonly rules: Set<string>;
  /** Former rules whose state is deleted. */
  readonly forget: Set<string>;
  actions: Action[];
  events: RuleEvent[];
  /** Taken from the recorder when the commit is made. */
  decisions: readonly DecisionRow[];
  taken: TakenMessage[];
  /** Messages to acknowledge with this commit, in this order: new messages and duplicates of them. */
  receipts: Receipt[];
  readonly values: Map<string, KeptValue>;
  /** The sources that are away, or the number of their read messages, has changed. */
  away: boolean;
  /** The number of its batches. */
  batches: number;
};

/** Nothing to make durable yet. */
export function emptyCommit(): PendingCommit {
  return {
    rules: new Set(),
    forget: new Set(),
    actions: [],
    events: [],
    decisions: [],
    taken: [],
    receipts: [],
    values: new Map(),
    away: false,
    batches: 0,
  };
}

/** Whether anything has to be made durable. Decisions alone are no reason for a commit [R3]. */
export function hasContent(pending: PendingCommit): boolean {
  const { rules, forget, actions, taken, values, away } = pending;
  return away || rules.size + forget.size + actions.length + taken.length + values.size > 0;
}

/** Adds the results of a step of the engine. */
export function addResult(pending: PendingCommit, result: StepResult): void {
  for (const rule of result.changed) pending.rules.add(rule);
  for (const rule of result.moved) pending.rules.add(rule);
  for (const rule of result.forgotten) pending.forget.add(rule);
  for (const action of result.actions) pending.actions.push(action);
  for (const event of result.events) pending.events.push(event);
}

/** Puts a failed commit in front of later input, so that one later commit makes both durable. */
export function mergeCommits(failed: PendingCommit, since: PendingCommit): PendingCommit {
  return {
    rules: new Set([...failed.rules, ...since.rules]),
    forget: new Set([...failed.forget, ...since.forget]),
    actions: [...failed.actions, ...since.actions],
    events: [...failed.events, ...since.events],
    decisions: [...failed.decisions, ...since.decisions],
    taken: [...failed.taken, ...since.taken],
    receipts: [...failed.receipts, ...since.receipts],
    values: new Map([...failed.values, ...since.values]),
    away: failed.away || since.away,
    batches: failed.batches + since.batches,
  };
}
