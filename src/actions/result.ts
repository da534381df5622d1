/** The parts of L2L's answer that later calls need. JSON-safe. */
export type CallResult = {
  readonly dispatchId?: number;
  readonly dispatchNumber?: number;
  /** Number of a person's open dispatch that the episode uses; `dispatchId` is its id. The gateway never closes it. */
  readonly foundOpen?: number;
  /** The dispatch belonged to a person, and belongs to the episode now. */
  readonly adopted?: boolean;
  /** When the dispatch was reported (ms since 1970). In the repeated hour, its close may not have an earlier text. */
  readonly reported?: number;
  /** The machine's cycle count after the call. */
  readonly cycleCount?: number;
  /** L2L's count when the rule first saw its counter: later set_cycles calls of the chain add the movement to it. */
  readonly cycleAnchor?: number;
  readonly batchId?: string;
  /** Ids of all dispatches that one call closed. */
  readonly closed?: readonly number[];
  /** Those among them that no gateway opened. */
  readonly closedOfPeople?: readonly number[];
  /** Why there was nothing to send. */
  readonly nothing?: string;
};
