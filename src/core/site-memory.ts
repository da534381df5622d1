/** How L2L takes the trade of a new dispatch: as a code in `tradecode`, as a code in `trade`, or as an id in `trade`. */
export type TradeForm = 'tradecode' | 'trade_code' | 'trade_id';

/** The clock by which L2L gives the times of record sets: that of the site, or UTC. */
export type SetClock = 'site' | 'utc';

/** What L2L's answers showed about a site where L2L's reference is ambiguous. */
export type SiteFacts = {
  /** The form in which L2L took a trade last. */
  readonly tradeForm?: TradeForm;
  /** Ids of trades by their codes, as far as they were needed. */
  readonly tradeIds?: Readonly<Record<string, string>>;
  /** A close does not keep the completed time that it is sent with. */
  readonly closeLosesCompleted?: true;
  /** The clock of the times in pitchdetails. */
  readonly detailClock?: SetClock;
  /** The clock of the times in the states and errors of batches. */
  readonly batchClock?: SetClock;
};

/** The journal keeps what the gateway found out about its site. It outlives a restart, and a new site begins without it. */
export interface SiteMemory {
  facts(): SiteFacts;
  /** Adds to the facts. `words`: an event for people; null: none. A fact that a crash loses is found out again. */
  learn(facts: SiteFacts, words: string | null): void;
  /** Keeps an event for people: L2L stored something else than what was sent. */
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
