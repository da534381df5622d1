/** The parts of L2L's answer that later calls need. JSON-safe. */
export type CallResult = {
  readonly dispatchId?: number;
  readonly dispatchNumber?: number;
  /** Number of a person's open dispatch that the episode uses; `dispatchId` is its id. The gateway never closes it. */
  readonly foundOpen?: number;
  /** The dispatch was a person's and is the episode's now. */
  readonly adopted?: boolean;
  /** When the dispatch was reported (ms since 1970): in the repeated hour its close may not look earlier. */
  readonly reported?: number;
  /** The machine's cycle count after the call. */
  readonly cycleCount?: number;
  /** L2L's count when the rule first saw its counter: later set_cycles calls of the chain add the movement to it. */
  readonly cycleAnchor?: number;
  readonly batchId?: string;
  /** Ids of all dispatches that one call closed. */
  readonly closed?: readonly number[];
  /** Those of them that no gateway opened. */
  readonly closedOfPeople?: readonly number[];
  /** Why nothing had to be sent. */
  readonly nothing?: string;
};
