import type { CauseValue } from '../actions/action.ts';

/** The decisions of rules that have no action of their own. */
export const DECISION_KINDS = [
  'pending', // the condition became true, its delay runs
  'returned', // the condition was false again before the delay ended
  'blocked', // `when` holds, and so does `unless` or `until`
  'condition_false', // nothing blocks any more, and the condition is false
  'unknown', // a signal that decides is unknown: nothing opens, nothing closes
  'known', // the signal is known again, or for the first time since the start
  'clearing', // the end of an open dispatch became true, its delay runs
  'kept_open', // the end was false again before the delay ended
  'catching_up', // a running delay waits until the kept messages of a broker are read
  'caught_up',
  'stood_still', // the process stood still while a delay ran
  'closed_early', // a person closed the dispatch; the episode is over
  'first_sight', // a counter is seen for the first time
  'rollover',
  'counter_reset',
  'quarantined', // a counter moved more than its max_rate allows
  'wrong_reading', // the next reading of a counter contradicts this one
  'not_counted', // a counter shows a value that can't be counted
  'interval_parked', // an interval without a product
  'product_uncertain', // another product ran after a blind time than before it
  'removed', // the rule is not in the config any more; the text says what became of its state
] as const;

export type DecisionKind = (typeof DECISION_KINDS)[number];

/** One decision of a rule, or several of the same kind that came soon after each other. Times in ms since 1970. */
export type RuleDecision = {
  readonly rule: string;
  readonly at: number;
  readonly kind: DecisionKind;
  /** One plain sentence with the values behind the decision. For several decisions: of the longest one, else of the newest. */
  readonly text: string;
  /** The values of the signals behind the decision. */
  readonly values: readonly CauseValue[];
  /** How many decisions this entry counts. */
  readonly count: number;
  /** The time of the last of several decisions; null: there is one. */
  readonly until: number | null;
};

/** `row`: the number of an entry that is written again when its count rises, unique for its rule, time and kind; null: written once. */
export type DecisionRow = RuleDecision & { readonly row: number | null };

export type DecisionQuery = {
  /** Left out: every rule. */
  readonly rule?: string;
  /** Both inclusive. */
  readonly since?: number;
  readonly until?: number;
  /** Needs a rule. */
  readonly newestFirst?: boolean;
  /** `next` of the previous page. */
  readonly after?: DecisionPlace;
  /** The most entries on the page. */
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
  /** When the previous process was last alive; null: this is the first start. */
  readonly lastAliveAt: number | null;
};

/** When the gateway ran. */
export type GatewayRuns = {
  /** Starts from `since` to `until`, oldest first, and the last one before. */
  readonly starts: readonly GatewayStart[];
  /** When the gateway was last alive, if it does not run now; null: it runs. */
  readonly stoppedAt: number | null;
};
