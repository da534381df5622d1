import type { CauseValue } from '../actions/action.ts';

/** The decisions of rules that make no action. */
export const DECISION_KINDS = [
  'pending', // the condition became true, its delay runs
  'returned', // the condition was false again before the delay ended
  'blocked', // `when` holds, and so does `unless` or `until`
  'condition_false', // nothing blocks it any more, and the condition is false
  'unknown', // a signal of the condition is unknown: nothing opens, nothing closes
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
  'removed', // the rule is not in the config any more; the text says what happened to its state
] as const;

export type DecisionKind = (typeof DECISION_KINDS)[number];

/** One decision of a rule, or several of the same kind in quick succession. Times in ms since 1970. */
export type RuleDecision = {
  readonly rule: string;
  readonly at: number;
  readonly kind: DecisionKind;
  /**
   * One plain sentence with the values behind the decision. For several decisions: the sentence of the longest one, otherwise of the
   * newest.
   */
  readonly text: string;
  /** The values of the signals on which the decision is based. */
  readonly values: readonly CauseValue[];
  /** How many decisions this entry counts. */
  readonly count: number;
  /** The time of the last of several decisions; null: there is one. */
  readonly until: number | null;
};

/**
 * `row`: the number of the entry, unique for its rule, time and kind. With this number the entry is written again when its count rises.
 * null: it is written once.
 */
export type DecisionRow = RuleDecision & { readonly row: number | null };

export type DecisionQuery = {
  /** The name of a rule. Left out: every rule. */
  readonly rule?: string;
  /** Both inclusive. */
  readonly since?: number;
  readonly until?: number;
  /** Only together with a rule. */
  readonly newestFirst?: boolean;
  /** `next` of the previous page. */
  readonly after?: DecisionPlace;
  /** The most entries on the page. */
  readonly limit: number;
};

/** The place where a page ended. */
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

/** The times at which the gateway ran. */
export type GatewayRuns = {
  /** The starts from `since` to `until`, oldest first, and the last start before. */
  readonly starts: readonly GatewayStart[];
  /** When the gateway was last alive, if it does not run now; null: it runs. */
  readonly stoppedAt: number | null;
};
