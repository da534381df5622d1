import type { Absence, KeptValue, RuleCommit, TakenMessage } from './commit.ts';

/** What the rules need of the journal; src/journal implements it. */
export interface RuleJournal {
  /** State rows as JSON text by rule. */
  ruleStates(): ReadonlyMap<string, string>;
  keptValues(): readonly KeptValue[];
  /** The sources that were away or catching up at the last commit. */
  away(): readonly Absence[];
  /** Last time the gateway was alive and committed (ms since 1970); null in a new journal. */
  readonly lastAlive: number | null;
  wasTaken(message: TakenMessage): boolean;
  /** The broker kept no session: its packet ids start anew. */
  forgetTaken(source: string): void;
  /** Joins the next group commit. Rejects when it can't be made durable: then nothing is acknowledged. */
  commit(commit: RuleCommit): Promise<void>;
}
