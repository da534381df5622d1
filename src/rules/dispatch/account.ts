/** Where a rule stands between its actions. */
export type Situation = 'idle' | 'pending' | 'blocked' | 'unknown' | 'active' | 'clearing';

/** What was recorded last, so that each change is recorded once. */
export type Account = {
  /** Null: not known since the start. */
  was: Situation | null;
  /** The parts that held the rule back, as they are written. */
  blockedBy: string;
  unknownFrom: number;
  /** Why each signal is unknown, by name. */
  unknownBecause: ReadonlyMap<string, string>;
  /** The step in which a decision about the delay said what the look came to. */
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
