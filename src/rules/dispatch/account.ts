/** The state of a rule between its actions, as it was recorded last. */
export type Situation = 'idle' | 'pending' | 'blocked' | 'unknown' | 'active' | 'clearing';

/** The last recorded facts, so that each change is recorded once. */
export type Account = {
  /** Null: unknown since the start. */
  was: Situation | null;
  /** The parts that held the rule back, as they are written. */
  blockedBy: string;
  unknownFrom: number;
  /** Why each signal is unknown, by name. */
  unknownBecause: ReadonlyMap<string, string>;
  /** The step in which a decision about the delay already gave the result of the evaluation. */
  recordedIn: number;
};

/** Nothing is recorded yet. */
export function newAccount(): Account {
  return { was: null, blockedBy: '', unknownFrom: 0, unknownBecause: new Map(), recordedIn: -1 };
}

/** After a start nothing is known. */
export function forgetAccount(account: Account): void {
  account.was = null;
  account.blockedBy = '';
}
