/** The form in which L2L takes the trade of a new dispatch: as a code in `tradecode`, as a code in `trade`, or as an id in `trade`. */
export type TradeForm = 'tradecode' | 'trade_code' | 'trade_id';

/** The clock by which L2L gives the times of record sets: that of the site, or UTC. */
export type SetClock = 'site' | 'utc';

/** Facts that L2L's answers showed about a site, where L2L's reference is ambiguous. */
export type SiteFacts = {
  /** The form in which L2L last took a trade. */
  readonly tradeForm?: TradeForm;
  /** The ids of trades by their codes, as far as they were needed. */
  readonly tradeIds?: Readonly<Record<string, string>>;
  /** A close loses the completed time that is sent with it. */
  readonly closeLosesCompleted?: true;
  /** The user that L2L names as the creator of the gateway's dispatches, when that is not `l2l.user`. */
  readonly creator?: string;
  /** The clock of the times in pitchdetails. */
  readonly detailClock?: SetClock;
  /** L2L said that sets were done, and did not list them at their times by any clock. */
  readonly setsAreHidden?: boolean;
  /** The clock of the times in the states and errors of batches. */
  readonly batchClock?: SetClock;
};

/** The journal keeps the facts that the gateway found out about its site. They outlive a restart. A new site begins without facts. */
export interface SiteMemory {
  facts(): SiteFacts;
  /** Adds to the facts. `words`: an event for people; null: none. When a crash loses a fact, the gateway finds it out again. */
  learn(facts: SiteFacts, words: string | null): void;
  /** Keeps an event for people: L2L stored something that differs from the call. */
  differs(words: string): void;
}

/** A memory that ends with the process. */
export function shortMemory(): SiteMemory {
  let known: SiteFacts = {};
  return {
    facts: () => known,
    learn(facts) {
      known = { ...known, ...facts };
    },
    differs() {},
  };
}
