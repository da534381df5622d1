import type { CauseValue } from '../actions/action.ts';

/** What a rule can have decided without an action of its own. */
export const DECISION_KINDS = [
  'pending', // the condition became true, its delay runs
  'returned', // it was false again before the delay ended
  'blocked', // `when` holds, and so does `unless` or `until`
  'condition_false', // nothing blocks any more, and the condition is false
  'unknown', // a signal that decides is unknown: nothing opens, nothing closes
  'known', // it is known again, or for the first time since the start
  'clearing', // the end of an open dispatch became true, its delay runs
  'kept_open', // it was false again before the delay ended
  'catching_up', // a running delay waits until what a broker kept is read
  'caught_up',
  'stood_still', // the process stood still while a delay ran
  'closed_early', // a person closed the dispatch; the episode is over
  'first_sight', // a counter is seen for the first time
  'rollover',
  'counter_reset',
  'quarantined', // a counter moved more than its max_rate allows
  'wrong_reading', // a counter showed something for a moment that the next reading contradicts
  'not_counted', // a counter shows what can't be counted with
  'interval_parked', // an interval without a product
  'product_uncertain', // another product ran after a blind time than before it
  'removed', // not configured any more: what became of the rest
] as const;

export type DecisionKind = (typeof DECISION_KINDS)[number];

/** One decision of a rule, or several of the same kind that came soon after each other. Times in ms since 1970. */
export type RuleDecision = {
  readonly rule: string;
  readonly at: number;
  readonly kind: DecisionKind;
  /** One plain sentence with the values that decided. Of several: the longest one's, else the newest one's. */
  readonly text: string;
  /** What the signals that decided showed. */
  readonly values: readonly CauseValue[];
  /** How many it stands for. */
  readonly count: number;
  /** When the last of several was; null: it is one. */
  readonly until: number | null;
};

/** `row` numbers one that counts and is written again with a higher count, unique with its rule, time and kind; null: written once. */
export type DecisionRow = RuleDecision & { readonly row: number | null };

export type DecisionQuery = {
  /** Left out: every rule. */
  readonly rule?: string;
  /** Both inclusive. */
  readonly since?: number;
  readonly until?: number;
  /** Needs a rule. */
  readonly newestFirst?: boolean;
  /** `next` of the page before. */
  readonly after?: DecisionPlace;
  /** Entries at most. */
  readonly limit: number;
};

/** Where a page ended. */
export type DecisionPlace = { readonly at: number; readonly id: number };

export type DecisionPage = {
  readonly entries: readonly RuleDecision[];
  readonly next: DecisionPlace | null;
};

/** One start of the gateway. */
export type GatewayStart = {
  readonly startedAt: number;
  /** When the process before it was last seen alive; null: it was the first. */
  readonly lastAliveAt: number | null;
};

/** When the gateway ran. */
export type GatewayRuns = {
  /** Starts from `since` to `until`, oldest first, and the last one before. */
  readonly starts: readonly GatewayStart[];
  /** When a gateway that does not run now was last alive; null: it runs. */
  readonly stoppedAt: number | null;
};
