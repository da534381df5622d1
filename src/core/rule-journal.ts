import type { Absence, KeptValue, RuleCommit, TakenMessage } from './commit.ts';

/** The part of the journal that the rules use. src/journal implements it. */
export interface RuleJournal {
  /** The state of each rule as JSON text. */
  ruleStates(): ReadonlyMap<string, string>;
  keptValues(): readonly KeptValue[];
  /** The sources that were away or catching up at the last commit. */
  away(): readonly Absence[];
  /** Last time the gateway was alive and committed (ms since 1970); null in a new journal. */
  readonly lastAlive: number | null;
  wasTaken(message: TakenMessage): boolean;
  /** The broker kept no session, so its packet ids start again. */
  forgetTaken(source: string): void;
  /** Joins the next group commit. Rejects when that can't be made durable: then no message is acknowledged. */
  commit(commit: RuleCommit): Promise<void>;
}
